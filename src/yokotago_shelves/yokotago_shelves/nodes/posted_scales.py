# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Node of the scales that cannot speak micro-ROS: their posts over HTTP in, /shelves/weights out."""

from __future__ import annotations

import queue
from pathlib import Path

from yokotago_model.events import ShelfWeight
from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, run

from ..post_guard import PostTokens
from ..posted_weights import PostParameters
from .post_server import PostServer


class PostedScalesNode(StoreNode):
    """Takes posts.

    Parameters: `tokens` (file: a line for each board, its token and its scales), `host` (127.0.0.1: give it the address
    in the scales' network), `port` (8090; 0: a free one), `tls_certificate`, `tls_key` (files; empty: no TLS), and
    those of PostParameters.
    """

    def __init__(self) -> None:
        super().__init__("posted_scales")
        tokens = str(self.declare_parameter("tokens", "").value)
        host = str(self.declare_parameter("host", "127.0.0.1").value)
        port = int(self.declare_parameter("port", 8090).value)
        certificate = str(self.declare_parameter("tls_certificate", "").value)
        key = str(self.declare_parameter("tls_key", "").value)
        parameters = declare(self, PostParameters)
        if not tokens:
            raise ValueError("posted_scales: start it with -p tokens:=FILE, a line for each board: TOKEN SCALE...")
        if bool(certificate) != bool(key):
            raise ValueError("posted_scales: tls_certificate and tls_key go together")
        self._came: queue.SimpleQueue[tuple[ShelfWeight, ...]] = queue.SimpleQueue()
        self.advertise("/shelves/weights")
        try:
            known = PostTokens(Path(tokens).read_text("utf-8").splitlines(), self.store.scale)
            self._server = PostServer(
                host,
                port,
                known,
                parameters,
                lambda: int(self.get_clock().now().nanoseconds),
                self._came.put,
                (certificate, key) if key else None,
            )
        except (OSError, ValueError) as error:
            raise ValueError(f"posted_scales: {error}") from error
        self.create_timer(0.02, self._publish)
        self._server.start()
        print(f"yokotago-scales {self._server.address}", flush=True)

    def _publish(self) -> None:
        while not self._came.empty():
            self.publish_all(self._came.get())
        self.health["posts refused"] = str(self._server.refused)

    def destroy_node(self) -> None:
        """End the server with the node."""
        if hasattr(self, "_server"):
            self._server.stop()
        super().destroy_node()


def main() -> None:
    """Run the node."""
    run(PostedScalesNode)


if __name__ == "__main__":
    main()
