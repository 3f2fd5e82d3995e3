# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks, reaches, weight changes and check-ins to visits, baskets and receipts; the bridge to the cloud."""
