# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The node of weight changes: /shelves/weights in; /weight_changes, /progress and /alerts out."""

from __future__ import annotations

from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, run

from ..parameters import WeightParameters
from ..weight_changes import WeightChanges


class ShelvesNode(StoreNode):
    """Feeds every burst to the stage."""

    def __init__(self) -> None:
        super().__init__("shelves")
        stage = WeightChanges(self.store, declare(self, WeightParameters), self.session)
        for topic in ("/weight_changes", "/progress", "/alerts"):
            self.advertise(topic)
        self.listen("/shelves/weights", stage.feed)


def main() -> None:
    """Entry point."""
    run(ShelvesNode)


if __name__ == "__main__":
    main()
