"""What scripts that a host runs are tried with: every shell, and a state directory of their own on this machine."""

from __future__ import annotations

import pytest

from tests.machine import needs
from tests.scripts.shells import SHELLS


@pytest.fixture(params=SHELLS)
def shell(request):
    needs(SHELLS[request.param][0])
    return SHELLS[request.param]


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"
