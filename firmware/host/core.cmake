# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
#
# The pure core of the firmware: what is the same on every machine and needs nothing but a C11 compiler.

get_filename_component(FIRMWARE "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(CORE_SOURCES
  ${FIRMWARE}/components/hx711/hx711.c
  ${FIRMWARE}/components/scale/calibration.c
  ${FIRMWARE}/components/scale/filter.c
  ${FIRMWARE}/components/scale/sample.c
  ${FIRMWARE}/components/scale/sampler.c
  ${FIRMWARE}/components/scale/scale.c
  ${FIRMWARE}/components/scale/stillness.c
  ${FIRMWARE}/components/scale_store/scale_store.c
  ${FIRMWARE}/components/uros_link/burst_ring.c
  ${FIRMWARE}/components/uros_link/stamp.c
  ${FIRMWARE}/components/uros_link/uros_link.c
  ${FIRMWARE}/components/application/application.c)
foreach(component IN ITEMS hx711 scale scale_store uros_link application)
  list(APPEND CORE_INCLUDES ${FIRMWARE}/components/${component}/include)
endforeach()
set(STRICT -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Werror)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)

add_library(scale_core STATIC ${CORE_SOURCES})
target_include_directories(scale_core PUBLIC ${CORE_INCLUDES})
target_compile_options(scale_core PRIVATE ${STRICT})
