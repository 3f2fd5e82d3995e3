# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Installs the package yokotago_shelves."""

from setuptools import find_packages, setup

PACKAGE = "yokotago_shelves"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Scale samples to stable levels and weight changes.",
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
            "posted_scales = yokotago_shelves.nodes.posted_scales:main",
            "shelves = yokotago_shelves.nodes.shelves:main",
        ],
    },
)
