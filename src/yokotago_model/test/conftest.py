# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""No deadline for an example: the machine that tests is busy, and slowness is not what these tests look for."""

from hypothesis import settings

settings.register_profile("store", deadline=None, max_examples=50)
settings.load_profile("store")
