# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Installs the package yokotago_system_tests."""

from setuptools import setup

PACKAGE = "yokotago_system_tests"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="System tests of Yokota de Go: architecture, bags, faults and the whole graph.",
    maintainer="The Yokota de Go authors",
    maintainer_email="maintainers@yokotago.example",
    license="Apache-2.0",
    packages=[],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    zip_safe=False,
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
)
