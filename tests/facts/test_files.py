"""The files of a host in its answer, one a frame or many in one."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import FactsError
from provisioner.facts.files import host_files
from provisioner.facts.frames import Frame, frames
from provisioner.host_files.host_file import HostFile
from provisioner.scripts.render import template_text
from tests.machine import needs
from tests.scripts.shells import SHELLS

FUNCTIONS = template_text("facts.sh").split("operating_system() {")[0]


def told(shell, paths, marked="", environment=None, prefix=""):
    """What `tell_files` makes of files that were put off."""
    needs(SHELLS[shell][0])
    later = "".join(f"later {path}\n" for path in paths)
    done = subprocess.run(
        [*SHELLS[shell], "-s", "n"],
        input=f"{prefix}{FUNCTIONS}\n{later}tell_files {marked or 'none'}\nprintf '\\n@@n done 0\\n'\n".encode(),
        capture_output=True,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    assert done.stderr == b""
    return list(host_files(frames(done.stdout.decode("utf-8", "surrogateescape"), "n")))


@pytest.mark.parametrize("shell", SHELLS)
def test_many_files_are_told_to_the_byte(shell, tmp_path):
    texts = [b"", b"one", b"two\n", b"contents\n\n\xff\x00\x81 @@n end files", "\u00fcber\n\n".encode()]
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"{number}.conf")
        paths[-1].write_bytes(text)
        paths[-1].chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(paths[2])
    found = told(shell, [*paths, link, paths[0]])
    assert [file.text.encode("utf-8", "surrogateescape") for file in found] == [*texts, texts[2]]
    assert [(file.path, file.asked) for file in found[-2:]] == [(str(paths[4]), ""), (str(paths[2]), str(link))]
    assert {file.mode for file in found} == {"640"}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 40_000])
def test_a_text_that_a_shell_keeps_is_whole_and_soon_there(shell, tmp_path, count):
    needs(SHELLS[shell][0])
    path = tmp_path / "daemon.json"
    path.write_text("\n".join(f' "label-{number}=\\n ü" ' for number in range(count)))
    script = f"{FUNCTIONS}\ntake {path}\nprintf '%s' \"$taken\""
    done = subprocess.run(
        [*SHELLS[shell], "-s", "n"], input=script, text=True, capture_output=True, check=True, timeout=60
    )
    assert (done.stdout.removesuffix("\n"), done.stderr) == (path.read_text(), "")


@pytest.mark.parametrize("shell", SHELLS)
def test_one_by_one_they_are_the_same(shell, tmp_path):
    paths = [tmp_path / "one", tmp_path / "two"]
    paths[0].write_bytes(b"\xff\n")
    paths[0].chmod(0o640)
    paths[1].symlink_to(paths[0])
    assert told(shell, paths, prefix="singly=1\n") == told(shell, paths)


@pytest.mark.parametrize("shell", sorted(SHELLS.keys() - {"busybox"}))  # which has that program built in
def test_without_a_program_that_lists_them_they_are_told_one_by_one(shell, tmp_path):
    """The mode is not known then."""
    for name in ("cat", "readlink", "busybox", "bash", "dash"):
        (tmp_path / name).symlink_to(shutil.which(name))
    path = tmp_path / "daemon.json"
    path.write_text("{}")
    (found,) = told(shell, [path], environment={"PATH": str(tmp_path)})
    assert (found.path, found.text) == (str(path), "{}")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("3\n/a\n/a\n644 root:root\n\ncontents\nab", id="shorter"),
        pytest.param("3\n/a\n/a\n644 root:root\n\ncontents\nabcd", id="longer"),
        pytest.param("3\n/a\n/a\n644 root:root\n\nabc", id="no contents"),
        pytest.param("3\n/a\n/a\ncontents\nabc", id="lines are missing"),
        pytest.param("x\n/a\n/a\n644 root:root\n\ncontents\nabc", id="no size"),
    ],
)
def test_what_is_not_as_it_was_announced_is_refused(body):
    with pytest.raises(FactsError):
        list(host_files([Frame("files", body)]))


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8")), max_size=5))
def test_texts_are_cut_where_they_end(texts):
    heads = "".join(f"{len(text.encode())}\n/{number}\n/{number}\n600 a:b\n\n" for number, text in enumerate(texts))
    found = host_files([Frame("files", f"{heads}contents\n{''.join(texts)}")])
    assert [file.text for file in found] == texts


def test_older_answers_have_one_a_frame():
    (found,) = host_files([Frame("file", "/real\n/asked\n600 a:b\n----i---\ntext\n")])
    assert found == HostFile(path="/real", asked="/asked", mode="600", owner="a:b", immutable=True, text="text\n")
