"""One host's change: what is said of it afterwards is what was seen afterwards."""

from __future__ import annotations

import pytest

from provisioner.runs import one_host
from tests.fake_host import NEW, OLD, FakeHost, target


def broken(text, nonce):
    """daemon.json does not parse."""
    return text.replace('"registry-mirrors": [', '"registry-mirrors": [,', 1)


def silent(text, nonce):
    """Somebody has put the earlier file back, and the engine answers nobody."""
    begin, end = text.index(f"@@{nonce} begin docker-info"), text.index(f"@@{nonce} begin docker-info-status")
    text = f"{text[:begin]}@@{nonce} begin docker-info\n\n@@{nonce} end docker-info\n\n{text[end:]}"
    return text.replace(f"@@{nonce} begin docker-info-status\n0", f"@@{nonce} begin docker-info-status\n124").replace(
        NEW, OLD
    )


class Worse(FakeHost):
    """After the change it is not as anybody would plan for."""

    def __init__(self, worse):
        super().__init__("web01")
        self.worse = worse

    def _facts(self, nonce):
        text = super()._facts(nonce)
        return self.worse(text, nonce) if self.changed else text


@pytest.mark.parametrize(
    ("worse", "why"),
    [
        pytest.param(broken, "daemon.json, line 2, column 24: ", id="broken file"),
        pytest.param(silent, "does not answer: no word within 20 s", id="silent engine"),
    ],
)
def test_a_change_is_not_denied_by_what_is_found_after_it(worse, why):
    wanted = target(Worse(worse))
    outcome = one_host.apply(wanted, one_host.plan(wanted), allow_restart=False, on_step=lambda _step, _what: None)
    assert [result.status for result in outcome.results] == ["ok"]
    assert outcome.changed
    assert (outcome.status, outcome.exit_code) == ("failed", 7)
    assert why in outcome.error.message
    said = f"{outcome.error.message} {outcome.error.hint}".lower()
    assert "nothing was changed" not in said
    assert "has not been touched" not in said
