# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Installs the package yokotago_view."""

from setuptools import find_packages, setup

PACKAGE = "yokotago_view"

setup(
    name=PACKAGE,
    version="0.1.0",
    description="What people look at: rviz markers, the live page and the staff's review page.",
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
            "live_page = yokotago_view.nodes.live_page:main",
            "markers = yokotago_view.nodes.markers:main",
        ],
    },
)
