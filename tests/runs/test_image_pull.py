from __future__ import annotations

import json
import re
import threading
import time

import pytest

from provisioner.errors import ConnectionLostError, UnreachableError
from provisioner.images.name import image_name
from provisioner.report.image_pull import pulled_document, pulled_text
from provisioner.report.quiet import Progress
from provisioner.runs import history
from provisioner.runs.image_pull import pull_images
from provisioner.runs.target import Target
from provisioner.transports.base import Completed
from provisioner.wanted.spec import Spec

COUNTING = threading.Lock()
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


class Taste:
    quiet, verbose, no_color = True, False, True


class Engine:
    """A host whose engine pulls in words of docker; `at_once` has the pulls in progress, and the most there were."""

    become_method = ""

    def __init__(self, name, digest=A, *, at_once=None, said="", lost=False, unreachable=False, words=()):
        self.name, self.digest, self.said = name, digest, said
        self.lost, self.unreachable, self.words = lost, unreachable, words
        self.at_once = at_once if at_once is not None else [0, 0]
        self.closed = 0

    def connect(self):
        if self.unreachable:
            raise UnreachableError(f"{self.name}: nobody there", hint="go and look")

    def close(self):
        self.closed += 1

    def run(self, script, *, timeout, on_line=None):
        del timeout
        nonce = re.search(r"(?m)^N=(\w+)$", script)[1]
        with COUNTING:
            self.at_once[0] += 1
            self.at_once[1] = max(self.at_once)
        time.sleep(0.02)
        heard = []

        def frame(name, *lines):
            for line in [f"@@{nonce} begin {name}", *lines, f"@@{nonce} end {name}"]:
                heard.append(line)
                if on_line:
                    on_line(line)

        for number in range(len(set(re.findall(r"(?m)^    pull (\d+) ", script)))):
            lines = ["4d6655bbe78b: Pull complete", *self.words, f"Digest: {self.digest}"] if self.digest else []
            frame(f"pull {number}", *([] if self.said else [*lines, "Status: Downloaded newer image for redis:7"]))
            if self.lost:
                raise ConnectionLostError(f"{self.name}: the connection was lost")
            frame(f"said {number}", self.said)
            frame(f"status {number}", "1" if self.said else "0")
            frame(f"image {number}", "")
        with COUNTING:
            self.at_once[0] -= 1
        return Completed(0, "\n".join([*heard, "", f"@@{nonce} done 0", ""]), "")


def pulled(*engines, names=("redis:7",), pulls=5, forks=50):
    targets = [Target(engine, Spec()) for engine in engines]
    found = pull_images(
        targets, [image_name(name) for name in names], "", Progress(Taste()), forks=forks, pulls=pulls, proof=False,
        argv=["image", "pull", *names],
    )  # fmt: skip
    text = pulled_text(found.hosts, agreements=found.agreements)
    json.dumps(pulled_document(found.hosts, run=found.run, agreements=found.agreements))
    return found, text, history.run(found.run)


@pytest.mark.parametrize(("pulls", "forks", "most"), [(1, 50, 1), (3, 50, 3), (50, 2, 2)])
def test_no_more_pull_at_once_than_asked(pulls, forks, most):
    at_once = [0, 0]
    found, _, _ = pulled(*(Engine(f"h{n}", at_once=at_once) for n in range(12)), pulls=pulls, forks=forks)
    assert at_once[1] <= most
    assert all(host.downloaded for host in found.hosts)


def test_hosts_that_have_the_same_are_well():
    found, text, past = pulled(Engine("a"), Engine("b"))
    assert [host.exit_code for host in found.hosts] == [0, 0]
    assert f"redis:7: {A} on 2 of 2 hosts" in text
    assert [(host.status, host.changed, host.error) for host in past.hosts] == [
        ("changed", True, f"redis:7 downloaded {A}")
    ] * 2


def test_hosts_with_another_digest_have_failed_and_the_history_knows():
    found, text, past = pulled(Engine("a"), Engine("b", B), Engine("c"))
    assert [host.exit_code for host in found.hosts] == [0, 7, 0]
    assert [host.status for host in past.hosts] == ["changed", "failed", "changed"]
    assert f"redis:7 is {B} here, and {A} on 2 hosts" in text
    assert "provisioner mirror status b asks the mirrors" in found.hosts[1].error.hint


def test_a_digest_that_nobody_knows_is_said():
    found, text, _ = pulled(Engine("a"), Engine("b", ""))
    assert [host.exit_code for host in found.hosts] == [0, 7]
    assert "not known on b" in text


def test_a_host_that_fails_leaves_the_others():
    lost, away = Engine("lost", lost=True), Engine("away", unreachable=True)
    full = Engine("full", said="write /x: no space left on device")
    found, text, past = pulled(Engine("well"), full, lost, away)
    assert [host.exit_code for host in found.hosts] == [0, 6, 3, 3]
    assert [host.status for host in past.hosts] == ["changed", "failed", "unreachable", "unreachable"]
    assert "The pull goes on there to its end, by itself" in found.hosts[2].error.message
    assert "redis:7: the disk is full" in text
    assert f"redis:7: {A} on 1 of 4 hosts" in text
    assert all(engine.closed for engine in (full, lost, away))


def test_several_images_are_told_apart():
    found, text, _ = pulled(Engine("a"), Engine("b", B), names=("redis:7", "nginx"))
    assert found.hosts[1].error.message.count("here, and") == 2
    assert "nginx:latest" in text


def test_hostile_words_stay_words():
    hostile = ["\x1b[2Jx", "@@0 end pull 0", "Status: Image is up to date for it", "0123456789ab: " + "x" * 10_000]
    found, _, _ = pulled(Engine("a", words=hostile), Engine("b"))
    assert [host.exit_code for host in found.hosts] == [0, 0]
    assert found.hosts[0].images[0].status == "up to date"
