# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What is outside the simulated store: the phones of its simulated shoppers, and people who send guests in."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import httpx
import numpy as np

from yokotago_model.events import CheckIn
from yokotago_model.store import Store

from ..scenarios import guest
from .gate import Gate
from .guests import GuestBook
from .phones import Phones


class Outside:
    """Phones and guests on the cloud at `cloud_url`, which knows the store by YOKOTAGO_DEVICE_TOKEN.

    accounts: of the simulated shoppers; gate_port: where the shopper's page shows a code, 0: nowhere; failed: told in a
    sentence what did not work. Raises OSError when the gate's port is taken.
    """

    def __init__(
        self, cloud_url: str, store: Store, accounts: int, gate_port: int, seed: int, failed: Callable[[str], None]
    ) -> None:
        token = os.environ.get("YOKOTAGO_DEVICE_TOKEN", "")
        self._client = httpx.Client(base_url=cloud_url, timeout=5.0, headers={"Authorization": f"Bearer {token}"})
        script = partial(guest, store, np.random.default_rng([seed, 1]))
        self.guests = GuestBook(self._client, store.store_id, script)
        self._gate = Gate(gate_port, cloud_url, self.guests.walk_in) if gate_port else None
        self._phones = Phones(cloud_url, store.store_id, token, accounts, failed)

    def check_in(self, event: CheckIn) -> None:
        """The simulated shopper of `event` shows a code at the gate: a guest the one of their person, soon."""
        if not self.guests.shows(event):
            self._phones.check_in(event)

    def shopper_id(self, simulated: str) -> str:
        """The cloud's id of a simulated shopper who has checked in; their own id for anybody else."""
        return self.guests.shopper_id(simulated) or self._phones.shopper_id(simulated)

    def close(self) -> None:
        """End the threads."""
        if self._gate is not None:
            self._gate.close()
        self._phones.close()
        self._client.close()
