"""--shard, on every command that takes many hosts."""

from __future__ import annotations

import json
import re

import pytest
import typer

from provisioner.cli import app as cli
from provisioner.runs import history
from provisioner.runs.shards import Shard

INVENTORY = """\
all:
  vars: {ansible_host: 127.0.0.1, ansible_port: 1, docker: {registry_mirrors: [https://m.example]}}
  children:
    rack_a: {hosts: {web1: , web2: , web3: }}
    rack_b: {hosts: {web4: , web5: }}
    single: {hosts: {alone: }}
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "i.yaml").write_text(INVENTORY)


def commands(group, words=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        elif any("--shard" in parameter.opts for parameter in command.params):
            yield " ".join([*words, name]), command


COMMANDS = dict(commands(typer.main.get_command(cli.app)))
WORDS = {
    "mirror set": ["https://m.example"],
    "mirror add": ["https://m.example"],
    "mirror remove": ["https://m.example"],
    "image pull": ["redis:7"],
    "image rm": ["redis:7"],
    "image drift": ["redis:7"],
    "image run": ["redis:7"],
}
"""What a command needs besides hosts."""
OF_ONE_HOST = {"image save", "render script"}
EMPTY = next(f"{number}/9" for number in range(1, 10) if not Shard(number, 9).has("alone"))


def test_every_command_that_takes_an_inventory_takes_a_share_of_it():
    every = typer.main.get_command(cli.app)

    def lacking(group, words=()):
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from lacking(command, (*words, name))
            else:
                options = {option for parameter in command.params for option in parameter.opts}
                if "--inventory" in options and not {"--shard", "--keep-together", "--limit"} <= options:
                    yield " ".join([*words, name])

    assert list(lacking(every)) == []
    assert len(COMMANDS) > 20


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("name", sorted(set(COMMANDS) - OF_ONE_HOST - {"image push", "image load"}))
def test_an_empty_shard_is_fine(said, name, as_json):
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    words = ["--inventory", "i.yaml", "--limit", "alone", "--shard", EMPTY]
    words += ["--yes"] if "--yes" in options else []
    words += ["--json"] if as_json and "--json" in options else []
    code, out, err = said(*name.split(), *words, *WORDS.get(name, []))
    assert (code, err) == (0, f"shard {EMPTY}: none of the hosts is in it; nothing is to be done here\n")
    if "--json" in words:
        document = json.loads(out)
        assert document["schema"] == 1
        assert document.get("status", "ok") == "ok"
    else:
        assert out == ""


def test_a_rollout_over_an_empty_shard_is_a_part_of_its_run(said):
    words = ("apply", "-i", "i.yaml", "-l", "alone", "--yes", "--run", "ci-7", "--shard", EMPTY, "--json")
    code, out, _ = said(*words)
    assert (code, json.loads(out)["run"]) == (0, "ci-7")
    run = history.run("ci-7")
    assert ([shard.name for shard in run.shards], run.hosts, bool(run.ended)) == ([EMPTY], (), True)
    assert said(*words, "--resume")[0] == 0


@pytest.mark.parametrize("name", ["image rm", "image prune", "image pull"])
def test_what_is_done_to_images_is_a_part_of_its_run(said, name):
    words = ["--inventory", "i.yaml", "--limit", "alone", "--shard", EMPTY, "--run", "ci-7"]
    words += ["--yes"] if name == "image prune" else []
    assert said(*name.split(), *words, *WORDS.get(name, []))[0] == 0
    run = history.run("ci-7")
    assert (run.command, [shard.name for shard in run.shards], bool(run.ended)) == (name, [EMPTY], True)
    code, _, err = said("apply", "-i", "i.yaml", "-l", "alone", "--yes", "--run", "ci-7", "--shard", EMPTY)
    assert (code, f"the history has a run of this name, of `{name}`" in " ".join(err.split())) == (2, True)


def hosts_of(said, *words):
    code, out, _ = said("plan", "-i", "i.yaml", "--json", *words)
    assert code in {0, 3}
    return [host["name"] for host in json.loads(out)["hosts"]]


def test_shards_share_the_hosts_out(said):
    shares = [hosts_of(said, "--shard", f"{number}/3") for number in (1, 2, 3)]
    assert sorted(name for share in shares for name in share) == ["alone", "web1", "web2", "web3", "web4", "web5"]


def test_a_limit_narrows_a_shard(said):
    every, some = [
        [hosts_of(said, "--shard", f"{number}/2", *limit) for number in (1, 2)]
        for limit in ((), ("-l", "rack_a,alone"))
    ]
    assert [[name for name in share if name not in {"web4", "web5"}] for share in every] == some


def test_hosts_of_a_group_stay_together(said):
    shares = [hosts_of(said, "--shard", f"{number}/5", "--keep-together", "rack_*") for number in range(1, 6)]
    share = {name: number for number, names in enumerate(shares) for name in names}
    assert len(share) == 6
    assert share["web1"] == share["web2"] == share["web3"]
    assert share["web4"] == share["web5"]


def test_hosts_that_are_named_are_shared_out_too(said):
    names = ["root@127.0.0.1:1", "root@127.0.0.2:1", "root@127.0.0.3:1"]
    found = []
    for number in (1, 2):
        _, out, _ = said("plan", *names, "--json", "--shard", f"{number}/2")
        found += [host["name"] for host in json.loads(out)["hosts"]]
    assert sorted(found) == names


def test_a_canary_and_batches_are_of_the_shard(said):
    mine = [name for name in ("web1", "web2", "web3", "web4", "web5", "alone") if Shard(1, 2).has(name)]
    assert len(mine) > 2
    words = ("apply", "-i", "i.yaml", "--yes", "--shard", "1/2", "--canary", "1", "--batch", "50%", "--json")
    code, out, _ = said(*words)
    states = {host["name"]: host["status"] for host in json.loads(out)["hosts"]}
    assert (code, states) == (3, dict.fromkeys(mine, "unreachable"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param(["plan", "-i", "i.yaml", "--shard", "5/4"], "--shard 5/4: not a share", id="no share"),
        pytest.param(["plan", "-i", "i.yaml", "--keep-together", "rack_*"], "--shard K/N", id="not divided"),
        pytest.param(["plan", "web1", "--shard", "1/2", "--keep-together", "x"], "-i/--inventory", id="no groups"),
        pytest.param(
            ["plan", "-i", "i.yaml", "--shard", "1/2", "--keep-together", "rock*"], "rack_a, rack_b", id="no such group"
        ),
        pytest.param(["apply", "-i", "i.yaml", "--yes", "--run", "last"], "name of a run", id="a word of history"),
        pytest.param(["apply", "-i", "i.yaml", "--yes", "--run", "../x"], "name of a run", id="no name"),
        pytest.param(["apply", "-i", "i.yaml", "--plan", "--run", "x"], "--plan begins none", id="no run"),
        pytest.param(["image", "prune", "-i", "i.yaml", "--plan", "--run", "x"], "begins none", id="no run of images"),
        pytest.param(["image", "rm", "x:1", "-i", "i.yaml", "--run", "a/b"], "name of a run", id="no name there"),
    ],
)
def test_a_mistake_contacts_nobody(said, words, why):
    code, _, err = said(*words)
    assert (code, why in re.sub(r"\s+", " ", err)) == (2, True), err
    assert history.runs() == []
