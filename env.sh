# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
#
# The environment of the workspace: `source env.sh` in bash, from any directory, after `make build`.
# What is set already (a domain, a discovery range, another profile) stays as it is.

_root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ ! -x "$_root/.venv/bin/python" ]; then
    echo "env.sh: the workspace is not built yet; run: make -C $_root build" >&2
    unset _root
    return 1
fi

# The scripts sourced below use variables that may be unset.
case $- in *u*) _strict=1; set +u ;; *) _strict= ;; esac

# The Python of the workspace, and ROS 2, which lives in it as wheels.
source "$_root/.venv/bin/activate"
export AMENT_PREFIX_PATH="$VIRTUAL_ENV" CMAKE_PREFIX_PATH="$VIRTUAL_ENV"
# The wheels' libraries. Without these two lines the wheels' start-up hook finds them by starting every Python twice.
_libraries=$(printf '%s:' "$VIRTUAL_ENV"/lib "$VIRTUAL_ENV"/lib/python3.*/site-packages/ros_*.libs)
case ":${LD_LIBRARY_PATH:-}" in
    *":$VIRTUAL_ENV/lib:"*) ;;
    *) export LD_LIBRARY_PATH="$_libraries${LD_LIBRARY_PATH:-}" ;;
esac
export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1

# The packages of this workspace on top.
if [ -f "$_root/install/local_setup.bash" ]; then source "$_root/install/local_setup.bash"; fi

# The cloud is a plain Python project beside the workspace.
case ":${PYTHONPATH:-}:" in
    *":$_root/cloud:"*) ;;
    *) export PYTHONPATH="$_root/cloud${PYTHONPATH:+:$PYTHONPATH}" ;;
esac

# Fast DDS with shared memory that is large enough for point clouds; nothing leaves this machine unless asked for.
# Each process allocates 64 MB of it at once. Where that does not fit (a container has 64 MB in all), Fast DDS's default
# is better than the profile, which would fall back to UDP: enough for depth images, but large clouds may be dropped.
_shared_mb=$(df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
if [ "${_shared_mb:-0}" -ge 1500 ]; then
    export FASTRTPS_DEFAULT_PROFILES_FILE="${FASTRTPS_DEFAULT_PROFILES_FILE:-$_root/launch/config/fastdds.xml}"
else
    echo "env.sh: /dev/shm has ${_shared_mb:-0} MB free; 1500 MB are needed to carry large point clouds (docker run --shm-size=2g)" >&2
fi
export RMW_IMPLEMENTATION="${RMW_IMPLEMENTATION:-rmw_fastrtps_cpp}"
export ROS_AUTOMATIC_DISCOVERY_RANGE="${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}"

if [ "$_strict" ]; then set -u; fi
unset _root _libraries _strict _shared_mb
