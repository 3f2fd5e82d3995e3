# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Everything behind the routes, put together once for each server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from yokotago_cloud.accounts import Accounts
from yokotago_cloud.catalogue import Catalogues
from yokotago_cloud.check_ins import CheckIns
from yokotago_cloud.disputes import Disputes
from yokotago_cloud.feeds import Feeds
from yokotago_cloud.idempotency import Idempotency
from yokotago_cloud.keys import KeyRing
from yokotago_cloud.limits import RateLimiter
from yokotago_cloud.reports import Reports
from yokotago_cloud.settings import Settings
from yokotago_cloud.storage.port import Storage
from yokotago_cloud.stores import Stores
from yokotago_cloud.visits import Visits


@dataclass
class Services:
    """What the routes call. `clock` gives seconds since the epoch."""

    storage: Storage
    settings: Settings = field(default_factory=Settings)
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        storage, settings, clock = self.storage, self.settings, self.clock
        self.keys = KeyRing(storage)
        self.stores = Stores(storage, clock)
        self.feeds = Feeds(storage)
        self.limits = RateLimiter(settings.limits, clock)
        self.accounts = Accounts(storage, self.keys, settings, clock)
        self.catalogues = Catalogues(storage)
        idempotency = Idempotency(storage, clock, settings.idempotency_s)
        self.check_ins = CheckIns(storage, self.keys, self.stores, idempotency, self.feeds, settings, clock)
        self.visits = Visits(storage, self.catalogues, self.feeds, settings, clock)
        self.disputes = Disputes(storage, self.visits, idempotency, self.feeds, settings, clock)
        self.reports = Reports(storage, idempotency, self.feeds, settings, clock)
