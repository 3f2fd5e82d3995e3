# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What happens in a store, as frozen dataclasses: the only things that stages are fed and give back.

The hard problem is to have one event mean the same thing inside a process, on the wire and in a recording. The answer:
an event holds nothing that its message cannot hold. A stamp is a whole number of nanoseconds, and a field that the
message keeps in single precision is rounded to it when the event is made, so that converting there and back changes
nothing and a replay without messages computes with the very same numbers as the live graph.

Positions are in the frame `store` (right-handed, origin at a floor corner, z up) in metres unless a field says
otherwise.
"""

from __future__ import annotations

import array
import enum
from dataclasses import dataclass, fields
from typing import Annotated, Any, TypeAlias, TypeVar, dataclass_transform, get_type_hints

import numpy as np
import numpy.typing as npt

Stamp: TypeAlias = int
"""Time of a measurement: nanoseconds since the Unix epoch."""

Point: TypeAlias = tuple[float, float, float]
"""x, y, z [m]."""

F32 = Annotated[float, "single precision"]
F32s = Annotated[tuple[float, ...], "single precision"]

FloatArray: TypeAlias = npt.NDArray[np.float32]

SECOND: int = 1_000_000_000
"""Nanoseconds in a second."""

_T = TypeVar("_T")


def stamp_of(seconds: float) -> Stamp:
    """The stamp of a time in seconds since the Unix epoch, to the nearest nanosecond."""
    return round(seconds * SECOND)


def seconds_between(earlier: Stamp, later: Stamp) -> float:
    """Time from `earlier` to `later` [s]; negative when `later` comes first."""
    return (later - earlier) / SECOND


def _single(value: float) -> float:
    return float(np.float32(value))


@dataclass_transform(frozen_default=True)
def event(cls: type[_T]) -> type[_T]:
    """Make `cls` a frozen dataclass whose single-precision fields hold single-precision values."""
    made = dataclass(frozen=True, slots=True)(cls)
    hints = get_type_hints(made, include_extras=True)
    singles = tuple(f.name for f in fields(made) if hints[f.name] == F32)  # type: ignore[arg-type]
    tuples = tuple(f.name for f in fields(made) if hints[f.name] == F32s)  # type: ignore[arg-type]
    if singles or tuples:
        plain_init = made.__init__

        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            plain_init(self, *args, **kwargs)
            for name in singles:
                object.__setattr__(self, name, _single(getattr(self, name)))
            for name in tuples:
                object.__setattr__(self, name, tuple(array.array("f", getattr(self, name))))

        made.__init__ = __init__  # type: ignore[method-assign]
    return made


# Clouds hold arrays, which a generated __eq__ cannot compare.


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Points of one ToF sensor, in the sensor's optical frame (x right, y down, z forward).

    points: (height, width, 3) organised, or (n, 3); float32 [m]; NaN where nothing was measured.
    """

    stamp: Stamp
    sensor_id: str
    points: FloatArray

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Cloud)
            and (self.stamp, self.sensor_id) == (other.stamp, other.sensor_id)
            and np.array_equal(self.points, other.points, equal_nan=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class DepthImage:
    """Depth image of one ToF sensor.

    depth: (height, width) uint16, distance along the optical axis [mm]; 0 where nothing was measured.
    """

    stamp: Stamp
    sensor_id: str
    depth: npt.NDArray[np.uint16]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, DepthImage)
            and (self.stamp, self.sensor_id) == (other.stamp, other.sensor_id)
            and np.array_equal(self.depth, other.depth)
        )


@dataclass(frozen=True, slots=True, eq=False)
class ForegroundCloud:
    """What one sensor sees that is not the empty store, as voxels in the frame `store`.

    points: (n, 3) float32, mean of the pixels in a voxel [m]; pixels: (n,) uint16, how many there were.
    Published without points too: it is the heartbeat of the sensor.
    """

    stamp: Stamp
    sensor_id: str
    points: FloatArray
    pixels: npt.NDArray[np.uint16]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ForegroundCloud)
            and (self.stamp, self.sensor_id) == (other.stamp, other.sensor_id)
            and np.array_equal(self.points, other.points)
            and np.array_equal(self.pixels, other.pixels)
        )


class TrackState(enum.IntEnum):
    """How well a track is seen now."""

    UNKNOWN = 0
    TENTATIVE = 1
    CONFIRMED = 2
    COASTING = 3


