"""What every command shows of 1, 3 and 60 hosts on terminals of 80, 120 and 200 columns, as text that was looked at.

`pytest tests/report --update-golden` writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.report import gate
from provisioner.report.cells import cells
from provisioner.report.paint import coloured
from tests.report.scenes import COUNTS, WIDTHS
from tests.report.shown import SHOWN, shown

GOLDEN = Path(__file__).parent / "golden"
WHOLE = re.compile(
    r"  +[-+ @\\]|      |.*(?:provisioner |ssh-keyscan |systemctl |apt-get |--[a-z]|>>|\$|/etc/docker|https://\S+  )"
)
"""Lines that may be longer than the terminal: of files, of diffs, with a command to paste, with what a host printed."""


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    import time

    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def agrees(name, text, request):
    path = GOLDEN / name
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("report", SHOWN)
def test_text_is_as_it_was_looked_at(report, count, request):
    parts = [f"{f' {width} columns ':=^{width}}\n{gate.shown(shown(report, count, width))}\n" for width in WIDTHS]
    agrees(f"{report}-{count}.txt", "\n".join(parts), request)


@pytest.mark.parametrize("report", ["apply", "plan", "check"])
def test_colours_are_as_they_were_looked_at(report, request):
    text = gate.shown(shown(report, 3, 120, coloured)).replace("\x1b", "\\e")
    agrees(f"{report}-3-colour.txt", text + "\n", request)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("report", SHOWN)
def test_lines_fit_but_for_what_is_pasted(report, count, width):
    lines = gate.shown(shown(report, count, width)).split("\n")
    assert [line for line in lines if cells(line) > width and not WHOLE.match(line)] == []


@pytest.mark.parametrize("report", SHOWN)
def test_sixty_hosts_are_a_few_screens(report):
    assert len(shown(report, 60, 120).split("\n")) < 130
