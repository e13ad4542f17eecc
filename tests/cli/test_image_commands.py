"""What commands about images print, and ask of hosts at a time."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer

from provisioner.cli.app import app
from provisioner.cli.connection import Connection
from provisioner.cli.image_options import ImageConnection, LoadConnection, RunConnection
from provisioner.cli.option_groups import lost_letters
from provisioner.errors import UsageError
from provisioner.images.drift import Container, Stale
from provisioner.images.listing import Row
from provisioner.images.spread import Copy
from provisioner.images.usage import Taken, Usage
from provisioner.images.words import filters
from provisioner.report.image_df import df_text
from provisioner.report.image_drift import drift_lines, drift_text
from provisioner.report.images import matrix_text
from provisioner.runs.image_df import Disk
from provisioner.runs.image_drift import Drift, Upstream
from provisioner.runs.images import Listed

ODD = "web\x1b[31m\n\u202e"
GONE = Stale(Container(ODD, "sha256:" + "1" * 64, "app:1", running=True), "app:1", "")


def test_disks_are_walked_on_five_hosts_at_a_time():
    image = typer.main.get_command(app).commands["image"]
    defaults = {parameter.name: parameter.default for parameter in image.commands["df"].params}
    assert defaults["forks"] == 5


def test_nothing_is_said_when_all_is_well():
    assert drift_lines([Drift("a"), Drift("b")]) == ""
    assert drift_text([Drift("a"), Drift("b")], []) == "no drift"


ROW = Row("redis", "7", "<none>", "sha256:" + "1" * 64, "3 weeks ago", "", "1MB")


@pytest.mark.parametrize(
    ("rows", "names", "last"),
    [
        pytest.param((), (), "no image with a name on 2 hosts", id="none at all"),
        pytest.param((), ("nosuch", "zoo*"), "no image nosuch or zoo* on 2 hosts", id="none of these"),
        pytest.param((ROW,), ("redis",), "1 image on 2 hosts; 1 missing on some", id="one"),
    ],
)
def test_which_images_hosts_have_is_counted(rows, names, last):
    assert matrix_text([Listed("a", rows=rows), Listed("b")], names=names).splitlines()[-1] == last


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("dangling", "'dangling' is no filter without a value", "dangling=true"),
        ("label=", "'label=' is no filter without a value", "label=..."),
        ("color=red", "'color=red' is no filter", "filters are before=..."),
        ("dangling=maybe", "dangling is true or false, not 'maybe'", ""),
    ],
)
def test_a_filter_that_is_none_is_told_with_the_way_out(text, message, hint):
    with pytest.raises(UsageError) as raised:
        filters([text])
    assert (raised.value.message, raised.value.hint.startswith(hint)) == (message, True)


def test_a_host_with_drift_is_one_line_whatever_its_containers_are_called():
    (line,) = drift_lines([Drift("a", stale=(GONE, GONE)), Drift("b")]).split("\n")
    assert line.startswith("a: app:1 container web")
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_what_no_registry_told_is_one_line_for_all_hosts():
    untold = (Upstream("app:1", Copy("id", frozenset(), 1), "", said="no such host\x1b[2J"),)
    rows = [Drift("a", upstream=untold), Drift("b", upstream=untold)]
    assert {row.exit_code for row in rows} == {4}
    (line,) = drift_lines(rows).split("\n")
    assert line.startswith("app:1 was not compared with a registry on a, b: no such host")
    assert "\x1b" not in line


def test_a_sum_of_rounded_sizes_says_that_it_is_one():
    exact, rounded = Usage({"images": Taken(1, 0, 1000, 0)}), Usage({"images": Taken(1, 0, 2000, 0)}, exact=False)
    text = df_text([Disk("a", usage=exact), Disk("b", usage=rounded)])
    assert [line.split()[1] for line in text.splitlines()[1:3]] == ["1kB", "~2kB"]
    assert "~3kB (0B)" in text
    assert "from rounded sizes" in text


@pytest.mark.parametrize(
    ("connection", "lost"),
    [
        (Connection, set()),
        (ImageConnection, {"-f/--forks"}),
        (LoadConnection, {"-f/--forks", "-i/--inventory"}),
        (RunConnection, {"-f/--forks", "-i/--inventory", "-l/--limit", "-p/--port", "-u/--user"}),
    ],
)
def test_letters_that_are_dockers(connection, lost):
    assert set(lost_letters(connection, Connection)) == lost


@pytest.mark.processes
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--on", "root@127.0.0.1:1", "busybox"), "check the address, --port and whether sshd runs there"),
        (("--inventory", "no.such.file", "busybox"), "check --inventory"),
        (("--limit", "web", "busybox"), "--limit narrows an inventory"),
    ],
)
def test_a_message_of_image_run_names_no_letter_that_is_dockers(words, hint):
    asked = [sys.executable, "-m", "provisioner", "image", "run", "--known-hosts", os.devnull, *words]
    said = subprocess.run(asked, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL).stderr
    assert hint in said
    assert "/--" not in said
