# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Measures of the upright human body as shares of its height, after Drillis and Contini (1966)."""

from __future__ import annotations

SHOULDER_BESIDE_SHARE = 0.129
"""From the head's middle to a shoulder: half of the biacromial breadth."""

SHOULDER_BELOW_SHARE = 0.182
"""From the top of the head down to a shoulder: the acromion is 0.818 high."""

ARM_SHARE = 0.386
"""From a shoulder to the middle of the hand: upper arm, forearm, half of the hand (0.186, 0.146, 0.054)."""
