from __future__ import annotations

import io
import re
import time

import pytest

from provisioner.cli.options import Output
from provisioner.report import lines as module
from provisioner.report.lines import Lines
from provisioner.report.live import Live
from provisioner.report.progress import watching
from provisioner.report.quiet import Progress
from provisioner.runs.outcome import Outcome
from tests.report.outcomes import unreachable


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def on_terminal(monkeypatch):
    """Call it in the test itself: capturing has put its own stderr there by then."""

    def on_terminal():
        stream = Terminal()
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", "90")
        monkeypatch.delenv("NO_COLOR", raising=False)
        return stream

    return on_terminal


def kind(output):
    with watching(output) as progress:
        return type(progress)


def test_which_one(on_terminal, monkeypatch):
    on_terminal()
    assert kind(Output()) is Live
    assert kind(Output(quiet=True)) is Progress
    monkeypatch.setenv("TERM", "dumb")
    assert kind(Output()) is Lines
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert kind(Output()) is Lines


def test_lines_name_their_hosts(capsys):
    with watching(Output()) as progress:
        progress.begin("changing", 2)
        progress.step("a", "")
        progress.step("a", "install packages")
        progress.note("a", "waiting for apt")
        progress.done(Outcome("a", "changed"))
        progress.done(unreachable("b"))
    progress.say("too late")
    assert capsys.readouterr().err.splitlines() == [
        "changing 2 hosts ...",
        "a: install packages ...",
        "a: waiting for apt",
        "a: changed [1/2]",
        "b: unreachable [2/2]",
    ]


def test_a_single_host_is_mentioned_when_it_takes_long(capsys, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with watching(Output()) as progress:
        progress.begin("looking at", 1)
        progress.step("a", "")
        time.sleep(0.3)
        progress.done(Outcome("a", "converged"))
    assert capsys.readouterr().err == "a: waiting for its answer ...\n"


def test_a_single_host_that_is_quick_is_not(capsys):
    with watching(Output()) as progress:
        progress.begin("looking at", 1)
        progress.step("a", "")
        progress.done(Outcome("a", "converged"))
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_a_few_hosts_and_counts_them_all(on_terminal):
    terminal = on_terminal()
    with watching(Output()) as progress:
        progress.begin("changing", 30)
        for number in range(12):
            progress.step(f"web{number:02}", "install packages")
        progress.done(unreachable("web00"))
        progress.say("something that stays")
        time.sleep(0.3)
    said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
    assert "install packages" in said
    assert "web10" in said
    assert "web11" not in said
    assert "changing hosts: 1/30 done, 1 failed, 1 more in progress" in said
    assert said.count("something that stays") == 1


def test_what_one_host_has_done_fits_into_the_terminal(on_terminal):
    terminal = on_terminal()
    packages = " ".join(f"docker-package-{number}=5:26.1.5-1~debian.13~trixie" for number in range(6))
    with watching(Output()) as progress:
        progress.begin("changing", 1)
        progress.step("web00", "install")
        progress.step_ended("web00", f"install {packages}", ok=True)
    said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue()).replace("\r", "\n").split("\n")
    assert any("docker-package-5" in line for line in said)
    assert max(map(len, said)) <= 90, said


@pytest.mark.parametrize("how", ["option", "environment"])
def test_no_colour(on_terminal, monkeypatch, how):
    terminal = on_terminal()
    if how == "environment":
        monkeypatch.setenv("NO_COLOR", "1")
    with watching(Output(no_color=how == "option")) as progress:
        progress.begin("changing", 2)
        progress.step("a", "install")
        progress.say("\x1b[32mgreen\x1b[0m")
        time.sleep(0.2)
    assert not re.search(r"\x1b\[3[0-9]", terminal.getvalue())


def test_the_terminal_is_left_as_it_was(on_terminal):
    terminal = on_terminal()

    def interrupted():
        with watching(Output()) as progress:
            progress.begin("changing", 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terminal.getvalue().rstrip().rfind("\x1b[?25h") > terminal.getvalue().rfind("\x1b[?25l")
