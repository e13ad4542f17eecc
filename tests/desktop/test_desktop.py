"""Docker Desktop: a home of its own, and a `docker` on PATH that behaves like Desktop's."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from provisioner.cli.app import app
from provisioner.desktop.docker_desktop import Desktop, RolledBackError
from provisioner.desktop.engine import CONTEXT
from provisioner.errors import ApplyError, BlockedError, DaemonConfigurationError, UnsupportedError
from provisioner.transports import local_file
from provisioner.wanted.spec import MirrorChange

ONE, TWO = "https://one.example", "https://two.example"
PLACES = {
    "win32": "AppData/Roaming/Docker",
    "darwin": "Library/Group Containers/group.com.docker",
    "linux": ".docker/desktop",
}
DOCKER = """#!{python} -S
import json, os, sys
STATE = {state!r}
CONFIG = {config!r}
state = json.load(open(STATE))
words = sys.argv[1:]
state["said"].append(words)
if words[:2] == ["--context", "desktop-linux"]:
    words = words[2:]
code = 0
if words[:2] == ["context", "ls"]:
    print("default\\ndesktop-linux")
elif words[:2] == ["desktop", "version"]:
    code = 0 if state["cli"] else 1
elif words[:2] == ["desktop", "restart"]:
    state["restarts"] += 1
    if state["restarts"] == state["meddles"]:
        open(CONFIG, "w").write('{{"debug": true}}')
    try:
        config = json.loads(open(CONFIG, encoding="utf-8-sig").read() or "{{}}") if os.path.exists(CONFIG) else {{}}
    except ValueError:
        config = None
    if config is None or any("refused" in mirror for mirror in config.get("registry-mirrors", [])):
        state["info"] = None
        print("the engine did not start", file=sys.stderr)
        code = 1
    else:
        kept = state["stuck"] or [] if state["ignores"] or state["stuck"] else [url.rstrip("/") + "/" for url in config.get("registry-mirrors", [])]
        state["info"] = {{"ServerVersion": state["version"], "OperatingSystem": "Docker Desktop", "OSType": "linux",
                         "ContainersRunning": 0, "RegistryConfig": {{"Mirrors": kept or None}}}}
elif words[:1] == ["info"]:
    print(json.dumps(state["info"] or {{"ServerErrors": ["Cannot connect to the Docker daemon"]}}))
    code = 0 if state["info"] else 1
json.dump(state, open(STATE, "w"))
sys.exit(code)
"""


class Machine:
    """A user's machine. `platform` decides where Desktop keeps its things, and what is to be clicked."""

    def __init__(self, folder, platform, monkeypatch):
        self.home = folder / "home"
        (self.home / PLACES[platform]).mkdir(parents=True)
        self.config = self.home / ".docker" / "daemon.json"
        self.config.parent.mkdir(exist_ok=True)
        self.platform, self._state = platform, folder / "state.json"
        programs = folder / "bin"
        programs.mkdir()
        docker = programs / "docker"
        docker.write_text(DOCKER.format(python=sys.executable, state=str(self._state), config=str(self.config)))
        docker.chmod(0o755)
        monkeypatch.setenv("PATH", str(programs))
        self.set(said=[], restarts=0, cli=True, ignores=False, stuck=[], meddles=0, version="28.5.2", info=self.info())

    @staticmethod
    def info(mirrors=(), **more):
        system = {"ServerVersion": "28.5.2", "OperatingSystem": "Docker Desktop", "OSType": "linux"}
        return {**system, "ContainersRunning": 0, "RegistryConfig": {"Mirrors": list(mirrors)}, **more}

    def set(self, **values):
        state = self.state if self._state.exists() else {}
        self._state.write_text(json.dumps({**state, **values}))

    @property
    def state(self):
        return json.loads(self._state.read_text())

    @property
    def desktop(self):
        return Desktop(self.home, platform=self.platform, sleep=lambda seconds: None)

    def change(self, *mirrors, allow_restart=False):
        if mirrors and isinstance(mirrors[0], MirrorChange):
            (mirrors,) = mirrors
        desktop, self.told = self.desktop, []
        planned = desktop.plan(mirrors)
        backup = desktop.apply(planned, allow_restart=allow_restart, say=self.told.append)
        assert desktop.plan(mirrors).empty or planned.engine is None
        return backup


