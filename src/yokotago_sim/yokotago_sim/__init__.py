# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated store: ToF cameras, scales, shoppers, phones and ground truth."""
