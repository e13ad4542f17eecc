"""The files of a host, as its answer tells them -> HostFile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.errors import FactsError, FileChangedError
from provisioner.facts.frames import Frame
from provisioner.host_files.host_file import HostFile

CONTENTS = "contents\n"


def host_files(answer: Iterable[Frame]) -> Iterator[HostFile]:
    """Return the files in the frames `files`, which have many, and `file`, of older answers, which have one.

    Raises:
        FileChangedError: the lengths of their texts are not those that were told before; somebody has just written one.
        FactsError: the frame is of an unknown form.
    """
    for frame in answer:
        if frame.name == "file":
            path, asked, status, attributes, text = [*frame.body.split("\n", 4), "", "", "", "", ""][:5]
            yield _file(path, asked, status, attributes, text)
        elif frame.name == "files":
            yield from _many(frame.body)


def _many(body: str) -> Iterator[HostFile]:
    """`body`: five lines a file, its size, where it really is, how it was asked for, mode and owner, attributes; a line
    `contents`; then the texts, one behind the other.
    """
    heads, found, contents = ("\n" + body).partition("\n" + CONTENTS)
    lines = heads.split("\n")[1:]
    rows = [lines[at : at + 5] for at in range(0, len(lines), 5)]
    content = contents.encode("utf-8", "surrogateescape")
    if not found or any(len(row) != 5 or not row[0].isdecimal() for row in rows):
        raise FactsError("the answer's frame 'files' is of an unknown form")
    if sum(int(row[0]) for row in rows) != len(content):
        raise FileChangedError("a file has changed while the host told it", hint="run the same command again")
    end = 0
    for size, path, asked, status, attributes in rows:
        begin, end = end, end + int(size)
        yield _file(path, asked, status, attributes, content[begin:end].decode("utf-8", "surrogateescape"))


def _file(path: str, asked: str, status: str, attributes: str, text: str) -> HostFile:
    mode, _, owner = status.partition(" ")
    return HostFile(
        path=path,
        asked=asked if asked != path else "",
        mode=mode or "644",
        owner=owner or "root:root",
        immutable="i" in attributes,
        text=text,
    )
