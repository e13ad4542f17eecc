"""Parts of a run, exported and put together."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ApplyError, UsageError
from provisioner.plan.model import StepResult
from provisioner.report.html import run_page
from provisioner.report.json_text import json_text
from provisioner.report.merged import merged_document, merged_text
from provisioner.runs import history, history_export
from provisioner.runs.history import Journal
from provisioner.runs.history_export import export_document, read_export
from provisioner.runs.history_merge import merge
from provisioner.runs.outcome import Outcome
from provisioner.runs.past_run import PastHost, PastRun, PastShard
from provisioner.wanted.spec import Spec

HOST = PastHost(
    *("a", "", "changed"), done=True, changed=True, docker_version="28.3", registry_mirrors=("https://m.example",),
    error=None, hint=None, exit_code=0, seconds=1.5, at=10.0,
)  # fmt: skip
FAILED = replace(HOST, status="failed", done=False, changed=False, error="no room", hint="make some", exit_code=6)
PENDING = replace(HOST, status="pending", done=False, changed=False, exit_code=0, at=0.0)


def part(*hosts, shard="1/1", run="ci-7", command="apply", started=1.0, ended=2.0):
    shards = (PastShard(shard, started, ended),)
    return PastRun(run, command, ("apply", "--shard", shard, "-y"), "", None, started, ended, {}, (), hosts, shards)


def named(name, host=HOST):
    return replace(host, name=name)


def merged(*parts):
    return merge([(f"{number}.json", one) for number, one in enumerate(parts, 1)])


def test_parts_become_one_run():
    found = merged(part(named("b"), named("c"), shard="2/2", started=3.0, ended=9.0), part(named("a"), shard="1/2"))
    assert [host.name for host in found.run.hosts] == ["a", "b", "c"]
    assert (found.run.counts, found.missing, found.exit_code) == ({"changed": 3}, (), 0)
    assert (found.run.started, found.run.ended, found.run.argv) == (1.0, 9.0, ("apply", "-y"))
    assert [shard.name for shard in found.run.shards] == ["1/2", "2/2"]


@pytest.mark.parametrize(
    ("parts", "code", "missing", "said"),
    [
        pytest.param([part(named("a", FAILED), shard="1/2"), part(shard="2/2")], 6, (), "no room", id="a failure"),
        pytest.param([part(HOST, shard="1/3")], 2, ("2/3", "3/3"), "2 shards are missing: 2/3, 3/3", id="missing"),
        pytest.param([part(FAILED, shard="2/2")], 6, ("1/2",), "1 shard is missing: 1/2", id="missing and failed"),
        pytest.param([part(PENDING, ended=None)], 130, (), "since the run was cut off", id="cut off"),
        pytest.param([part(PENDING, ended=None), part(HOST)], 0, (), "ci-7: 1 changed", id="and begun again"),
        pytest.param([part(HOST), part(PENDING, started=5.0, ended=None)], 0, (), "1 changed", id="known before"),
        pytest.param([part(shard="1/2"), part(shard="2/2")], 0, (), "ci-7", id="no hosts"),
        pytest.param([part(HOST, shard="")], 0, (), "1 changed", id="not divided"),
    ],
)
def test_what_a_merge_ends_with(parts, code, missing, said):
    found = merged(*parts)
    assert (found.exit_code, found.missing) == (code, missing)
    assert said in merged_text(found)
    document = json.loads(json_text(merged_document(found, "history merge")))
    assert (document["exit_code"], document["shards"]["missing"]) == (code, list(missing))
    assert document["status"] == ("ok" if code == 0 else "partial" if code == 2 else "failed")
    assert all((host["error"] or {"exit_code": 0})["exit_code"] in {0, code} for host in document["hosts"])
    page = run_page(found, "history merge")
    assert all(f"missing: {', '.join(missing)}" in page for _ in missing)


def test_of_a_host_in_two_files_the_later_word_counts():
    later = replace(HOST, status="converged", changed=False, at=20.0)
    for parts in ([part(HOST), part(later)], [part(later), part(HOST)]):
        (host,) = merged(*parts).run.hosts
        assert (host.status, host.changed, host.at) == ("changed", True, 20.0)
    failed = replace(FAILED, at=20.0)
    assert merged(part(failed), part(HOST)).exit_code == 6


@pytest.mark.parametrize(
    ("other", "why"),
    [
        pytest.param({"run": "ci-8"}, "their run is ci-8 and ci-7", id="run"),
        pytest.param({"command": "remove"}, "their command is remove and apply", id="command"),
        pytest.param({"shard": "1/3"}, "their number of shards is 3 and 2", id="division"),
        pytest.param({"shard": ""}, "their number of shards is 0 and 2", id="no division"),
    ],
)
def test_parts_of_different_runs_are_refused(other, why):
    with pytest.raises(UsageError, match=rf"2\.json and 1\.json are not parts of one run: {why}"):
        merged(part(shard="1/2"), part(**{"shard": "2/2"} | other))


STATUSES = {"changed": 0, "converged": 0, "failed": 6, "skipped": 0, "cancelled": 130, "pending": 0, "unreachable": 3}


@st.composite
def hosts(draw):
    status = draw(st.sampled_from(sorted(STATUSES)))
    return PastHost(
        draw(st.sampled_from("abcd")),
        "",
        status,
        status in {"changed", "converged"} or (status == "skipped" and draw(st.booleans())),
        status == "changed" or (status == "failed" and draw(st.booleans())),
        *(None, (), "x" if STATUSES[status] else None, None),
        STATUSES[status],
        0.0,
        0.0 if status == "pending" else draw(st.integers(1, 5)) * 1.0,
    )


@given(st.lists(st.lists(hosts(), unique_by=lambda host: host.name), min_size=1, max_size=5), st.randoms())
def test_files_may_come_in_any_order_and_more_than_once(fleets, mix: random.Random):
    parts = [part(*fleet) for fleet in fleets]
    found = merged(*parts)
    again = [*parts, *mix.sample(parts, mix.randint(0, len(parts)))]
    mix.shuffle(again)
    other = merged(*again)
    assert [(host.name, host.status, host.changed) for host in found.run.hosts] == [
        (host.name, host.status, host.changed) for host in other.run.hosts
    ]
    assert {host.name for host in found.run.hosts} == {host.name for fleet in fleets for host in fleet}
    for host in found.run.hosts:
        assert host.changed == any(word.changed for fleet in fleets for word in fleet if word.name == host.name)


@pytest.fixture
def written(tmp_path, monkeypatch):
    """The file of a run with two hosts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    journal = Journal(
        *("apply", ["apply", "--source", "https://u:s3cr3t@m.example"]),
        {"a": Spec(daemon={"labels": ["token=s3cr3t"]}), "b": Spec()},
        warn=pytest.fail,
        run="ci-7",
        shard="1/2",
    )
    journal.add(Outcome("a", "changed", results=(StepResult("x", "ok"),)))
    journal.add(Outcome("b", "failed", error=ApplyError("token=s3cr3t", hint="https://u:s3cr3t@m.example")))
    journal.end()
    file = tmp_path / "a.json"
    file.write_text(json_text(export_document(history.run("ci-7"))))
    return file


