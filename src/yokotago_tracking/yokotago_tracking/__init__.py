# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Time-of-flight clouds to foreground, people, tracks, zone crossings and hand reaches."""
