# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Node of the markers: what happens in the store, on /markers for rviz."""

from __future__ import annotations

import math

from geometry_msgs.msg import Point as PointMessage
from visualization_msgs.msg import Marker as MarkerMessage
from visualization_msgs.msg import MarkerArray

from yokotago_model.events import Event
from yokotago_model.nodes.parameters import declare
from yokotago_model.nodes.support import StoreNode, run

from ..markers import Marker, MarkerParameters, Markers


class MarkersNode(StoreNode):
    """Publishes /markers, with every track frame. Parameters: those of MarkerParameters."""

    def __init__(self) -> None:
        super().__init__("markers")
        self._markers = Markers(self.store, declare(self, MarkerParameters))
        self._output = self.create_publisher(MarkerArray, "/markers", 10)
        for topic_name in ("/tracks", "/hand_reaches", "/baskets", "/receipts"):
            self.listen(topic_name, self._feed)

    def _feed(self, event: Event) -> None:
        markers = self._markers.feed(event)
        if markers:
            stamp = self.get_clock().now().to_msg()
            self._output.publish(MarkerArray(markers=[message_of(marker, stamp) for marker in markers]))


def message_of(marker: Marker, stamp: object) -> MarkerMessage:
    """The message of a marker. Stamped with now: rviz shows a marker for its lifetime after that."""
    message = MarkerMessage(ns=marker.namespace, id=marker.number, type=int(marker.shape), action=MarkerMessage.ADD)
    message.header.frame_id = "store"
    message.header.stamp = stamp
    pose = message.pose
    pose.position.x, pose.position.y, pose.position.z = (float(c) for c in marker.position)
    pose.orientation.z, pose.orientation.w = math.sin(marker.yaw / 2), math.cos(marker.yaw / 2)
    message.scale.x, message.scale.y, message.scale.z = (float(c) for c in marker.scale)
    colour = message.color
    colour.r, colour.g, colour.b, colour.a = (float(c) for c in marker.colour)
    message.points = [PointMessage(x=float(x), y=float(y), z=float(z)) for x, y, z in marker.points]
    message.text = marker.text
    message.lifetime.sec, message.lifetime.nanosec = divmod(round(marker.lifetime_s * 1e9), 1_000_000_000)
    return message


def main() -> None:
    """Run the node."""
    run(MarkersNode)


if __name__ == "__main__":
    main()
