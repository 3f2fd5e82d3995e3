# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""When a graph has worked off what was played."""

from __future__ import annotations

from yokotago_bringup.nodes.player import Quiet


def test_a_graph_is_quiet_when_its_nodes_have_told_so_for_long_enough() -> None:
    quiet = Quiet(3.0)
    quiet.hear("fusion", True, 9.0)
    assert not quiet.since(10.0, 12.9)
    quiet.hear("fusion", False, 12.9)
    assert quiet.since(10.0, 13.0)


def test_a_node_that_still_receives_is_waited_for() -> None:
    quiet = Quiet(3.0)
    for now in (11.0, 12.0, 13.0, 14.0):
        quiet.hear("fusion", True, now)
        quiet.hear("live_page", False, now)
        assert not quiet.since(10.0, now + 0.9)
    quiet.hear("fusion", False, 15.0)
    quiet.hear("live_page", False, 15.0)
    assert not quiet.since(10.0, 16.9)
    assert quiet.since(10.0, 17.0)


def test_a_node_that_says_nothing_is_busy_with_one_message() -> None:
    quiet = Quiet(3.0)
    quiet.hear("shelves", False, 10.5)
    quiet.hear("fusion", True, 9.5)
    assert not quiet.since(10.0, 60.0)
    quiet.hear("fusion", True, 61.0)
    quiet.hear("shelves", False, 61.5)
    quiet.hear("fusion", False, 62.0)
    assert quiet.since(10.0, 64.0)


def test_without_nodes_that_tell_it_is_quiet_after_a_while() -> None:
    assert not Quiet(3.0).since(10.0, 12.0)
    assert Quiet(3.0).since(10.0, 13.0)