def test_what_is_exported_is_what_is_read(written):
    there, record = read_export(str(written)), history.run("ci-7")
    assert there.hosts == tuple(replace(host, wanted="") for host in record.hosts)
    assert (there.id, there.shards, there.argv, there.counts) == (
        record.id,
        record.shards,
        record.argv,
        {"changed": 1, "failed": 1},
    )


def test_an_export_has_no_secrets(written):
    assert "s3cr3t" not in written.read_text()
    assert "wanted" not in written.read_text()


def put(*path, value):
    def change(document):
        place = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(put("schema", value=2), "another version: its schema is 2", id="another schema"),
        pytest.param(put("kind", value="x"), "kind: ", id="another kind"),
        pytest.param(put("hosts", 1, "status", value="fine"), "hosts.1: .*status 'fine'", id="an unknown status"),
        pytest.param(put("hosts", 1, "exit_code", value=0), "hosts.1: .*failed and exit_code 0", id="a failure hidden"),
        pytest.param(put("hosts", 1, "status", value="changed"), "hosts.1: ", id="a success made up"),
        pytest.param(put("hosts", 1, "done", value=True), "hosts.1: .*failed and done True", id="done and failed"),
        pytest.param(put("hosts", 1, "seconds", value="1"), "hosts.1.seconds: ", id="another type"),
        pytest.param(put("hosts", 1, "seconds", value=-1), "hosts.1.seconds: ", id="a negative time"),
        pytest.param(put("hosts", 1, "at", value=1e300), "hosts.1.at: ", id="an endless time"),
        pytest.param(put("hosts", 1, "exit_code", value=10**30), "hosts.1.exit_code: ", id="a huge number"),
        pytest.param(put("hosts", 1, "more", value=1), "hosts.1.more: ", id="an unknown key"),
        pytest.param(put("hosts", 1, "name", value="a"), "host 'a' is there twice", id="a host twice"),
        pytest.param(put("hosts", 1, "name", value=""), "hosts.1.name: ", id="no name"),
        pytest.param(put("hosts", 1, "name", value="x" * 2000), "hosts.1.name: ", id="a long name"),
        pytest.param(put("shards", 0, "name", value="3/2"), "shards.0: .*'3/2' is not K/N", id="no shard"),
        pytest.param(put("run", value="last"), "cannot be the name of a run", id="a word of history"),
        pytest.param(put("run", value="../x"), "cannot be the name of a run", id="no name of a run"),
        pytest.param(put("hosts", value={}), "hosts: ", id="no list"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_place(written, change, why):
    document = json.loads(written.read_text())
    change(document)
    written.write_text(json.dumps(document))
    with pytest.raises(UsageError, match=rf"a\.json: .*{why}"):
        read_export(str(written))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "line 1 column 0", id="empty"),
        pytest.param(b'{"schema": 1,\n "kind": ', "line 2 column 9", id="cut off"),
        pytest.param(b"[" * 100_000, "Invalid JSON", id="deep"),
        pytest.param(b"\xff\xfe\x00", "Invalid JSON", id="no text"),
        pytest.param(b"null", "should be an object", id="null"),
        pytest.param(b'{"schema": NaN}', "schema: ", id="not a number"),
    ],
)
def test_broken_files_are_refused(tmp_path, content, why):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(UsageError, match=rf"x\.json: .*{why}"):
        read_export(str(tmp_path / "x.json"))


def test_a_file_without_end_is_not_read_to_it(monkeypatch):
    monkeypatch.setattr(history_export, "LARGEST", 1000)
    with pytest.raises(UsageError, match="/dev/zero: larger than"):
        read_export("/dev/zero")
    with pytest.raises(UsageError, match="/nowhere: No such file"):
        read_export("/nowhere")


def test_names_from_elsewhere_do_nothing_on_a_page():
    found = merged(part(named("<script>", FAILED)))
    assert "<script>" not in run_page(found, "history merge")
