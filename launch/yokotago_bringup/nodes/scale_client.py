# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Commands to one scale's board, from a program that is no node itself."""

from __future__ import annotations

import re
import time
from types import TracebackType
from typing import Self

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from yokotago_msgs.srv import ScaleCommand

from ..console import CommandError

FOUND_S = 10.0
ANSWER_S = 10.0

WORDS = {
    ScaleCommand.Response.REFUSED_UNSTABLE: "the scale does not stand still: keep hands, feet and carts away from it",
    ScaleCommand.Response.REFUSED_FAULT: "the scale has no usable samples: look at its cell and its wiring",
    ScaleCommand.Response.REFUSED_MASS: "the mass must be between 50 g and 200 kg",
    ScaleCommand.Response.REFUSED_NO_TARE: "the scale was never empty: set zero first (--tare)",
    ScaleCommand.Response.REFUSED_SMALL_SPAN: "the mass hardly moves the scale: is it on it, is the cell wired right?",
    ScaleCommand.Response.NOT_KEPT: "the board could not keep it: it is lost at its next start; replace the board",
    ScaleCommand.Response.UNKNOWN_COMMAND: "the board does not know this command: its firmware is older",
}


class ScaleClient:
    """A context manager. Its methods raise CommandError with a sentence when the board does not do what it should."""

    def __init__(self, scale_id: str, *, pause_s: float = 1.0) -> None:
        """pause_s: how long to wait for a scale that still moves."""
        self._scale_id = scale_id
        self._pause_s = pause_s
        self._context = Context()

    def __enter__(self) -> Self:
        self._context.init()
        self._node = Node("yokotago_calibrate", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        name = re.sub(r"[^0-9A-Za-z]", "_", self._scale_id)
        self._client = self._node.create_client(ScaleCommand, f"/shelves/scale_{name}/command")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def tare(self, tries: int = 1) -> None:
        """The empty scale is zero from now on."""
        self._send(ScaleCommand.Request(command=ScaleCommand.Request.TARE), tries)

    def calibrate(self, grams: float, cell_id: str, tries: int = 1) -> float:
        """A known mass is on the scale; what it shows afterwards [g]."""
        request = ScaleCommand.Request(command=ScaleCommand.Request.CALIBRATE, grams=grams, cell_id=cell_id)
        return self._send(request, tries)

    def identify(self) -> None:
        """Let the board blink."""
        self._send(ScaleCommand.Request(command=ScaleCommand.Request.IDENTIFY), 1)

    def _send(self, request: ScaleCommand.Request, tries: int) -> float:
        if not self._client.wait_for_service(FOUND_S):
            raise CommandError(f"scale {self._scale_id} is not there: is it powered, and does the agent run?")
        for attempt in range(tries):
            asked = self._client.call_async(request)
            self._executor.spin_until_future_complete(asked, ANSWER_S)
            answer = asked.result()
            if answer is None:
                raise CommandError(f"scale {self._scale_id} does not answer")
            if answer.result == ScaleCommand.Response.DONE:
                return float(answer.grams)
            if answer.result != ScaleCommand.Response.REFUSED_UNSTABLE or attempt == tries - 1:
                break
            time.sleep(self._pause_s)
        raise CommandError(WORDS.get(answer.result, f"the board answers {answer.result}"))
