# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
#
# A bare 32-bit RISC-V core with the instructions of an ESP32-C3, on QEMU's virt board; output and exit status by
# semihosting. With _zicsr in -march the 64-bit library would be taken.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "--specs=picolibc.specs -march=rv32imac -mabi=ilp32 -Os -ffunction-sections")
set(CMAKE_EXE_LINKER_FLAGS_INIT "--crt0=hosted --oslib=semihost -Wl,--gc-sections -Wl,--defsym=__flash=0x80000000 \
-Wl,--defsym=__flash_size=0x00200000 -Wl,--defsym=__ram=0x80200000 -Wl,--defsym=__ram_size=0x200000")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-system-riscv32 -M virt -bios none -nographic -icount shift=0
  -semihosting-config enable=on,target=native -kernel)