@event
class HandOwner:
    """Whose a hand may be instead of the person's to whom it is given, with the probability of that."""

    track_id: int
    probability: F32


@event
class Hand:
    """A hand of a tracked person.

    confidence: probability that it is a hand; other_owners: whose it may be instead, most probable first; what their
    probabilities leave to 1 is this person's.
    """

    position: Point
    position_stddev: F32
    confidence: F32
    other_owners: tuple[HandOwner, ...] = ()


@event
class Track:
    """One person at one moment.

    position: body axis on the floor, z = 0; velocity [m/s]; height: top of the head now [m], lower when
    somebody bends, 0 = not measured yet;
    position_covariance: row-major xy [m^2]; identity_confidence: probability that track_id still names the person that
    it named at the start; identity_alternatives: the tracks that this person may be instead. When two turn out to have
    been swapped, one frame tells it (confidence 0, and the one track that it is); from the next on each has its own
    track_id again.
    """

    track_id: int
    state: TrackState
    position: Point
    velocity: Point
    height: F32
    position_covariance: tuple[float, float, float, float]
    identity_confidence: F32 = 1.0
    identity_alternatives: tuple[int, ...] = ()
    hands: tuple[Hand, ...] = ()


@event
class TrackFrame:
    """Everybody in the store at one moment, in order of track_id. Empty frames are the stream's heartbeat."""

    stamp: Stamp
    tracks: tuple[Track, ...] = ()


class CrossingKind(enum.IntEnum):
    """Which way a zone's border was crossed."""

    UNKNOWN = 0
    ENTER = 1
    EXIT = 2


@event
class ZoneCrossing:
    """A person entered or left a zone."""

    stamp: Stamp
    track_id: int
    zone_id: str
    kind: CrossingKind


@event
class HandSample:
    """Where a hand was at one moment of a reach."""

    stamp: Stamp
    position: Point
    position_stddev: F32


@event
class HandReach:
    """A hand inside a shelf's volume: once at its begin (complete False, end = begin), once more when it has ended.

    other_owners: as of a Hand, by all samples so far.
    """

    reach_id: str
    track_id: int
    shelf_id: str
    complete: bool
    begin: Stamp
    end: Stamp
    samples: tuple[HandSample, ...] = ()
    other_owners: tuple[HandOwner, ...] = ()

    @property
    def stamp(self) -> Stamp:
        """Event time: the end of a complete reach, the begin of one that goes on."""
        return self.end if self.complete else self.begin


class ScaleStatus(enum.IntFlag):
    """Status bits of a scale's samples."""

    OK = 0
    SATURATED = 1
    NOT_CALIBRATED = 2
    CLOCK_UNSYNCED = 4
    SPIKE_REMOVED = 8
    HARDWARE_FAULT = 16
    RESENT = 32


@event
class ShelfWeight:
    """A burst of at most 32 consecutive samples of one scale.

    stamp: of the first sample; boot_id: another number after each restart; sequence: number of the first sample since
    the restart; period: time between two samples [s]; grams: absolute, not zeroed.
    """

    stamp: Stamp
    scale_id: str
    boot_id: int
    sequence: int
    period: F32
    grams: F32s
    status: ScaleStatus = ScaleStatus.OK


@event
class WeightChange:
    """A step between two stable levels of a scale; delta = level_after - level_before, negative when taken [g]."""

    change_id: str
    scale_id: str
    begin: Stamp
    end: Stamp
    delta: F32
    stddev: F32
    level_before: F32
    level_after: F32
    status: ScaleStatus = ScaleStatus.OK

    @property
    def stamp(self) -> Stamp:
        """Event time: the end of the step."""
        return self.end


@event
class StreamProgress:
    """Everything of `stream` with a stamp up to this one has been published: `published` messages in this session.

    silent: the sensors or scales that feed the stream and are silent now.
    """

    stamp: Stamp
    stream: str
    session: int
    published: int
    silent: tuple[str, ...] = ()


@event
class CheckIn:
    """A shopper identified at a gate; party_size people enter on it."""

    stamp: Stamp
    check_in_id: str
    shopper_id: str
    gate_id: str
    party_size: int = 1


@event
class GateCode:
    """A text that a gate's reader has read from a phone; whether it is a check-in code is judged later."""

    stamp: Stamp
    gate_id: str
    code: str


class GateVerdict(enum.IntEnum):
    """Whether whoever has shown a code may enter."""

    UNKNOWN = 0
    ADMITTED = 1
    REFUSED = 2


