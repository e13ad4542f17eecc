from __future__ import annotations

import json

import pytest

from provisioner.errors import SkippedError
from provisioner.report.envelope import envelope
from provisioner.runs.outcome import Outcome
from tests.report.outcomes import changed, failed, unreachable

HOST_KEYS = [
    "name", "status", "changed", "platform", "strategy", "docker_version", "registry_mirrors", "steps", "checks",
    "error", "seconds",
]  # fmt: skip


def test_the_keys_are_a_contract():
    document = envelope("apply", [changed("a"), unreachable("b")], run="7")
    assert list(document) == ["schema", "command", "status", "run", "hosts"]
    assert [list(host) for host in document["hosts"]] == [HOST_KEYS] * 2
    assert (document["schema"], document["run"]) == (1, "7")
    host = document["hosts"][0]
    assert list(host["steps"][0]) == ["id", "action", "title", "why", "status"]
    assert list(host["checks"][0]) == ["name", "passed", "detail"]
    assert list(document["hosts"][1]["error"]) == ["message", "hint", "exit_code"]
    assert json.loads(json.dumps(document)) == document


def test_plans_have_more():
    host = envelope("plan", [changed("a")], plans=True)["hosts"][0]
    assert list(host) == [*HOST_KEYS, "diffs", "warnings", "rejected", "restart"]
    assert host["diffs"][0]["path"] == "/etc/docker/daemon.json"
    assert host["rejected"] == [{"strategy": "rpm-repo", "reason": "no rpm here"}]
    assert envelope("plan", [unreachable("a")], plans=True)["hosts"][0]["restart"] is None


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], "ok"),
        ([changed("a")], "ok"),
        ([changed("a"), Outcome("b", "skipped", note="done in run 7")], "ok"),
        ([changed("a"), Outcome("b", "skipped", error=SkippedError("no"))], "partial"),
        ([changed("a"), failed("b")], "partial"),
        ([unreachable("a"), failed("b")], "failed"),
    ],
)
def test_status(outcomes, expected):
    assert envelope("apply", outcomes)["status"] == expected


@pytest.mark.parametrize(
    ("outcome", "expected"), [(changed("a"), True), (failed("a"), False), (unreachable("a"), False)]
)
def test_changed(outcome, expected):
    assert envelope("apply", [outcome])["hosts"][0]["changed"] is expected
