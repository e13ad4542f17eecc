from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.catalogue.packages import holdable, names, packages
from provisioner.catalogue.platforms import platforms

PACKAGE = Path(__file__).parents[2] / "provisioner"
KNOWN = {row.name for row in packages()}


def test_no_package_has_two_rows():
    assert len(KNOWN) == len(packages())


@pytest.mark.parametrize("row", platforms(), ids=lambda row: row.slug)
def test_facts_ask_for_every_package_that_a_platform_row_names(row):
    assert {*row.conflicts, *row.distro_packages} <= KNOWN


def test_docker_is_an_engine_where_it_is_no_tray_of_a_window_manager():
    assert "docker" in names("engine", family="rpm")
    assert "docker" not in names("engine", family="deb")


def test_what_moves_together_can_be_held():
    assert {*names("docker-ce", "companion")} <= {*holdable()}


def test_lists_of_packages_stand_in_the_table_alone():
    """Three names of engine packages in one expression are a second list."""
    engines = {row.name for row in packages() if row.role != "neighbour"}
    wrong = [
        f"{path.relative_to(PACKAGE)}: {found[0]}"
        for path in PACKAGE.rglob("*.py")
        for found in re.finditer(r'(?:"[\w.-]+",\s*){2,}"[\w.-]+"', path.read_text(encoding="utf-8"))
        if len(engines & set(re.findall(r'"([\w.-]+)"', found[0]))) >= 3
    ]
    assert not wrong
