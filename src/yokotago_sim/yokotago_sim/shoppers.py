# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What a simulated shopper is told to do: steps in words, with no geometry and no time beyond what the words say.

A Script is a person and their steps between coming in and leaving; both are done for them. How a step is carried out
(the way, the place to stand, the hand's path, the moment of the take) is the actor's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias


@dataclass(frozen=True)
class Take:
    """Take `count` units from the facing: of `product_id`, or of what stands in front there. 0: hold them and let go.

    hold_s: how long the hand holds the goods on the shelf before it takes them; pace: 2 is twice as fast as usual;
    walk: go to the facing first, else reach from where the shopper stands if an arm is long enough; close: stand there
    whoever else does.
    """

    facing_id: str
    count: int = 1
    product_id: str | None = None
    hold_s: float = 0.0
    pace: float = 1.0
    walk: bool = True
    close: bool = False


@dataclass(frozen=True)
class TakeTwo:
    """Take from two facings of one shelf at the same time, with a hand each; one after the other if they are far
    apart.
    """

    left: Take
    right: Take


@dataclass(frozen=True)
class PutBack:
    """Put units that the shopper holds down on the facing, whether they belong there or not."""

    facing_id: str
    product_id: str
    count: int = 1
    pace: float = 1.0
    walk: bool = True
    close: bool = False


@dataclass(frozen=True)
class Lift:
    """Lift a unit off the shelf, look at it for lift_s, and set it back, all in one reach."""

    facing_id: str
    lift_s: float = 1.0
    walk: bool = True


@dataclass(frozen=True)
class Touch:
    """Touch the goods for touch_s without taking any."""

    facing_id: str
    touch_s: float = 0.8
    walk: bool = True


@dataclass(frozen=True)
class Approach:
    """Go and stand before the facing; shift_m to the right of it, as the shopper sees it."""

    facing_id: str
    shift_m: float = 0.0
    close: bool = False


@dataclass(frozen=True)
class Stand:
    """Stand still."""

    stay_s: float


@dataclass(frozen=True)
class WalkTo:
    """Walk to a place on the floor [m]."""

    x: float
    y: float


@dataclass(frozen=True)
class Meet:
    """Wait until `parties` shoppers have come to the step with this key."""

    key: str
    parties: int = 2


@dataclass(frozen=True)
class HandOver:
    """Walk up to the shopper named `to`, who waits with Receive, and give them units."""

    to: str
    product_id: str
    count: int = 1


@dataclass(frozen=True)
class Receive:
    """Wait for the shopper named `giver` and take what they hand over."""

    giver: str


@dataclass(frozen=True)
class Drop:
    """Set units down on the floor where the shopper stands."""

    product_id: str
    count: int = 1


@dataclass(frozen=True)
class Restock:
    """Bring `count` new units of the facing's product to it (staff)."""

    facing_id: str
    count: int


Step: TypeAlias = (
    Take | TakeTwo | PutBack | Lift | Touch | Approach | Stand | WalkTo | Meet | HandOver | Receive | Drop | Restock
)


@dataclass(frozen=True)
class Script:
    """One shopper.

    name: how other steps call them; shopper_id: who checks in, "" for somebody who does not; start_s: earliest time
    after the opening at which they come; party_size: people who enter on this check-in; behind: the name of a shopper
    right behind whom they enter; payer: the name of the shopper on whose check-in they are, "" for their own; waits:
    for the gate's answer, because they hold the code of somebody outside the simulation (Guests).
    """

    name: str
    shopper_id: str
    steps: tuple[Step, ...]
    start_s: float = 0.0
    party_size: int = 1
    behind: str = ""
    payer: str = ""
    gate_id: str = ""
    height_m: float = 1.7
    speed_mps: float = 0.9
    personal_distance_m: float = 0.6
    bag: bool = False
    hat: bool = False
    waits: bool = False


@dataclass(frozen=True)
class Silence:
    """A sensor or a scale sends nothing between the two times after the opening."""

    source_id: str
    begin_s: float
    end_s: float


def hastened(step: Step, factor: float) -> Step:
    """The step with its hands `factor` times as fast."""
    match step:
        case Take() | PutBack():
            return replace(step, pace=factor * step.pace)
        case TakeTwo():
            left, right = (replace(take, pace=factor * take.pace) for take in (step.left, step.right))
            return TakeTwo(left, right)
    return step


class StockView(Protocol):
    """What a scenario may ask while it runs."""

    def count(self, facing_id: str) -> int:
        """Units that stand on the facing now."""


class Guests(Protocol):
    """Shoppers whom people outside the simulation send in, beside those of the scenario."""

    def next(self, stock: StockView) -> Script | None:
        """Somebody who comes now, else None; asked in every tick."""

    def answer(self, name: str) -> bool | None:
        """Whether the gate opens for the guest of that name who has shown a code; None while it has not decided."""


@dataclass(frozen=True)
class Scenario:
    """Who comes and does what, and what is wrong that day.

    scripts: called once with the live stock, gives the shoppers in the order in which they come, lazily: a demo never
    ends; at_once: most people inside; stocked: what really stands on a facing where the planogram says otherwise.
    """

    name: str
    scripts: Callable[[StockView], Iterator[Script]]
    at_once: int = 1_000
    stocked: Mapping[str, str] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
