# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The node that decides who took what: tracks, reaches, weight changes and check-ins in; baskets and receipts out."""

from __future__ import annotations

from collections.abc import Iterable

from yokotago_model.events import StreamProgress
from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, run

from ..fusion import Fusion, Output
from ..journal import Journal
from ..parameters import FusionParameters
from ..watermarks import Fact

_INPUTS = (
    "/tracks",
    "/zone_crossings",
    "/hand_reaches",
    "/weight_changes",
    "/check_ins",
    "/catalogue",
    "/progress",
)


_AGAIN_S = 3600.0
"""After a start the receipts of this time are published again."""


class FusionNode(StoreNode):
    """Journals what comes in, feeds the stage, publishes what it gives.

    Parameter `journal`: path of the SQLite file that lets the node go on after a crash; empty: none.
    """

    def __init__(self) -> None:
        super().__init__("fusion")
        path = str(self.declare_parameter("journal", "").value)
        self._fusion = Fusion(self.store, declare(self, FusionParameters))
        for topic in ("/baskets", "/receipts", "/alerts", "/decisions"):
            self.advertise(topic)
        self._journal = Journal(path) if path else None
        if self._journal is not None:
            # Whoever was not listening when they went out (a page that is opened anew) gets them now; ids tell doubles.
            for receipt in self._journal.receipts(_AGAIN_S):
                self.publish(receipt)
            self._fusion, missed = self._journal.recover(self._fusion)
            self._send(missed)
        for topic in _INPUTS:
            self.listen(topic, self._take)

    def _take(self, event: Fact | StreamProgress) -> None:
        if self._journal is not None:
            self._journal.take(event)
        self._send(self._fusion.feed(event))
        if self._journal is not None:
            self._journal.maybe_snapshot(self._fusion)

    def _send(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            self.publish(output)
            if self._journal is not None:
                self._journal.sent(output)


def main() -> None:
    """Entry point."""
    run(FusionNode)


if __name__ == "__main__":
    main()
