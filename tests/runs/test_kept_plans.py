"""Plans that are kept in a file, and carried out as they were shown on hosts that are as they were."""

from __future__ import annotations

import dataclasses
import json
import stat
import time
import typing
from dataclasses import replace

import pytest

from provisioner.cli.connection import Connection
from provisioner.errors import UsageError
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.host_files.host_file import HostFile
from provisioner.plan import rests_on as rests
from provisioner.plan.model import Restart
from provisioner.plan.rests_on import differences, rests_on
from provisioner.planner.planner import plan
from provisioner.report.plan_file import about_text, kept_text
from provisioner.runs import one_host, plan_file
from provisioner.runs.history import fingerprint
from provisioner.runs.kept_plan import KeptPlan
from provisioner.runs.kept_target import script_digest
from provisioner.runs.outcome import Outcome
from provisioner.runs.plan_file import PlanDraft, is_plan, read_plan
from provisioner.runs.shards import Shard
from provisioner.runs.target import Target
from provisioner.transports.local import LocalTransport
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.wanted.spec import Spec
from tests.fake_host import NEW, OLD, FakeHost
from tests.hosts import RUNNING

SPEC = Spec(registry_mirrors=(NEW,), install=False, daemon={"debug": True})
FACTS = replace(RUNNING, daemon_json=HostFile("/etc/docker/daemon.json", '{"log-level": "warn"}\n'))


class Nobody:
    def password(self, prompt):
        return f"typed at {prompt}"

    def warn(self, text):
        pytest.fail(text)


def target(name="web1", **options):
    reached = SSHOptions(**{"host": "192.0.2.1", "user": "ops", "port": 2222} | options)
    return Target(SSHTransport(reached, name), SPEC, words=f"{name} -u ops", options="--hold")