@pytest.fixture(params=PLACES)
def machine(request, tmp_path, monkeypatch):
    return Machine(tmp_path, request.param, monkeypatch)


def test_the_mirrors_join_what_stands_in_the_file(machine):
    before = b'{\r\n    "builder": {"gc": {"enabled": true}},\r\n\t"experimental":   false\r\n}\r\n'
    machine.config.write_bytes(before)
    machine.config.chmod(0o600)
    backup = machine.change(ONE, TWO)
    text = machine.config.read_bytes()
    assert text.startswith(before[: before.index(b"\r\n}")])
    assert json.loads(text)["registry-mirrors"] == [ONE, TWO]
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert backup.read_bytes() == before
    assert backup.name.startswith("daemon.json.2")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (machine.config, backup)} == {0o600}
    assert machine.state["restarts"] == 1
    assert ["--context", CONTEXT, "info", "--format", "{{json .}}"] in machine.state["said"]
    assert sorted(path.name for path in machine.config.parent.glob("daemon*")) == ["daemon.json", backup.name]


def test_nothing_to_do(machine):
    machine.config.write_text(f'{{"registry-mirrors": ["{ONE}/"]}}')
    machine.set(info=machine.info([f"{ONE}/"]))
    assert machine.desktop.plan([ONE]).empty
    assert machine.state["restarts"] == 0


def test_a_file_that_desktop_has_not_taken_up_is_restarted_as_it_is(machine):
    machine.config.write_text(f'{{"registry-mirrors": ["{ONE}"]}}')
    assert machine.change(ONE) is None
    assert machine.state["restarts"] == 1


@pytest.mark.parametrize("before", [None, "", "{}"], ids=["no file", "empty", "{}"])
def test_a_file_that_says_nothing(machine, before):
    if before is not None:
        machine.config.write_text(before)
    backup = machine.change(ONE)
    assert json.loads(machine.config.read_text()) == {"registry-mirrors": [ONE]}
    assert (backup is None) == (before is None)


def test_clear_after_set(machine):
    machine.config.write_text('{"debug": true}')
    machine.change(ONE)
    machine.change()
    assert json.loads(machine.config.read_text()) == {"debug": True, "registry-mirrors": []}


def test_clear_where_there_is_nothing_to_clear(machine):
    machine.config.write_text('{"debug": true}')
    assert machine.desktop.plan([]).empty


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (b'{\n  "debug": true,\n}', "line 3, column 1"),
        ('{"debug": true}'.encode("utf-16"), "not UTF-8"),
        (b"[]", "expected an object"),
    ],
    ids=["comma", "UTF-16", "list"],
)
def test_a_broken_file_is_refused_with_its_place(machine, before, says):
    machine.config.write_bytes(before)
    with pytest.raises(DaemonConfigurationError, match=says):
        machine.desktop.plan([ONE])
    assert machine.config.read_bytes() == before
    assert machine.state["restarts"] == 0


def test_a_byte_order_mark_of_a_windows_editor_is_no_obstacle(machine):
    machine.config.write_bytes(b'\xef\xbb\xbf{"debug": true}')
    machine.change(ONE)
    assert json.loads(machine.config.read_bytes()) == {"debug": True, "registry-mirrors": [ONE]}


def test_a_symlink_is_followed(machine):
    real = machine.home / "dotfiles.json"
    real.write_text("{}")
    machine.config.symlink_to(real)
    machine.change(ONE)
    assert machine.config.is_symlink()
    assert json.loads(real.read_text()) == {"registry-mirrors": [ONE]}


