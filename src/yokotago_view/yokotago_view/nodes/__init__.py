# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 nodes of yokotago_view: thin shells that turn messages into events and back."""