def planned(name, facts=FACTS, spec=SPEC):
    return Outcome(name, "planned", facts, plan(name, Host.of(facts), (), spec))


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Keep the plans of these targets; returns the file."""
    monkeypatch.chdir(tmp_path)

    def kept(*targets, outcomes=None, argv=("plan",)):
        draft = PlanDraft("site.plan")
        outcomes = outcomes or [planned(target.name) for target in targets]
        for one, outcome in zip(targets, outcomes, strict=True):
            draft.keep(one, outcome)
        kept.secret = draft.write(outcomes, argv)
        draft.close()
        assert {path.name for path in tmp_path.iterdir()} <= {"site.plan"}
        return tmp_path / "site.plan"

    return kept


def read(path, **options):
    return read_plan(str(path)).targets(Connection(**options), Nobody())


def test_a_plan_comes_back_with_its_host(kept):
    before = target(known_hosts="known", key_files=("keys/id", "~/.ssh/id"), accept_new=True, timeout=3.5, jump="j@k")
    path = kept(before)
    (after,) = read(path)
    assert after.transport.options == replace(
        before.transport.options,
        known_hosts=str(path.parent / "known"),
        key_files=(str(path.parent / "keys/id"), "~/.ssh/id"),
    )
    assert (after.name, after.words, after.options, after.force) == ("web1", "web1 -u ops", "--hold", False)
    assert after.spec == SPEC
    assert fingerprint(after.spec) == fingerprint(SPEC)
    assert script_digest(after.kept.plan) == script_digest(planned("web1").plan)
    assert after.kept.plan.diffs == planned("web1").plan.diffs
    assert after.kept.plan_for(FACTS) is after.kept.plan


def test_this_machine_is_a_host_too(kept):
    (after,) = read(kept(Target(LocalTransport("here"), SPEC), outcomes=[planned("here")]))
    assert isinstance(after.transport, LocalTransport)
    assert after.name == "here"


def test_only_its_owner_reads_it(kept):
    path = kept(target())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert stat.S_IMODE(kept(target()).stat().st_mode) == 0o600


def test_that_it_holds_secrets_is_said(kept):
    kept(target())
    assert kept.secret is False
    secret = replace(FACTS, daemon_json=HostFile("/etc/docker/daemon.json", '{"http-proxy": "http://me:s3cr3t@p"}\n'))
    kept(target(), outcomes=[planned("web1", secret)])
    assert kept.secret is True
    assert "holds secrets" in kept_text("site.plan", [], secret=True)


def test_it_keeps_no_passwords(kept):
    path = kept(replace(target(password="s3cr3t"), become_password="t0ps3cr3t"))
    assert "s3cr3t" not in path.read_text()
    with pytest.raises(UsageError, match="web1 was reached with one") as refused:
        read(path, ask_become_pass=True)
    assert "-k/--ask-pass" in refused.value.hint
    with pytest.raises(UsageError) as refused:
        read(path, ask_pass=True)
    assert "-K/--ask-become-pass" in refused.value.hint
    (after,) = read(path, ask_pass=True, ask_become_pass=True)
    assert (after.transport.options.password, after.become_password) == (
        "typed at SSH password: ",
        "typed at sudo password: ",
    )


def test_the_words_that_made_it_are_masked(kept):
    assert "s3cr3t" not in kept(target(), argv=["plan", "--source", "https://u:s3cr3t@m.example"]).read_text()


def test_a_shard_of_a_plan(kept):
    names = [f"web{number}" for number in range(8)]
    path = kept(*map(target, names))
    found = [[one.name for one in read(path, shard=f"{number}/2")] for number in (1, 2)]
    assert found == [[name for name in names if Shard(number, 2).has(name)] for number in (1, 2)]


def test_hosts_that_could_not_be_planned_are_told(kept):
    outcomes = [planned("web1"), Outcome("web2", "unreachable", error=UsageError("nobody there"))]
    file = read_plan(str(kept(target(), target("web2"), outcomes=outcomes)))
    assert file.left_out == {"web2": "nobody there"}
    assert "1 host was left out of it, such as web2: nobody there" in about_text(file)


def test_without_any_plan_there_is_no_file(kept):
    failed = Outcome("web1", "unreachable", error=UsageError("nobody there"))
    assert not kept(target(), outcomes=[failed]).exists()
    assert kept.secret is None


@pytest.mark.parametrize(
    ("age", "said"), [(5, "made 5 seconds ago"), (90, "1 minute ago"), (90_000, "1 day ago"), (691_200, "it is old")]
)
def test_its_age_is_told(kept, age, said):
    file = replace(read_plan(str(kept(target()))), made=time.time() - age)
    assert said in about_text(file)
    assert "made 1 second ago" in about_text(replace(file, made=time.time() + 100)) or age


def tampered(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda document: document["hosts"][0]["plan"]["steps"].clear(), id="a step less"),
        pytest.param(lambda document: document["hosts"][0]["ssh"].update(host="192.0.2.9"), id="another host"),
        pytest.param(lambda document: document["hosts"][0]["rests_on"].clear(), id="another condition"),
        pytest.param(lambda document: document["hosts"].append(document["hosts"][0]), id="a host twice"),
        pytest.param(lambda document: document.update(digest="sha256:00"), id="another digest"),
    ],
)
def test_a_plan_that_was_changed_is_refused(kept, change):
    path = kept(target())
    tampered(path, change)
    with pytest.raises(UsageError, match=r"site\.plan: it is not what was written"):
        read(path)


def test_white_space_is_no_change(kept):
    path = kept(target())
    tampered(path, lambda _: None)
    assert len(read(path)) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param('{"kind": "provisioner-plan"', "no whole plan", id="cut off"),
        pytest.param('{"kind": "provisioner-plan"}', "no whole plan: 'digest'", id="nothing in it"),
        pytest.param('["kind": "provisioner-plan"]', "no whole plan", id="no JSON"),
        pytest.param("[" * 100_000, "no whole plan", id="deep"),
        pytest.param('["kind"]', "no whole plan", id="no object"),
        pytest.param('{"digest": "", "schema": 2}', "its schema is 2, and this one reads 1", id="another schema"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, content, why):
    (tmp_path / "x.plan").write_text(content)
    with pytest.raises(UsageError, match=rf"x\.plan: .*{why}"):
        read_plan(str(tmp_path / "x.plan"))


def test_a_version_that_renders_another_script_refuses(kept):
    path = kept(target())

    def other(document):
        document["hosts"][0]["script"] = "00" * 32
        del document["digest"]
        document["digest"] = plan_file._digest(document)

    tampered(path, other)
    with pytest.raises(UsageError, match="would run another script on web1 than the one that was shown"):
        read(path)


@pytest.mark.parametrize("name", ["web1", "no such", "/", "/dev/zero", "x\0y", "", "/etc/passwd", "other.json"])
def test_what_is_no_plan(kept, name):
    path = kept(target())
    (path.parent / "other.json").write_text('{"schema": 1}')
    assert is_plan("site.plan")
    assert is_plan(str(path))
    assert not is_plan(name)


def test_what_is_no_plan_is_not_overwritten(kept):
    path = kept(target())
    (path.parent / "notes").write_text("mine")
    for name in ("notes", "."):
        with pytest.raises(UsageError, match="it is there, and is no plan"):
            PlanDraft(name)
    with pytest.raises(UsageError, match="No such file"):
        PlanDraft("nowhere/x")
    assert (path.parent / "notes").read_text() == "mine"


def changed(**facts):
    return replace(FACTS, **facts)


ENGINE = FACTS.engine


@pytest.mark.parametrize(
    ("now", "said"),
    [
        pytest.param(
            changed(daemon_json=HostFile("/etc/docker/daemon.json", "{}")),
            "/etc/docker/daemon.json has changed",
            id="a file",
        ),
        pytest.param(
            changed(daemon_json=replace(FACTS.daemon_json, mode="600")), "daemon.json has changed", id="its mode"
        ),
        pytest.param(changed(daemon_json=None), "/etc/docker/daemon.json is gone", id="a file less"),
        pytest.param(changed(packages={**FACTS.packages, "docker-ce": "5:99"}), "packages docker-ce", id="a package"),
        pytest.param(changed(hostname="other"), "hostname was", id="another machine"),
        pytest.param(changed(kernel="9.9"), "and is 9.9", id="another kernel"),
        pytest.param(
            changed(engine=replace(ENGINE, info=replace(ENGINE.info, mirrors=("https://x.example",)))),
            "engine info mirrors is new: https://x.example",
            id="mirrors",
        ),
    ],
)
def test_what_has_changed_is_said(now, said):
    whole = planned("web1").plan
    assert said in differences(rests_on(FACTS, whole), rests_on(now, whole))


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(changed(clock=7, clock_skew=1.0, memory=7, disk_free={"/": 1}), id="measured"),
        pytest.param(changed(engine=replace(ENGINE, pid=7)), id="another process"),
        pytest.param(changed(users=frozenset({"somebody"})), id="an account that is nobody's"),
        pytest.param(changed(engine=replace(ENGINE, info=replace(ENGINE.info, containers_running=9))), id="containers"),
    ],
)
def test_what_changes_by_itself_is_no_change(now):
    whole = replace(planned("web1").plan, restart=Restart("reload"))
    assert differences(rests_on(FACTS, whole), rests_on(now, whole)) == ""


def test_containers_count_where_they_would_stop():
    whole = replace(planned("web1").plan, restart=Restart("restart"))
    now = changed(engine=replace(ENGINE, info=replace(ENGINE.info, containers_running=9)))
    assert "running containers was" in differences(rests_on(FACTS, whole), rests_on(now, whole))


def test_an_account_that_is_wanted_counts():
    whole = planned("web1").plan
    now = changed(users=frozenset({"ops"}))
    assert differences(rests_on(FACTS, whole, ("ops",)), rests_on(now, whole, ("ops",))) == "user ops is new: there"


def test_of_many_differences_a_few_are_told():
    said = differences({}, {f"packages p{number}": "1" for number in range(9)})
    assert said.endswith("and 3 more")


def classes(owner):
    """The dataclasses that facts are made of, by name."""
    found = {owner.__name__: owner}
    for hint in typing.get_type_hints(owner).values():
        for part in (hint, *typing.get_args(hint)):
            if dataclasses.is_dataclass(part) and part.__name__ not in found:
                found |= classes(part)
    return found


def test_what_is_left_out_is_a_fact():
    known = classes(Facts)
    for name, left_out in rests._CHANGES_BY_ITSELF.items():
        assert left_out <= {field.name for field in dataclasses.fields(known[name])}


def test_a_host_that_is_as_it_was_gets_what_was_shown():
    host = FakeHost("web1", OLD)
    wanted = Target(host, Spec(registry_mirrors=(NEW,), install=False), force=True)
    shown = one_host.plan(wanted)
    plan_of_it = KeptPlan(shown.plan, rests_on(shown.facts, shown.plan))
    again = one_host.plan(replace(wanted, kept=plan_of_it))
    assert (again.status, again.plan) == ("planned", shown.plan)
    outcome = one_host.apply(wanted, again, allow_restart=False, on_step=lambda *_: None)
    assert (outcome.status, host.changed) == ("changed", 1)


def test_a_host_that_is_not_as_it_was_is_blocked():
    host = FakeHost("web1", OLD)
    wanted = Target(host, Spec(registry_mirrors=(NEW,), install=False), force=True)
    shown = one_host.plan(wanted)
    host.mirror = "https://third.example"
    again = one_host.plan(replace(wanted, kept=KeptPlan(shown.plan, rests_on(shown.facts, shown.plan))))
    assert (again.status, again.exit_code, again.plan) == ("blocked", 8, None)
    assert "engine info mirrors was https://old.example, and is https://third.example" in again.error.message
    assert "/etc/docker/daemon.json has changed" in again.error.message
