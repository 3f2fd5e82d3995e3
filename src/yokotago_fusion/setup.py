# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Installs the package yokotago_fusion."""

from setuptools import find_packages, setup

PACKAGE = "yokotago_fusion"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Tracks, reaches, weight changes and check-ins to visits, baskets and receipts.",
    maintainer="The Yokota de Go authors",
    maintainer_email="maintainers@yokotago.example",
    license="Apache-2.0",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    package_data={"": ["py.typed", "*.yaml", "*.json", "*.sql", "static/**"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    zip_safe=False,
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    entry_points={
        "console_scripts": [
            "bridge = yokotago_fusion.nodes.bridge:main",
            "gate_reader = yokotago_fusion.nodes.gate_reader:main",
        ],
    },
)
