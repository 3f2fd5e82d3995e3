# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The graph of nodes, its launch files and parameters, and the yokotago command."""
