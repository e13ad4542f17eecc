"""history, as it is typed."""

from __future__ import annotations

import json

import pytest

from provisioner.errors import ApplyError
from provisioner.plan.model import StepResult
from provisioner.runs.history import Journal
from provisioner.runs.outcome import Outcome
from provisioner.wanted.spec import Spec


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A run in two shards, of which the second fails on its host."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for shard, outcome in (
        ("1/2", Outcome("web1", "changed", results=(StepResult("x", "ok"),))),
        ("2/2", Outcome("web2", "failed", error=ApplyError("no room", hint="make some"))),
    ):
        journal = Journal("apply", ["apply"], {outcome.host: Spec()}, warn=pytest.fail, run="spring", shard=shard)
        journal.add(outcome)
        journal.end()


@pytest.mark.parametrize("words", [(), ("show",)], ids=["history", "history show"])
def test_the_last_runs(said, words):
    code, out, _ = said("history", *words)
    assert (code, "spring" in out, "1 changed, 1 failed" in out) == (0, True, True)
    code, out, _ = said("history", *words, "--json")
    assert (code, [run["id"] for run in json.loads(out)["runs"]]) == (0, ["spring"])


@pytest.mark.parametrize("words", [("spring",), ("spr",), ("last",), ("show", "spring")], ids=" ".join)
def test_one_run(said, words):
    code, out, _ = said("history", *words)
    assert (code, "shards 1/2 2/2" in out, "web2: failed" in out) == (0, True, True)
    for order in ((*words, "--json"), ("--json", *words)) if words[0] != "show" else ((*words, "--json"),):
        code, out, _ = said("history", *order)
        run = json.loads(out)["run"]
        assert (code, run["id"], run["shards"], run["exit_code"]) == (0, "spring", ["1/2", "2/2"], 6)


def test_from_one_file_to_one_table(said, tmp_path):
    code, out, _ = said("history", "export", "spring")
    assert code == 0
    (tmp_path / "a.json").write_text(out)
    code, out, err = said("history", "merge", "a.json", "a.json", "--report", "run.html")
    assert (code, err) == (6, "")
    assert "2 hosts: 1 changed, 1 failed" in out
    assert "no room" in (tmp_path / "run.html").read_text()
    code, out, _ = said("history", "merge", "a.json", "--json")
    document = json.loads(out)
    assert (code, document["command"], document["status"], document["exit_code"]) == (6, "history merge", "partial", 6)
    assert document["hosts"][1]["error"] == {"message": "no room", "hint": "make some", "exit_code": 6}


@pytest.mark.parametrize(
    ("words", "why", "command"),
    [
        pytest.param(["nope"], "there is no run nope", "history", id="no run"),
        pytest.param(["export", "nope"], "there is no run nope", None, id="nothing to export"),
        pytest.param(["merge", "nope"], "nope: No such file", "history merge", id="no file"),
        pytest.param(["merge", "a.json", "--report", "no/x"], "--report no/x", "history merge", id="no report"),
        pytest.param(["merge"], "Missing argument", "history merge", id="no files"),
    ],
)
def test_what_is_refused(said, tmp_path, words, why, command):
    (tmp_path / "a.json").write_text(said("history", "export", "spring")[1])
    code, out, err = said("history", *words)
    assert (code, why in err, out) == (2, True, "")
    if command:
        code, out, _ = said("history", *words, "--json")
        document = json.loads(out)
        assert (code, document["command"], document["status"]) == (2, command, "failed")


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("merge", "--help"), ("spring", "--help")], ids=" ".join)
def test_there_is_help(said, words):
    code, out, _ = said("history", *words)
    assert (code, "Usage: provisioner history" in out) == (0, True)
