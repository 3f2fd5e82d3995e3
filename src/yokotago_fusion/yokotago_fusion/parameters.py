# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What the fusion believes before it sees anything: times, priors and bounds, one frozen dataclass."""

from __future__ import annotations

from dataclasses import dataclass, fields

from yokotago_model.body import ARM_SHARE, SHOULDER_BELOW_SHARE, SHOULDER_BESIDE_SHARE


@dataclass(frozen=True)
class FusionParameters:
    """Parameters of the stage Fusion. Probabilities are shares 0 to 1, weights grams, times seconds, lengths metres.

    Time
        silent_after_s: a stream without news for so long no longer holds the others back, and is reported;
        change_detection_s: how long after a step its weight change may be published, where no /progress tells it;
        settle_s: how long after the last fact about it a group of changes is decided;
        early_above: what is so probable while its hands are still in the shelf, if the basket was right before, is
        shown in it already;
        reach_wait_s: how long after a change a reach that goes on may hold back the decision;
        gone_s: a track absent for so long after it left through a door is gone;
        receipt_after_s: how long after leaving a receipt is made at the earliest;
        correct_after_s: how long after its receipt a visit may still be corrected;
        step_stddev_s: how far outside the reported step the thing may have been moved;
        timing_stddev_s: of the distance in time between a hand and the step that it made, when it lies outside the
        reach;
        p_outside: probability that a reach is told so wrongly that the step it made lies outside it;
        grasp_s, grasp_stddev_s: from the begin of a reach to the end of its first step at the least;
        retreat_s, retreat_stddev_s: from the step to the end of its reach (0.4 to 0.8 s on the real recording);
        at_once_s: two things that one hand takes together leave their scale within so long, as its step shows it, and
        each more within each_s more; p_apart: probability that they do not;
        hold_s: changes of one scale this close may be parts of one movement; so long a group that makes no sense yet
        waits for whoever made it and has not moved by more than stands_m since.

    Place
        hand_stddev: how far a hand is from the middle of what it holds, on top of the measurement's own deviation;
        half_item: half the width of a narrow thing, which stands whole on its facing;
        place_outlier: probability that the hand's position says nothing about the place;
        place_height_outlier: probability that its height says nothing about the board, although its place along does;
        missed_reach: probability that a hand in a shelf is not reported at all;
        close_m: two people whose bodies are so near hide each other's arms; then missed_reach_close holds;
        glimpse_m, glimpse_s: a hand so close before the front, and so close in time to the step, may have been in;
        glimpse_ratio: how much likelier such a hand is seen of somebody whose reach was missed than of anybody there;
        hand_width: two hands at a shelf are about so far apart at the least; p_same_place: two hands in one place;
        arm_length: how far from a shelf's front a person can stand and take something;
        body_stddev: of the distance along the shelf between a person and what they take;
        shoulder_beside_share, shoulder_below_share, arm_share, arm_stddev_share: as shares of the height, how far
        shoulders are beside and below the top of the head, and how long an arm is to the middle of the hand
        (yokotago_model.body), with the deviation of how far a hand is reached out;
        bent_share: who is lower than upright by more than this share of their height is bent; p_bent_low: probability
        that somebody is who reaches lower than a hanging hand, p_bent: who reaches higher, p_bent_idle: who stands at a
        shelf and takes nothing at that moment.

    Weight
        type_stddev_share, type_stddev_floor_g: how far a product's true mean lies from the catalogue's;
        sensor_floor_g: noise of a change on top of its reported deviation;
        gain_stddev_share: a change's share that the scale's gain or cross-talk may add;
        disturbance_stddev_g: of a change that nobody made: a step on the floor, a neighbour's plate.

    Prior
        p_take, p_put, p_nobody: what a change is before anything is known;
        p_more: each unit more in one movement; p_piece: one hand moves a second thing in the same step;
        p_together: two hands move things in the same step, p_together_unseen: if one of them was not seen; p_exchange:
        if two do, one takes while the other puts down;
        p_again: a hand that has moved something moves more in a later step of the same reach;
        p_stray: who takes from where a thing stands in a wrong place takes that thing and not what belongs there;
        p_stray_own: the same of who put it there;
        p_proper: a thing put back goes to its own place (else to any deck of a shelf); p_foreign: something from
        outside the store is put down;
        p_other_holder: the thing put back is in somebody else's basket (after a hand-over);
        p_planogram: a facing holds what the planogram says; p_neighbour: if not, a product of the same shelf;
        p_split: one movement shows as several changes, the earlier ones of about split_g;
        p_idle: a reach moves nothing.

    Solver
        margin: explanations less probable than the best by more than exp(margin) may be dropped;
        hypotheses: at most so many are carried on; open_hypotheses: at most so many while a group is solved;
        keep_share: a hypothesis less probable than this is forgotten once its group is decided;
        independent_below: doubts whose joint distribution differs by less (total variation) from independence are
        carried on apart.

    Trust
        review_below: a visit whose basket is less probable than this is sent to a person;
        learn_above: what is surer than this teaches weights, clocks and the planogram.
    """

    silent_after_s: float = 5.0
    change_detection_s: float = 2.0
    settle_s: float = 0.2
    early_above: float = 0.6
    reach_wait_s: float = 6.0
    gone_s: float = 1.0
    receipt_after_s: float = 1.0
    correct_after_s: float = 120.0
    step_stddev_s: float = 0.2
    timing_stddev_s: float = 0.3
    p_outside: float = 0.02
    grasp_s: float = 0.4
    grasp_stddev_s: float = 0.15
    retreat_s: float = 0.6
    retreat_stddev_s: float = 0.35
    at_once_s: float = 0.15
    each_s: float = 0.05
    p_apart: float = 0.1
    hold_s: float = 40.0
    stands_m: float = 0.4

    hand_stddev: float = 0.02
    half_item: float = 0.03
    place_outlier: float = 0.02
    place_height_outlier: float = 0.06
    missed_reach: float = 0.015
    close_m: float = 0.5
    missed_reach_close: float = 0.15
    glimpse_m: float = 0.15
    glimpse_s: float = 0.5
    glimpse_ratio: float = 3.0
    hand_width: float = 0.1
    p_same_place: float = 0.02
    arm_length: float = 1.0
    body_stddev: float = 0.25
    shoulder_beside_share: float = SHOULDER_BESIDE_SHARE
    shoulder_below_share: float = SHOULDER_BELOW_SHARE
    arm_share: float = ARM_SHARE
    arm_stddev_share: float = 0.03
    bent_share: float = 0.1
    p_bent_low: float = 0.9
    p_bent: float = 0.1
    p_bent_idle: float = 0.15

    type_stddev_share: float = 0.02
    type_stddev_floor_g: float = 1.0
    sensor_floor_g: float = 0.5
    gain_stddev_share: float = 0.001
    disturbance_stddev_g: float = 8.0

    p_take: float = 0.75
    p_put: float = 0.25
    p_nobody: float = 0.05
    p_more: float = 0.25
    p_piece: float = 0.15
    p_together: float = 0.3
    p_together_unseen: float = 0.03
    p_exchange: float = 0.05
    p_again: float = 0.05
    p_stray: float = 0.3
    p_stray_own: float = 0.9
    p_proper: float = 0.6
    p_foreign: float = 0.01
    p_other_holder: float = 0.02
    p_planogram: float = 0.98
    p_neighbour: float = 0.7
    p_split: float = 0.2
    split_g: float = 100.0
    p_idle: float = 0.4

    margin: float = 9.0
    hypotheses: int = 100
    open_hypotheses: int = 1000
    keep_share: float = 1e-3
    independent_below: float = 0.005

    review_below: float = 0.8
    learn_above: float = 0.98

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name} is {value}: it must be above 0")
            share = field.name.startswith(("p_", "place_", "missed_", "keep_", "review_", "learn_", "early_"))
            if share and value >= 1:
                raise ValueError(f"{field.name} is {value}: it must be below 1")
