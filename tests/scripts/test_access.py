"""Who may read and write a file that a run replaces, copies or puts back: nobody else than before, and nobody less."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess

import pytest

from provisioner.facts.host import Host
from provisioner.planner.planner import plan
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import RUNNING
from tests.machine import lacks, needs
from tests.scripts.shells import SHELLS

PRELUDE = apply_script(
    plan("h", Host.of(RUNNING), (), Spec(registry_mirrors=["https://m.example"], install=False))
).split("step_1() {")[0]
ACL, LIST = "system.posix_acl_access", "a list"
ADM = 4
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def acl(*entries):
    """(tag, permissions, id) as the kernel keeps them: 1 owner, 2 user, 4 group, 0x10 mask, 0x20 others."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, bits, who) for tag, bits, who in entries)


ADMIN_MAY_WRITE = acl((1, 6, 2**32 - 1), (2, 6, 1234), (4, 0, 2**32 - 1), (0x10, 6, 2**32 - 1), (0x20, 0, 2**32 - 1))


def access(path):
    """All that decides who may read and write it, without the time that it was written."""
    names = sorted(os.listxattr(path))
    status = path.stat()
    return status.st_mode, status.st_uid, status.st_gid, [(name, os.getxattr(path, name)) for name in names]


@pytest.fixture
def file(tmp_path):
    """A file of root and adm, 0600, that one more account may write: to stat its mask looks like the group's mode."""
    path = tmp_path / "etc" / "daemon.json"
    path.parent.mkdir()
    path.write_text("{}")
    os.chown(path, 0, ADM)
    path.chmod(0o600)
    try:
        os.setxattr(path, ACL, ADMIN_MAY_WRITE)
        os.setxattr(path, "user.note", b"theirs")
    except OSError:
        lacks("this file system keeps no access control lists")
    assert path.stat().st_mode & 0o777 == 0o660
    return path


@pytest.fixture(params=SHELLS)
def run(request, tmp_path):
    shell, *options = SHELLS[request.param]
    needs(shell)

    def script(text, **environment):
        words = [shutil.which(shell), *options, "-s", "n", str(tmp_path / "run")]
        prelude = PRELUDE.replace("/var/lib/provisioner", str(tmp_path / "state"))
        whole = f"{prelude}\nmain() {{ trap finish EXIT; start s; {text}\nok; }}\nmain\n"
        return subprocess.run(
            words, input=whole, text=True, capture_output=True, check=False, timeout=30, env={**os.environ, **environment}
        )  # fmt: skip

    return script


def tools(folder, *names, busybox=("cp",)):
    """A PATH of these tools, some of them busybox's."""
    needs("busybox", *names)
    folder.mkdir()
    usual = ("sh", "cat", "date", "mkdir", "rm", "mv", "ls", "dd", "stat", "chown", "chmod", "wc", "sed", "sort", "cut")
    for name in {*usual, "sha256sum", "grep", "tail", "head", "tr", *names} - set(busybox):
        (folder / name).symlink_to(shutil.which(name))
    for name in busybox:
        (folder / name).symlink_to(shutil.which("busybox"))
    return f"{folder}"


def put(file, text="new"):
    return f"put {file} 640 root:root $(checksum {file}) '{text}'"


def test_a_file_that_is_replaced_keeps_all_of_it(file, run):
    before = access(file)
    answer = run(put(file))
    assert "finished 0" in answer.stdout, answer.stdout + answer.stderr
    assert file.read_text() == "new"
    assert access(file) == before
    assert access(next(file.parents[1].glob("run/backup/*"))) == before


def test_a_file_that_comes_back_has_all_of_it(file, run):
    before = access(file)
    answer = run(f"{put(file)}; drop {file} any; false")
    assert f"note put back {file}" in answer.stdout, answer.stdout + answer.stderr
    assert "rollback done" in answer.stdout
    assert (file.read_text(), access(file)) == ("{}", before)


def test_whoever_writes_into_the_old_file_later_changes_nothing_of_what_comes_back(file, run):
    """It may be open somewhere, or have another name."""
    other = file.with_name("other name")
    os.link(file, other)
    before = access(file)
    answer = run(f"{put(file)}; echo late >>'{other}'; false")
    assert "rollback done" in answer.stdout, answer.stdout + answer.stderr
    assert (file.read_text(), access(file), other.read_text()) == ("{}", before, "{}late\n")


def test_without_cmp_what_comes_back_is_looked_at_as_well(file, run, tmp_path):
    answer = run(f"{put(file)}; false", PATH=tools(tmp_path / "bin", "cp", busybox=()))
    assert "rollback done" in answer.stdout, answer.stdout + answer.stderr
    assert file.read_text() == "{}"


def test_of_a_file_that_somebody_else_has_changed_no_more_is_said_than_that(file, run):
    """Others were written before it, and come back after it."""
    other = file.with_name("other.json")
    answer = run(f"{put(other)}; put {file} 640 root:root {'0' * 64} new")
    assert f"error {file} was changed by somebody else since it was looked at, and stays as it is" in answer.stdout
    assert "nothing was written" not in answer.stdout
    assert "rollback done" in answer.stdout
    assert (file.read_text(), other.exists()) == ("{}", False)