def test_a_symlink_to_nothing_is_refused(machine):
    machine.config.symlink_to(machine.home / "nowhere.json")
    with pytest.raises(ApplyError, match=r"symlink to .*nowhere.json, which does not exist"):
        machine.desktop.plan([ONE])


def test_a_file_that_somebody_else_edits_meanwhile_is_left_alone(machine):
    machine.config.write_text("{}")
    planned = machine.desktop.plan([ONE])
    machine.config.write_text('{"debug": true}')
    with pytest.raises(ApplyError, match="somebody else edits it"):
        machine.desktop.apply(planned, allow_restart=False, say=print)
    assert machine.config.read_text() == '{"debug": true}'


@pytest.mark.parametrize("before", ['{"debug": true}', None], ids=["file", "no file"])
def test_an_engine_that_does_not_start_is_rolled_back(machine, before):
    if before:
        machine.config.write_text(before)
    with pytest.raises(RolledBackError, match=r"restart failed: the engine did not start.*as it was.*runs again"):
        machine.change("https://refused.example")
    assert (machine.config.read_text() if machine.config.exists() else None) == before
    assert all("refused" not in path.read_text() for path in machine.config.parent.glob("daemon*"))
    assert machine.state["restarts"] == 2


def test_an_engine_that_comes_back_with_other_mirrors_is_rolled_back(machine):
    machine.set(ignores=True)
    with pytest.raises(RolledBackError, match=r"came back with the mirrors \(none\)"):
        machine.change(ONE)
    assert not machine.config.exists()


def test_an_engine_that_does_not_show_the_earlier_mirrors_is_not_called_rolled_back(machine):
    machine.set(stuck=["https://elsewhere.example/"])
    with pytest.raises(
        ApplyError, match=r"as it was, and its engine came back with the mirrors https://elsewhere"
    ) as raised:
        machine.change(ONE)
    assert not isinstance(raised.value, RolledBackError)
    assert not machine.config.exists()


def test_a_file_that_somebody_else_changes_during_the_way_back_is_not_called_as_it_was(machine):
    machine.set(meddles=2)
    with pytest.raises(ApplyError, match=r"is not as it was: somebody else") as raised:
        machine.change("https://refused.example")
    assert not isinstance(raised.value, RolledBackError)
    assert machine.config.read_text() == '{"debug": true}'


def test_containers_that_would_stop_are_named_first(machine):
    machine.set(info=machine.info(ContainersRunning=3))
    with pytest.raises(BlockedError, match=r"stops 3 running containers. Nothing was changed"):
        machine.change(ONE)
    assert not machine.config.exists()
    machine.change(ONE, allow_restart=True)
    assert machine.state["restarts"] == 1


@pytest.mark.parametrize(
    ("platform", "click"),
    [("win32", "notification area"), ("darwin", "menu bar"), ("linux", "systemctl --user restart docker-desktop")],
)
def test_a_desktop_before_4_37_is_restarted_by_hand(platform, click, tmp_path, monkeypatch):
    machine = Machine(tmp_path, platform, monkeypatch)
    machine.set(cli=False)
    with pytest.raises(BlockedError) as caught:
        machine.change(ONE)
    assert click in caught.value.hint
    assert json.loads(machine.config.read_text()) == {"registry-mirrors": [ONE]}
    assert machine.state["restarts"] == 0


def test_a_desktop_that_does_not_run_takes_them_when_it_starts(machine):
    machine.set(info=None)
    machine.change(ONE)
    assert "takes the mirrors when it starts" in machine.told[-1]
    assert machine.state["restarts"] == 0


def test_an_engine_that_is_no_desktop_is_left_alone(machine):
    machine.set(info=machine.info(OperatingSystem="Ubuntu 24.04"))
    with pytest.raises(UnsupportedError, match="no Docker Desktop: it says Ubuntu"):
        machine.desktop.plan([ONE])


def test_windows_containers_have_another_file(machine):
    machine.set(info=machine.info(OSType="windows"))
    with pytest.raises(UnsupportedError, match="Windows containers"):
        machine.desktop.plan([ONE])