@event
class GateAnswer:
    """What a gate says to whoever has shown a code; stamp: of the reading.

    reason: checked-in, checked-in-offline, code-malformed, code-forged, code-expired, code-used, no-line, try-again;
    party_size: people who may enter, 0 when refused.
    """

    stamp: Stamp
    gate_id: str
    verdict: GateVerdict
    reason: str
    party_size: int = 0


@event
class BasketLine:
    """So many units of one product in a basket."""

    product_id: str
    quantity: int
    confidence: F32


@event
class Basket:
    """What a visit holds now, lines in order of product_id."""

    stamp: Stamp
    visit_id: str
    shopper_id: str
    track_ids: tuple[int, ...]
    lines: tuple[BasketLine, ...]


@event
class ReceiptLine:
    """One line of a receipt; prices in minor units of the receipt's currency."""

    product_id: str
    name: str
    quantity: int
    unit_price: int
    amount: int
    confidence: F32 = 1.0


@event
class TaxLine:
    """The tax of one rate in a receipt: amount is what the goods of that rate cost, tax is contained in it."""

    name: str
    rate_percent: F32
    amount: int
    tax: int


@event
class Receipt:
    """What a visit pays for, lines in order of product_id. `corrects` names the receipt that this one replaces.

    taxes: one line for each rate of the goods, as store.yaml names them; none where it names none.
    """

    stamp: Stamp
    receipt_id: str
    visit_id: str
    shopper_id: str
    entered: Stamp
    left: Stamp
    lines: tuple[ReceiptLine, ...]
    currency: str
    total: int
    needs_review: bool = False
    review_reasons: tuple[str, ...] = ()
    corrects: str = ""
    taxes: tuple[TaxLine, ...] = ()


class Severity(enum.IntEnum):
    """How soon a person should look."""

    UNKNOWN = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


@event
class Alert:
    """Something that a person should look at; code is the stable name for machines."""

    stamp: Stamp
    severity: Severity
    code: str
    text: str
    subjects: tuple[str, ...] = ()


@event
class Product:
    """One product of the catalogue; weights in grams, the price in minor units of the currency."""

    product_id: str
    name: str
    weight: F32
    weight_stddev: F32
    unit_price: int
    currency: str


@event
class Catalogue:
    """All products with their prices; the newest one counts."""

    stamp: Stamp
    products: tuple[Product, ...]


@event
class DecisionItem:
    """Units of one product that moved between a facing and a visit's basket; quantity negative: put back."""

    visit_id: str
    track_id: int
    facing_id: str
    product_id: str
    quantity: int


@event
class DecisionOption:
    """One explanation of some weight changes; no items: nothing was bought or put back."""

    probability: F32
    items: tuple[DecisionItem, ...] = ()


@event
class Decision:
    """Why a basket changed: the chosen explanation of some weight changes, and what else it might have been."""

    stamp: Stamp
    decision_id: str
    change_ids: tuple[str, ...]
    reach_ids: tuple[str, ...]
    chosen: DecisionOption
    alternatives: tuple[DecisionOption, ...]
    reason: str


class TrueActionKind(enum.IntEnum):
    """What a simulated shopper did with some units."""

    UNKNOWN = 0
    TAKE = 1
    PUT_BACK = 2
    HAND_OVER = 3
    DROP_ON_FLOOR = 4


@event
class TrueAction:
    """Ground truth of a simulated store: a person moved units of a product at `stamp`."""

    stamp: Stamp
    kind: TrueActionKind
    person_id: int
    other_person_id: int
    product_id: str
    quantity: int
    shelf_id: str
    facing_id: str
    reach_begin: Stamp
    reach_end: Stamp


@event
class TrueReach:
    """Ground truth of a simulated store: a hand inside a shelf's volume; position is its deepest point."""

    person_id: int
    shelf_id: str
    facing_id: str
    begin: Stamp
    end: Stamp
    position: Point

    @property
    def stamp(self) -> Stamp:
        """Event time: the begin."""
        return self.begin


Event: TypeAlias = (
    Cloud
    | DepthImage
    | ForegroundCloud
    | TrackFrame
    | ZoneCrossing
    | HandReach
    | ShelfWeight
    | WeightChange
    | StreamProgress
    | CheckIn
    | GateCode
    | GateAnswer
    | Basket
    | Receipt
    | Alert
    | Catalogue
    | Decision
    | TrueAction
    | TrueReach
)
