# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The domain's words: what a store is made of (store), and what happens in it (events)."""
