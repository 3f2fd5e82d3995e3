# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What people look at: rviz markers, the live page and the staff's review page."""
