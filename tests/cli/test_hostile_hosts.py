"""Hosts whose answers are odd on purpose: each harms itself alone, and nothing of it acts on the terminal."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest

from provisioner.cli.options import Output, ReportedOutput, Rollout
from provisioner.cli.result import answers, table
from provisioner.cli.rollout import roll_out
from provisioner.cli.survey import survey
from provisioner.report.facts import facts_document, facts_text
from provisioner.report.findings import check_document, check_text
from provisioner.report.history import run_document, run_text, runs_text
from provisioner.report.mirror_status import mirror_status_document, mirror_status_text
from provisioner.runs import check, facts, history, mirror_status, one_host, status
from tests.fake_host import NEW, FakeHost, target

DEEP = "\x01DEEP\x01"
HUGE = "\x01HUGE\x01"


class Odd(FakeHost):
    """Its docker info is changed by `change`."""

    def __init__(self, name, change, **more):
        super().__init__(name, **more)
        self.change = change

    def _facts(self, nonce):
        text = super()._facts(nonce)
        info = re.search(r"(?<=begin docker-info\n).*", text).group()
        document = json.loads(info)
        self.change(document)
        changed = json.dumps(document, ensure_ascii=False)
        changed = changed.replace(json.dumps(DEEP), "[" * 50_000 + "]" * 50_000).replace(json.dumps(HUGE), "9" * 6000)
        return text.replace(info, changed)


def setting(**values):
    return lambda document: document.update(values)


ODD = {
    "undecodable": setting(Name="caf\udce9", Labels=["a=\udcff"], Warnings=["\udce9"]),
    "line ends": setting(Labels=["a\x85b", "c\u2028d"], Warnings=["x\x85y"]),
    "escape": setting(ServerVersion="26.1\x1b[2J\x9b31m\u202e\n99", Name="\x1b]0;x\x07"),
    "mirror": setting(RegistryConfig={"Mirrors": ["https://m.example/\x1b[31m\n", "\u202e"]}),
    "containers": setting(ContainersRunning="three"),
    "mirrors": setting(RegistryConfig={"Mirrors": 5}),
    "mirror is a number": setting(RegistryConfig={"Mirrors": [5, None]}),
    "registries": setting(RegistryConfig=["x"]),
    "warnings": setting(Warnings=7),
    "version": setting(ServerVersion={"a": []}),
    "deep": setting(Labels=DEEP),
    "huge": setting(ContainersRunning=HUGE),
    "infinite": setting(MemTotal=float("inf"), NCPU=1e308),
    "huge memory": setting(MemTotal=10**300, ContainersRunning=10**300),
}
HARMLESS = {"undecodable", "escape", "infinite", "huge memory"}


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["provisioner", "apply"])


@pytest.fixture(params=ODD)
def odd(request):
    return request.param, [FakeHost("web0", NEW), Odd("web1", ODD[request.param], mirror=NEW), FakeHost("web2", NEW)]


def harmless(text):
    for char in text:
        assert char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
        assert char != "\u202e"
    return text


def look(hosts, output):
    return survey("plan", list(map(target, hosts)), one_host.plan, output, forks=3, plans=True)


def compare(hosts, output):
    return survey("status", list(map(target, hosts)), status.status, output, forks=3)


def check_hosts(hosts, output):
    checked = check.check(list(map(target, hosts)), forks=3)
    return max(
        row.exit_code for row in table(checked, output, document=check_document, text=check_text, failed=check.failed)
    )


def show_facts(hosts, output):
    gathered = facts.facts(list(map(target, hosts)), forks=3)
    return answers(gathered, output, document=facts_document, text=facts_text, failed=facts.failed)


def show_mirrors(hosts, output):
    found = mirror_status.mirror_status(list(map(target, hosts)), forks=3)
    shown = table(found, output, document=mirror_status_document, text=mirror_status_text, failed=mirror_status.failed)
    return max(row.exit_code for row in shown)


def change(hosts, output):
    return roll_out("mirror set", list(map(target, hosts)), Rollout(yes=True), output, forks=3)


COMMANDS = [look, compare, check_hosts, show_facts, show_mirrors, change]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_others_are_shown_as_ever(odd, command, capsys):
    name, hosts = odd
    code = command(hosts, ReportedOutput(as_json=True, quiet=True))
    document = json.loads(harmless(capsys.readouterr().out))
    assert [host["name"] for host in document["hosts"]] == ["web0", "web1", "web2"]
    first, own, last = document["hosts"]
    assert first["error"] is None
    assert last["error"] is None
    if name in HARMLESS:
        assert code in {0, 9}
    else:
        assert (own["error"] is None) == (code == 0)
    command(hosts, ReportedOutput(quiet=True))
    said = capsys.readouterr()
    text = harmless(said.out + said.err)
    assert "Traceback" not in text
    assert all(f"web{number}" in text for number in range(3))


@pytest.mark.parametrize("name", ["escape", "mirror", "undecodable"])
def test_the_history_replays_nothing_raw(name, capsys):
    hosts = [Odd("web0", ODD[name], mirror=NEW), FakeHost("web1")]
    change(hosts, ReportedOutput(quiet=True))
    capsys.readouterr()
    from provisioner.report import gate

    run = history.run("last")
    assert [host.name for host in run.hosts] == ["web0", "web1"]
    gate.result(run_text(run))
    gate.result(runs_text([run]))
    gate.document(run_document(run))
    harmless(capsys.readouterr().out)


def test_no_host_gets_a_row_it_was_not_given(capsys):
    forged = setting(ServerVersion="26.1\nweb9  changed", RegistryConfig={"Mirrors": ["https://x\nweb8  changed"]})
    change([Odd("web0", forged, mirror=NEW), FakeHost("web1", NEW)], ReportedOutput(quiet=True))
    lines = capsys.readouterr().out.split("\n")
    assert [line.partition(" ")[0] for line in lines[:3]] == ["HOST", "web0", "web1"]
    assert not any(line.startswith(("web8", "web9")) for line in lines)


SECRET = "s3cr3t"


class Secretive(FakeHost):
    """Passwords wherever a host has them."""

    def _facts(self, nonce):
        text = super()._facts(nonce)
        info = re.search(r"(?<=begin docker-info\n).*", text).group()
        document = json.loads(info)
        document |= {
            "HttpProxy": f"http://me:{SECRET}@proxy:3128",
            "HttpsProxy": f"me:{SECRET}@proxy:3128",
            "Labels": [f"registry-token={SECRET}"],
            "Warnings": [f'dial: {{"password": "{SECRET}"}}'],
        }
        text = text.replace(info, json.dumps(document))
        return text.replace("{\n", f'{{\n    "log-opts": {{"splunk-token": "{SECRET}"}},\n', 1)


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("command", COMMANDS)
def test_secrets_of_hosts_stay_there(command, as_json, capsys, tmp_path):
    host = Secretive("web0")
    assert SECRET in host._facts("x")
    output = ReportedOutput(as_json=as_json, verbose=True, report=str(tmp_path / "report.html"))
    command([host, FakeHost("web1")], output)
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()


def test_facts_as_json_are_exact_but_for_secrets(capsys):
    show_facts([Secretive("web0")], Output(as_json=True))
    (host,) = json.loads(capsys.readouterr().out)["hosts"]
    raw = host["engine"]["info"]["raw"]
    assert raw["HttpProxy"] == "http://***@proxy:3128"
    assert raw["Labels"] == ["registry-token=***"]
    assert '"splunk-token": "***"' in host["daemon_json"]["text"]
    assert raw["Driver"] == "overlay2"
