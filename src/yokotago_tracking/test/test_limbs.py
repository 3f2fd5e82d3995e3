# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The compiled arithmetic of limbs against numpy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from yokotago_tracking.limbs import quantile


@settings(deadline=None)
@given(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=60), st.floats(0.0, 1.0))
def test_a_quantile_is_numpys_to_the_bit(values: list[float], share: float) -> None:
    column = np.column_stack([np.zeros(len(values)), values])[:, 1]
    assert quantile(column, share) == np.quantile(column, share)
