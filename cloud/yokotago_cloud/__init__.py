# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The cloud of Yokota de Go: who the shoppers are, what they hold, and what they paid for."""

__version__ = "0.1.0"
