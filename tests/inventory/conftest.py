from __future__ import annotations

import textwrap

import pytest

from provisioner.inventory import load


@pytest.fixture
def inventory(tmp_path):
    """Write an inventory and load it."""

    def written(text, name="hosts.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return load(path)

    return written
