"""Which sources are passed over, and in how many words."""

from __future__ import annotations

import pytest

from provisioner.sources.choice import choose_source
from provisioner.sources.reach import Source, SourceReach
from provisioner.wanted.spec import Spec
from tests.hosts import BARE

TOLD = {
    "curl": "curl: (6) Could not resolve host: {}",
    "wget": "wget: unable to resolve host address '{}'",
    "apt": "apt: Could not resolve '{}'",
}


def dead(name, told):
    base = f"https://{name}.example"
    return SourceReach(Source(name, base, "0" * 40, ()), problem=told.format(f"{name}.example"))


@pytest.mark.parametrize("tool", TOLD)
def test_sources_that_fail_alike_are_named_together_without_their_hosts(tool):
    told = choose_source((dead("a", TOLD[tool]), dead("b", TOLD[tool])), BARE, Spec()).why_none
    assert told.startswith("a, b: ")
    assert "resolve" in told
    assert (".example" in told, "'" in told, told.endswith(("it", " "))) == (False, False, False), told


@pytest.mark.parametrize("tool", TOLD)
def test_one_that_fails_alone_keeps_its_own_words(tool):
    told = choose_source((dead("a", TOLD[tool]), dead("b", "curl: (28) Timeout")), BARE, Spec()).why_none
    assert told == f"a: {TOLD[tool].format('a.example')}; b: curl: (28) Timeout"