@pytest.mark.parametrize("platform", PLACES)
def test_a_machine_without_desktop(platform, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnsupportedError, match="no Docker Desktop for the user"):
        Desktop(tmp_path, platform=platform).plan([ONE])


def test_a_mirror_with_a_path_on_an_old_engine(machine):
    machine.set(info=machine.info(ServerVersion="20.10.24"))
    with pytest.raises(ApplyError, match="has a path"):
        machine.desktop.plan([ONE + "/hub"])


def test_a_disk_that_is_full_leaves_everything_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "daemon.json"
    path.write_text("{}")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ApplyError, match=r"No space left on device. It is as it was"):
        local_file.replace(local_file.read(path), b"new")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("daemon.json", "{}")]


def test_add_and_remove_change_the_list_that_there_is(machine):
    machine.config.write_text(f'{{"debug": true, "registry-mirrors": ["{ONE}/"]}}')
    machine.set(info=machine.info([f"{ONE}/"]))
    assert machine.desktop.plan(MirrorChange(add=(ONE,))).empty
    machine.change(MirrorChange(add=(TWO,)))
    assert json.loads(machine.config.read_text()) == {"debug": True, "registry-mirrors": [ONE, TWO]}
    machine.change(MirrorChange(add=("https://three.example",), first=True))
    machine.change(MirrorChange(remove=(ONE, TWO)))
    assert json.loads(machine.config.read_text())["registry-mirrors"] == ["https://three.example"]
    assert machine.desktop.plan(MirrorChange(remove=(ONE,))).empty
    assert machine.state["restarts"] == 3


def test_what_is_added_is_rolled_back_as_what_is_set(machine):
    before = f'{{"registry-mirrors": ["{ONE}"]}}'
    machine.config.write_text(before)
    machine.set(info=machine.info([f"{ONE}/"]))
    with pytest.raises(RolledBackError, match="as it was"):
        machine.change(MirrorChange(add=("https://refused.example",)))
    assert machine.config.read_text() == before


def test_a_list_that_is_none_is_not_added_to(machine):
    machine.config.write_text(f'{{"registry-mirrors": "{ONE}"}}')
    with pytest.raises(ApplyError, match=r"registry-mirrors is no list of URLs. Nothing was changed"):
        machine.desktop.plan(MirrorChange(add=(TWO,)))
    assert "is no list of URLs" in machine.desktop.status().problems[0]
    assert machine.desktop.plan([TWO]).mirrors == (TWO,)


@pytest.mark.parametrize(
    ("text", "shown", "configured", "problem"),
    [
        (None, (), (), ""),
        (f'{{"registry-mirrors": ["{ONE}"]}}', (ONE,), (ONE,), ""),
        (
            f'{{"registry-mirrors": ["{ONE}/"]}}',
            (),
            (ONE,),
            f"says {ONE}, and the engine has none: it was not restarted",
        ),
        ("{}", (ONE,), (), f"says none, and the engine has {ONE}"),
        ("{,}", (), (), "the next start of Docker Desktop's engine will fail"),
    ],
    ids=["nothing", "as configured", "not restarted", "remembered", "broken"],
)
def test_status(machine, text, shown, configured, problem):
    if text:
        machine.config.write_text(text)
    machine.set(info=machine.info([f"{url}/" for url in shown]))
    found = machine.desktop.status()
    assert (found.version, found.shown, found.configured.urls) == ("28.5.2", shown, configured)
    assert found.configured.by == (str(machine.config) if configured else "")
    assert problem in found.problems[0] if problem else found.agrees
    machine.set(info=None)
    stopped = machine.desktop.status()
    assert (stopped.version, stopped.shown) == ("", None)


def test_mirrors_that_are_known_to_be_dead_or_restricted_are_told(machine):
    dead, own = "https://registry.docker-cn.com", "https://a1b2.mirror.aliyuncs.com"
    told = machine.desktop.plan([dead, own, "https://xxxx.mirror.aliyuncs.com", "https://docker.1ms.run"]).warnings
    assert ["dead since 2019" in told[0], "from its own cloud only" in told[1], "placeholder" in told[2]] == [True] * 3
    assert len(told) == 3


