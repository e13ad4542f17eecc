"""A host is asked for its facts once more where a file changed while it told them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.errors import FactsError, FileChangedError
from provisioner.facts.frames import RAW_NONCE
from provisioner.plan.model import Plan, Step
from provisioner.remote.execute import execute
from provisioner.remote.gather import gather
from provisioner.transports.base import Completed

GOLDEN = Path(__file__).parents[1] / "golden" / "debian-13-engine" / "facts.txt"
CHANGED = "\n@@N begin files\n3\n/a\n/a\n644 root:root\n\ncontents\nab\n@@N end files\n"
PLAN = Plan("web01", "p", "s", steps=(Step("one", "", "", "+", "remove_group"),))


def whole():
    return GOLDEN.read_text(encoding="utf-8").replace(f"@@{RAW_NONCE} ", "@@N ")


def changed():
    return CHANGED + whole()


class Host:
    """Each call answers with the next of `answers`; N is the nonce. `scripts` are those that it was asked with."""

    become_method = ""
    name = "web01"

    def __init__(self, *answers, said=""):
        self.answers, self.said, self.scripts = list(answers), said, []

    def connect(self):
        pass

    def close(self):
        pass

    def run(self, script, *, timeout, on_line=None):
        self.scripts.append(script)
        nonce = re.search(r"(?m)^N=(\w+)$", script)[1]
        text = self.answers.pop(0).replace("@@N ", f"@@{nonce} ")
        for line in text.split("\n"):
            on_line(line)
        return Completed(0, text, self.said)


def singly(host):
    return ["\nsingly=1\n" in script for script in host.scripts]


def test_a_file_that_changes_meanwhile_is_asked_for_once_more_by_itself():
    host = Host(changed(), whole())
    assert gather(host).hostname == gather(Host(whole())).hostname
    assert singly(host) == [False, True]


def test_there_is_one_repeat():
    host = Host(changed(), changed(), said="oh")
    with pytest.raises(FileChangedError, match="has changed while the host told it; the host said: oh"):
        gather(host)
    assert singly(host) == [False, True]


def test_what_is_incomplete_is_not_asked_for_again():
    host = Host("nothing")
    with pytest.raises(FactsError):
        gather(host)
    assert len(host.scripts) == 1


def ended(status, facts):
    ending = "ok one 1" if status == "0" else "fail one 1"
    return f"\n@@N start one\n\n@@N {ending}\n\n@@N finished {status}\n{facts}\n@@N left {status}\n"


def run(host):
    return execute(host, PLAN, become_password=None, on_step=lambda _step, _what: None, engine_alone=True)


@pytest.mark.parametrize("status", ["0", "1"])
def test_the_facts_of_a_runs_end_are_asked_for_again_as_well(status):
    host = Host(ended(status, changed()), whole())
    result = run(host)
    assert result.facts is not None
    assert (result.error is None) == (status == "0")
    assert [result.status for result in result.results] == ["ok" if status == "0" else "failed"]
    assert singly(host) == [False, False]
    assert all("\nengine_alone=1\n" in script for script in host.scripts)


def test_that_they_cannot_be_told_takes_nothing_from_the_results():
    result = run(Host(ended("0", changed()), changed(), changed()))
    assert isinstance(result.error, FileChangedError)
    assert [result.status for result in result.results] == ["ok"]