def test_values_that_are_said_for_a_moment_change_nothing_of_it(file, run):
    before = access(file)
    ran = run(f"printf old >$RUN/revert; printf %s {file} >$RUN/revert.path; engine_reload() {{ ls -ln {file}; cat {file}; }};"
              f" reverted() {{ :; }}; {put(file)}; config_changed=reload; take_back")  # fmt: skip
    assert "finished 0" in ran.stdout, ran.stdout + ran.stderr
    assert "old" in ran.stdout
    assert (file.read_text(), access(file)) == ("{}", before)


def test_backups_have_all_of_it_and_the_ten_newest_of_ours_stay(file, run):
    before = access(file)
    others = ["daemon.json.bak", "daemon.json.mine.bak", "daemon.json.20200101.bak", "other.json.20200101T000000Z.bak"]
    ours = [f"daemon.json.20200101T0000{number:02}Z.bak" for number in range(14)]
    for name in (*others, *ours):
        (file.parent / name).write_text(name)
    assert "finished 0" in run(f"back_up {file}").stdout
    left = sorted(path.name for path in file.parent.iterdir())
    (new,) = set(left) - {*others, *ours, "daemon.json"}
    assert set(left) == {*others, *ours[5:], new, "daemon.json"}
    assert access(file.parent / new) == before


@pytest.mark.parametrize("busybox", [("cp",), ("cp", "ls", "dd", "stat", "chown")], ids=["cp", "more"])
def test_with_busybox_the_tools_for_lists_keep_them(file, run, tmp_path, busybox):
    os.removexattr(file, "user.note")
    before = access(file)
    answer = run(put(file), PATH=tools(tmp_path / "bin", "getfacl", "setfacl", "getfattr", busybox=busybox))
    assert "finished 0" in answer.stdout, answer.stdout + answer.stderr
    assert (file.read_text(), access(file)) == ("new", before)


@pytest.mark.parametrize("what", ["list", "attribute"])
def test_what_cannot_be_kept_is_refused(file, run, tmp_path, what):
    os.removexattr(file, ACL if what == "attribute" else "user.note")
    before, names = access(file), ("getfacl", "setfacl", "getfattr") if what == "attribute" else ()
    answer = run(put(file), PATH=tools(tmp_path / "bin", *names))
    said = "its access control list" if what == "list" else "its extended attributes"
    assert f"error {file} stays as it is, since a copy of it beside it cannot be made or cannot keep" in answer.stdout
    assert f"who may read and write it: {said}. " in answer.stdout
    assert f"setfacl -b {file}" in answer.stdout
    assert "rollback failed" not in answer.stdout
    assert (file.read_text(), access(file)) == ("{}", before)
    assert [path.name for path in file.parent.iterdir()] == ["daemon.json"]


def test_it_is_never_wider_not_for_a_moment(file, run, tmp_path):
    """After each command that touches it, the file on its way is root's alone or has what the old one has."""
    before, folder = access(file), tmp_path / "bin"
    folder.mkdir()
    for name in ("cp", "dd", "chmod", "chown", "mv", "setfacl", "ls"):
        tool = shutil.which(name)
        if tool:
            spy = f'#!/bin/sh\n{tool} "$@"; s=$?\nfor f in {file}.provisioner {file}.*.bak; do [ ! -e $f ] || cp -a $f {tmp_path}/seen.$$.{name}.${{f##*.}}; done\nexit $s\n'
            (folder / name).write_text(spy.replace("|| cp -a", f"|| {shutil.which('cp')} -a"))
            (folder / name).chmod(0o755)
    answer = run(f"back_up {file}; {put(file)}", PATH=f"{folder}:{os.environ['PATH']}")
    assert "finished 0" in answer.stdout, answer.stdout + answer.stderr
    seen = [access(path) for path in tmp_path.glob("seen.*")]
    assert len(seen) > 4
    assert all(one in {repr(before), "(33152, 0, 0, [])"} for one in map(repr, seen)), seen


def test_the_reason_why_a_file_cannot_be_written_is_the_systems(tmp_path, run):
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none", small], check=True)
    try:
        (small / "full").write_bytes(b"x" * 8192)
        answer = run(f"put {small}/daemon.json 644 root:root absent '{{}}'")
        left = [path.name for path in small.iterdir()]
    finally:
        subprocess.run(["umount", small], check=True)
    assert "No space left on device" in answer.stdout
    assert "copied" not in answer.stdout
    assert left == ["full"]


def test_a_new_file_has_the_mode_and_owner_that_was_asked_for(tmp_path, run):
    path = tmp_path / "new" / "daemon.json"
    assert "finished 0" in run(f"put {path} 640 root:{ADM} absent text").stdout
    assert (path.read_text(), path.stat().st_mode & 0o777, path.stat().st_gid) == ("text", 0o640, ADM)
