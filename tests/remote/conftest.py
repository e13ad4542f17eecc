"""What the tests of the probe share: short limits, and the tools that a host may have."""

from __future__ import annotations

import os
import shutil

import pytest

from provisioner.remote import mirror_probe as probing
from tests.machine import needs

TOOLS = ("curl", "python3", "wget", "busybox", "bash")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(probing, "LIMIT", 3)
    monkeypatch.setattr(probing, "CONNECT", 2)
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(params=TOOLS)
def tool(request, monkeypatch, tmp_path):
    """One of the tools; busybox takes the place of wget."""
    needs(request.param)
    if request.param == "busybox":
        (tmp_path / "wget").symlink_to(shutil.which("busybox"))
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return request.param
