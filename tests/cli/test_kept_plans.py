"""plan --out FILE and apply FILE, as they are typed."""

from __future__ import annotations

import json

import pytest

from provisioner.facts.host import Host
from provisioner.planner.planner import plan
from provisioner.runs import history
from provisioner.runs.outcome import Outcome
from provisioner.runs.plan_file import PlanDraft
from provisioner.runs.target import Target
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.wanted.spec import Spec
from tests.fake_host import NEW
from tests.hosts import RUNNING


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A plan of two hosts that nobody reaches."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    spec = Spec(registry_mirrors=(NEW,), install=False)
    draft, outcomes = PlanDraft("site.plan"), []
    for name in ("web1", "web2"):
        outcomes.append(Outcome(name, "planned", RUNNING, plan(name, Host.of(RUNNING), (), spec)))
        draft.keep(Target(SSHTransport(SSHOptions("127.0.0.1", port=1), name), spec, words=name), outcomes[-1])
    draft.write(outcomes, ["plan", "-i", "site.yaml", "--out", "site.plan"])


@pytest.mark.parametrize(
    "name", ["site.plan", "./site.plan", "{}/site.plan"], ids=["a name", "a path", "a path from the root"]
)
def test_a_plan_has_its_hosts(said, tmp_path, name):
    code, out, err = said("apply", name.format(tmp_path), "--yes", "--json", "--run", "ci-7")
    document = json.loads(out)
    assert (code, [host["name"] for host in document["hosts"]]) == (3, ["web1", "web2"])
    assert "site.plan, made" in err
    assert "provisioner plan -i site.yaml --out site.plan" in err
    run = history.run("ci-7")
    assert (run.command, run.counts) == ("apply", {"unreachable": 2})


def test_a_plan_is_shared_out_and_narrowed_by_the_brakes(said):
    code, out, _ = said("apply", "site.plan", "--yes", "--json", "--canary", "1", "--batch", "1")
    assert (code, [host["status"] for host in json.loads(out)["hosts"]]) == (3, ["unreachable", "unreachable"])
    shares = [json.loads(said("apply", "site.plan", "--yes", "--json", "--shard", f"{k}/2")[1]) for k in (1, 2)]
    assert sorted(host["name"] for share in shares for host in share["hosts"]) == ["web1", "web2"]


def test_a_look_at_a_plan(said):
    code, out, _ = said("apply", "site.plan", "--plan", "--json")
    assert (code, len(json.loads(out)["hosts"])) == (3, 2)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param(["--registry-mirror", "https://x.example"], "--registry-mirror https://x.example", id="a wish"),
        pytest.param(["--force"], "--force goes with `plan`", id="force"),
        pytest.param(["-i", "site.yaml"], "--inventory site.yaml goes with", id="an inventory"),
        pytest.param(["-l", "web1"], "--limit web1 goes with", id="a limit"),
        pytest.param(["-u", "root"], "--user root goes with", id="a login"),
        pytest.param(["web3"], "site.plan is a plan, which says itself what its hosts are", id="another host"),
        pytest.param(["./other.plan"], "site.plan is a plan", id="another path"),
    ],
)
def test_what_a_plan_says_is_said_once(said, words, why):
    code, _, err = said("apply", "site.plan", "--yes", *words)
    assert (code, why in " ".join(err.split())) == (2, True), err
    assert history.runs() == []


@pytest.mark.parametrize("word", ["./nope", "plans/nope.plan", "./site.yaml"])
def test_a_path_is_no_host(said, tmp_path, word):
    (tmp_path / "site.yaml").write_text("all: {}")
    code, _, err = said("apply", word, "--yes")
    assert (code, "there is no plan in a file of that name, and it is no host" in err) == (2, True)


def test_a_host_may_be_called_like_a_file(said, tmp_path):
    """That is no plan."""
    (tmp_path / "nowhere.invalid").write_text("all: {}")
    code, out, _ = said("apply", "nowhere.invalid", "--yes", "--json")
    assert (code, json.loads(out)["hosts"][0]["name"]) == (3, "nowhere.invalid")


def test_other_commands_take_no_plan(said):
    code, out, _ = said("verify", "site.plan", "--json", "--timeout", "1")
    assert (code, json.loads(out)["hosts"][0]["status"]) == (3, "unreachable")


def test_where_a_plan_cannot_go(said):
    code, _, err = said("plan", "127.0.0.1:1", "--out", "nowhere/x.plan")
    assert (code, "--out nowhere/x.plan: No such file or directory; nothing was contacted" in err) == (2, True)
    code, _, err = said("plan", "127.0.0.1:1", "--out", "x.plan")
    assert (code, "no plan was kept in x.plan" in err) == (3, True)
