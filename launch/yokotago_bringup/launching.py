# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The graph as launch_ros actions: what the launch files are made of.

launch and launch_ros come with the ROS distribution, so only the launch files import this module.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from launch.actions import DeclareLaunchArgument, ExecuteProcess, LogInfo, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity

from .console import demo_store_file, share_file
from .graph import GraphOptions, NodeSpec, dds_environment
from .ports import free_port
from .supervisor import ProcessSpec

RESPAWN_DELAY_S = 1.0

COMMON_ARGUMENTS = {
    "store": (str(demo_store_file()), "the store's description, store.yaml"),
    "data": ("", "folder of the databases (fusion's journal, the bridge's outbox); empty: a new temporary one"),
    "live_host": ("127.0.0.1", "address that the live page listens on; 0.0.0.0 shows it to the network"),
    "live_port": ("8080", "port of the live page; another is taken when it is not free"),
    "rviz": ("false", "open rviz with the store's view: true or false"),
}

Arguments = dict[str, tuple[str, str]]


def describe(
    arguments: Arguments, make: Callable[[dict[str, str]], list[LaunchDescriptionEntity]]
) -> LaunchDescription:
    """A launch description with these arguments (name: default, meaning); `make` gets their values."""

    def actions(context: LaunchContext) -> list[LaunchDescriptionEntity]:
        return make({name: LaunchConfiguration(name).perform(context) for name in arguments})

    declared = [
        DeclareLaunchArgument(name, default_value=default, description=meaning)
        for name, (default, meaning) in arguments.items()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=actions)])


def graph_options(
    values: dict[str, str],
    *,
    cloud_url: str = "",
    token: str = "",
    simulated_time: bool = False,
    gate_port: int = 0,
    **more: Any,
) -> GraphOptions:
    """What the values of the common arguments ask for; more: fields of GraphOptions as they are."""
    data = Path(values["data"]) if values["data"] else Path(tempfile.mkdtemp(prefix="yokotago-"))
    data.mkdir(parents=True, exist_ok=True)
    host = values["live_host"]
    return GraphOptions(
        store_file=Path(values["store"]).resolve(),
        data=data,
        cloud_url=cloud_url,
        token=token,
        live_host=host,
        live_port=free_port(int(values["live_port"]), host),
        simulated_time=simulated_time,
        gate_port=gate_port,
        **more,
    )


def new_token() -> str:
    """A token for a cloud that lives as long as the launch."""
    return secrets.token_urlsafe(24)


def node(spec: NodeSpec) -> Node:
    """One node of the graph."""
    program, *arguments = spec.command
    parameters = {k: ParameterValue(v, value_type=type(v)) for k, v in spec.parameters.items()}
    return Node(
        executable=program,
        arguments=arguments,
        name=spec.name,
        exec_name=spec.name,
        parameters=[parameters],
        additional_env={**dds_environment(), **spec.environment},
        output="screen",
        respawn=spec.respawn,
        respawn_delay=RESPAWN_DELAY_S,
        on_exit=Shutdown(reason=f"{spec.name} has ended") if spec.required else None,
    )


def process(spec: ProcessSpec) -> ExecuteProcess:
    """A process that is no ROS node."""
    return ExecuteProcess(
        cmd=list(spec.command),
        name=spec.name,
        additional_env=dict(spec.environment),
        output="screen",
        respawn=spec.respawn,
        respawn_delay=RESPAWN_DELAY_S,
    )


def views(values: dict[str, str], options: GraphOptions) -> list[LaunchDescriptionEntity]:
    """The address of the live page, and rviz when it is asked for."""
    page: list[LaunchDescriptionEntity] = [LogInfo(msg=f"live page: http://{options.live_host}:{options.live_port}/")]
    if values["rviz"].lower() in ("true", "1", "yes"):
        display = ["-d", str(share_file("rviz/store.rviz"))]
        page.append(Node(package="rviz2", executable="rviz2", name="rviz", arguments=display, output="screen"))
    return page
