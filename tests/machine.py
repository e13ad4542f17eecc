"""What tests ask of the machine they run on."""

from __future__ import annotations

import os
import shutil

import pytest


def needs(*programs: str) -> None:
    """Skip the test where one of the programs is missing; with CI=true that is a failure, since nobody reads skips."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        lacks(f"{', '.join(missing)} not installed here; see TOOLS in the Makefile")


def lacks(what: str) -> None:
    """Skip the test because of `what`; fail with CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
