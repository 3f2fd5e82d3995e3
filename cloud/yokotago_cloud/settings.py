# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What an operator may set, in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from yokotago_cloud.oidc import Issuer


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` calls in `seconds`, refilled evenly."""

    count: int
    seconds: float

    def __post_init__(self) -> None:
        if self.count < 1 or self.seconds <= 0:
            raise ValueError(f"a rate needs a count of at least 1 and a time above 0, not {self.count}/{self.seconds}")

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read COUNT/SECONDS.

        Raises:
            ValueError: the text is no rate.
        """
        count, _slash, seconds = text.partition("/")
        try:
            return cls(int(count), float(seconds))
        except ValueError as wrong:
            raise ValueError(f"'{text}' is no rate; write COUNT/SECONDS, for example 30/60") from wrong


DEFAULT_LIMITS: Mapping[str, Rate] = MappingProxyType(
    {
        "sign_up": Rate(30, 60),  # for each address
        "sign_in": Rate(10, 60),  # for each account, and three times that for each address
        "codes": Rate(20, 60),  # for each shopper; the app asks for two a minute
        "check_ins": Rate(10, 60),  # for each shopper's phone
        "store": Rate(30_000, 60),  # for each device: 500 calls a second
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Times in seconds, sizes in bytes. With outside `issuers` the built-in sign-in is off.

    demo_gate: in a demo, the address of the simulated store's gate, to which the page may show a code; else empty.
    streams: whether news may be sent as a stream, which needs a server that answers bit by bit.
    """

    issuer: str = "yokotago"
    access_token_s: int = 900
    refresh_token_s: int = 60 * 86_400
    refresh_grace_s: int = 30
    code_s: int = 45
    max_party: int = 10
    offline_code_s: int = 3 * 86_400
    idempotency_s: int = 86_400
    check_in_kept_s: int = 7 * 86_400
    shopper_event_kept_s: int = 86_400
    visit_kept_s: int = 86_400
    dispute_kept_s: int = 365 * 86_400
    alert_kept_s: int = 30 * 86_400
    store_event_kept_s: int = 3 * 86_400
    body_s: float = 10.0
    longest_wait_s: float = 25.0
    argon2_memory_kib: int = 19 * 1024
    argon2_passes: int = 2
    streams: bool = True
    issuers: tuple[Issuer, ...] = ()
    demo_gate: str = ""
    limits: Mapping[str, Rate] = field(default_factory=lambda: DEFAULT_LIMITS)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.limits) - set(DEFAULT_LIMITS))
        if unknown:
            raise ValueError(f"no such limit: {', '.join(unknown)}; there are {', '.join(DEFAULT_LIMITS)}")
        for name in (
            "access_token_s",
            "refresh_token_s",
            "code_s",
            "max_party",
            "idempotency_s",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0")
        if self.demo_gate and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", self.demo_gate):
            raise ValueError(
                f"demo_gate is {self.demo_gate}: write an address without a path, as http://127.0.0.1:8010"
            )
        if self.max_party > 255:
            raise ValueError("max_party must fit in one byte of the code: at most 255")
