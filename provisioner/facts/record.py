"""What our last run left on the host, from /var/lib/provisioner/record, and what those files are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from provisioner.facts.frames import Frame

REMOVED = "none"
"""What the record says of the engine when the last run has removed it."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """`now` is the file's sha256 at present; "" when it is gone.

    `before` and `after` are its text as it was written and as it is, of one that has changed; None where it is gone,
    and where nobody kept it: that of keys, and of files over 64 KiB.
    """

    path: str
    sha256: str
    when: str
    now: str
    before: str | None = None
    after: str | None = None

    @property
    def untouched(self) -> bool:
        return self.now == self.sha256


@dataclass(frozen=True, slots=True)
class Record:
    """The files that runs have written, and the version of the engine at the end of the last one, or REMOVED."""

    files: tuple[WrittenFile, ...] = ()
    engine: str = ""
    when: str = field(default="", compare=False)


def record(single: Mapping[str, str], answer: Iterable[Frame] = ()) -> Record:
    """Read the frames `record` (lines KIND VALUE TIME NAME) and `record-now` (lines of sha256sum), and those of files
    that have changed, `as-written` and `as-edited`: the path on a line, then the text.
    """
    texts: dict[str, dict[str, str]] = {"as-written": {}, "as-edited": {}}
    for frame in answer:
        if frame.name in texts:
            path, _, text = frame.body.partition("\n")
            texts[frame.name][path] = text
    now = {}
    for line in single.get("record-now", "").split("\n"):
        digest, _, path = line.lstrip("\\").partition(" ")
        now[path[1:]] = digest
    files, engine, when = [], "", ""
    for line in single.get("record", "").split("\n"):
        fields = line.split(" ", 3)
        if len(fields) < 4:
            continue
        kind, value, stamp, name = fields
        if kind == "file":
            before, after = texts["as-written"].get(name), texts["as-edited"].get(name)
            files.append(WrittenFile(name, value, stamp, now.get(name, ""), before, after))
        elif kind == "engine":
            engine, when = value, stamp
    return Record(tuple(files), engine, when)
