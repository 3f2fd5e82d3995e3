# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the lines that a code scanner types: a keyboard of its own (evdev), a serial line, or standard input.

A scanner that is unplugged is waited for.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import sys
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

STDIN = "stdin"
_LONGEST_LINE = 4096
_RETRY_S = 1.0

# linux/input.h: struct input_event, EV_KEY, EVIOCGRAB, and the codes of the keys by their place on the keyboard.
_EVENT = struct.Struct("llHHi")
_EV_KEY = 1
_PRESSED = 1
_EVIOCGRAB = 0x40044590
_ROWS = {2: "1234567890", 16: "QWERTYUIOP", 30: "ASDFGHJKL", 44: "ZXCVBNM"}
_KEYS = {first + i: key for first, row in _ROWS.items() for i, key in enumerate(row)} | {28: "\n", 96: "\n"}


def typed(events: bytes) -> str:
    """The characters of the keys that were pressed; `events` are whole input_events."""
    found = (_EVENT.unpack_from(events, i) for i in range(0, len(events) - _EVENT.size + 1, _EVENT.size))
    return "".join(_KEYS.get(code, "") for _, _, kind, code, value in found if (kind, value) == (_EV_KEY, _PRESSED))


class Scanner:
    """Gives every line of the device to `line`, in a thread of its own.

    device: `stdin`, a file below /dev/input for a scanner that is a keyboard (it is then taken away from
    the console), else a serial line. `reads`: the device is open; `trouble` says why not, empty at the start.
    """

    def __init__(self, device: str, line: Callable[[str], None]) -> None:
        self.reads = False
        self.trouble = ""
        self._device = device
        self._line = line
        self._keyboard = Path(device).parent == Path("/dev/input") or "/dev/input/" in device
        self._stop = threading.Event()
        self._wake, self._woken = os.pipe()
        self._thread = threading.Thread(target=self._work, name="scanner", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        os.write(self._woken, b".")
        self._thread.join(2.0)
        if not self._thread.is_alive():
            os.close(self._wake)
            os.close(self._woken)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                for text in self._lines():
                    self._line(text)
                self.trouble = f"scanner {self._device}: it has ended"
            except OSError as error:
                self.trouble = f"scanner {self._device}: {error.strerror}"
            if self._device == STDIN:
                return
            self._stop.wait(_RETRY_S)

    def _lines(self) -> Iterator[str]:
        # Without O_NONBLOCK a serial line would wait for its carrier.
        how = os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK
        device = sys.stdin.fileno() if self._device == STDIN else os.open(self._device, how)
        try:
            if self._keyboard:
                fcntl.ioctl(device, _EVIOCGRAB, 1)
            elif self._device != STDIN and os.isatty(device):
                tty.setraw(device)
            self.reads, self.trouble = True, ""
            kept = ""
            while chunk := self._chunk(device):
                text = typed(chunk) if self._keyboard else chunk.decode("ascii", "replace")
                *lines, kept = (kept + text).replace("\r", "\n").split("\n")
                kept = kept[-_LONGEST_LINE:]
                yield from (line for line in lines if line)
        finally:
            self.reads = False
            if self._device != STDIN:
                with suppress(OSError):
                    os.close(device)

    def _chunk(self, device: int) -> bytes:
        """What came, as soon as something comes; nothing when the device or the reading has ended."""
        ready, _, _ = select.select([device, self._wake], [], [])
        return b"" if self._wake in ready else os.read(device, 4096)
