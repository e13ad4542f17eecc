"""Blobs on a host, this one: what is there of them, what another run has, and what is no such blob."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from provisioner.errors import ApplyError
from provisioner.remote.image_delivery import Stock, send, stage
from provisioner.transports.local import LocalTransport

CONTENT = b"layer" * 1000
BLOB = hashlib.sha256(CONTENT).hexdigest()
OTHER = "0" * 64
HOST = LocalTransport("web")


@pytest.fixture
def home(monkeypatch, tmp_path):
    """The home of an account that is not root."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/id"
    program.write_text("#!/bin/sh\necho 1000\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def images(home):
    return home / ".cache/provisioner/images"


def end(run):
    """Have the connection of a run be over."""
    (run / "holder").write_text("1 1\n")


def test_a_blob_comes_in_pieces_over_two_runs(home):
    first = stage(HOST, [BLOB, OTHER])
    assert first.sizes == {}
    assert first.room > 0
    run = Path(first.path)
    assert (run.parent, run.stat().st_mode & 0o777, run.parent.stat().st_mode & 0o777) == (images(home), 0o700, 0o700)
    with pytest.raises(ApplyError, match="could not be kept"):
        send(HOST, first, BLOB, begin=0, size=len(CONTENT), content=[CONTENT[:100], CONTENT[100:700]])
    end(run)
    second = stage(HOST, [BLOB, OTHER])
    assert second.sizes == {BLOB: 700}
    send(HOST, second, BLOB, begin=700, size=len(CONTENT), content=[CONTENT[700:]])
    assert (Path(second.path) / BLOB).read_bytes() == CONTENT
    assert [path.name for path in images(home).iterdir()] == [Path(second.path).name], "what is of no use went"
    end(Path(second.path))
    assert stage(HOST, [BLOB]).sizes == {BLOB: -1}


def test_what_a_run_in_progress_has_is_used_and_stays_there(home):
    first = stage(HOST, [BLOB, OTHER])
    run = Path(first.path)
    send(HOST, first, BLOB, begin=0, size=len(CONTENT), content=[CONTENT])
    (run / f"{OTHER}.part").write_bytes(b"abc")
    second = stage(HOST, [BLOB, OTHER])
    assert second.sizes == {BLOB: -1, OTHER: 3}
    with (Path(second.path) / f"{OTHER}.part").open("ab") as part:
        part.write(b"def")
    assert (run / f"{OTHER}.part").read_bytes() == b"abc"
    assert (run / BLOB).read_bytes() == CONTENT


def test_what_another_run_needs_of_one_that_is_over_stays(home):
    first = stage(HOST, [BLOB, OTHER])
    run = Path(first.path)
    send(HOST, first, BLOB, begin=0, size=len(CONTENT), content=[CONTENT])
    (run / f"{OTHER}.part").write_bytes(b"abc")
    end(run)
    assert stage(HOST, [BLOB]).sizes == {BLOB: -1}
    assert sorted(path.name for path in run.iterdir()) == [f"{OTHER}.part", "holder"]


def test_wrong_content_is_refused_and_gone(home):
    there = stage(HOST, [BLOB])
    with pytest.raises(ApplyError, match=f"sha256:{BLOB} arrived with other content"):
        send(HOST, there, BLOB, begin=0, size=len(CONTENT), content=[CONTENT[:-1], b"!"])
    assert [path.name for path in Path(there.path).iterdir()] == ["holder"]
    with pytest.raises(ApplyError, match="is not as it was"):
        send(HOST, there, BLOB, begin=700, size=len(CONTENT), content=[CONTENT[700:]])


def test_more_than_there_should_be_goes(home):
    run = Path(stage(HOST, [BLOB]).path)
    (run / f"{BLOB}.part").write_bytes(CONTENT + b"more")
    there = stage(HOST, [BLOB])
    assert there.sizes == {BLOB: len(CONTENT) + 4}
    with pytest.raises(ApplyError, match="is not as it was"):
        send(HOST, there, BLOB, begin=len(CONTENT), size=len(CONTENT), content=[])
    send(HOST, there, BLOB, begin=0, size=len(CONTENT), content=[CONTENT])
    assert (Path(there.path) / BLOB).read_bytes() == CONTENT


def test_what_nobody_has_gone_on_with_for_a_day_goes(home):
    runs = [Path(stage(HOST, [BLOB]).path) for _ in range(2)]
    end(runs[0])
    (runs[0] / f"{OTHER}.part").write_bytes(b"abc")
    for run in runs:
        subprocess.run(["touch", "-d", "3 days ago", run], check=True)
    stage(HOST, [BLOB])
    assert [run.is_dir() for run in runs] == [False, True]


def test_no_place(home):
    images(home).parent.mkdir(parents=True)
    images(home).write_text("a file")
    with pytest.raises(ApplyError, match="web: no place for what is sent: mkdir"):
        stage(HOST, [BLOB])


@pytest.mark.parametrize(
    ("version", "unpacks"),
    [("18.06.3-ce", False), ("20.10.24+dfsg1", False), ("23.0.0", True), ("28.5.2+dfsg4", True), ("", False)],
)
def test_who_unpacks_zstandard(version, unpacks):
    assert Stock(version, []).unpacks_zstandard is unpacks