def run(machine, monkeypatch, *words):
    monkeypatch.setenv("HOME", str(machine.home))
    return CliRunner().invoke(app, ["mirror", *words, "--desktop"], catch_exceptions=False)


@pytest.fixture
def linux(tmp_path, monkeypatch):
    return Machine(tmp_path, "linux", monkeypatch)


def test_the_command_line(linux, monkeypatch):
    changed = run(linux, monkeypatch, "set", ONE + "/", "--yes")
    assert changed.exit_code == 0
    assert f'+{{\n+  "registry-mirrors": [\n+    "{ONE}"' in changed.output
    assert f"Docker Desktop: changed, mirrors {ONE}" in changed.output
    again = run(linux, monkeypatch, "set", ONE, "--yes", "--json")
    (host,) = json.loads(again.output)["hosts"]
    assert (host["status"], host["changed"], host["registry_mirrors"]) == ("converged", False, [ONE])
    cleared = run(linux, monkeypatch, "clear", "--yes", "--quiet")
    assert (cleared.exit_code, cleared.output) == (0, "Docker Desktop: changed, mirrors none\n")


def test_a_dead_mirror_is_told_before_it_is_written(linux, monkeypatch):
    changed = run(linux, monkeypatch, "set", "https://registry.docker-cn.com", "--yes")
    assert changed.exit_code == 0
    assert "warning: https://registry.docker-cn.com is known: dead since 2019" in changed.output
    again = run(linux, monkeypatch, "set", "https://hub-mirror.c.163.com", "--yes", "--json")
    (host,) = json.loads(again.stdout)["hosts"]
    assert "known: dead" in host["warnings"][0]


def test_what_goes_wrong_has_its_exit_code(linux, monkeypatch):
    failed = run(linux, monkeypatch, "set", "https://refused.example", "--yes", "--json", "--quiet")
    assert failed.exit_code == 6
    (host,) = json.loads(failed.output)["hosts"]
    assert host["status"] == "rolled_back"
    linux.set(info=linux.info(ContainersRunning=1))
    assert run(linux, monkeypatch, "set", ONE, "--yes").exit_code == 8


def test_nothing_is_imported_that_windows_lacks(linux):
    program = """
import sys
sys.modules.update(dict.fromkeys(("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")))
sys.argv = ["provisioner", "mirror", "set", "https://one.example", "--desktop", "--yes"]
from provisioner.cli.app import run
run()
"""
    environment = {**os.environ, "HOME": str(linux.home)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Docker Desktop: changed" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["set", ONE, "root@web01", "--yes"], "--desktop is about this machine"),
        (["set", "ftp://one.example", "--yes"], "needs http:// or https://"),
        (["set", ONE], "no terminal to ask on"),
        (["set", "--fastest", "1", "--yes"], "--fastest asks from hosts"),
        (["set", ONE, "--yes", "--canary", "2", "--run", "x"], "--canary 2 --run x is about engines on hosts"),
        (["set", ONE, "--yes", "-i", "hosts.yml", "--shard", "1/2"], "--inventory hosts.yml --shard 1/2 is about"),
        (["clear", "--yes", "--dask", "tls://one:8786"], "--dask tls://one:8786 is about engines on hosts"),
        (["add", ONE, "--yes", "--report", "report.html"], "--report report.html is about engines on hosts"),
        (["remove", ONE, "--yes", "--also", "podman"], "--also podman is about engines on hosts"),
        (["status", "-i", "hosts.yml"], "--inventory hosts.yml is about engines on hosts"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_touched(linux, monkeypatch, words, says):
    from provisioner.errors import UsageError

    with pytest.raises(UsageError, match=says):
        run(linux, monkeypatch, *words)
    assert not linux.config.exists()
    assert linux.state["said"] == []
