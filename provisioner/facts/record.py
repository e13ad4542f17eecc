"""What our last run left on the host, from /var/lib/provisioner/record, and what those files are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """`now` is the file's sha256 at present; "" when it is gone."""

    path: str
    sha256: str
    when: str
    now: str

    @property
    def untouched(self) -> bool:
        return self.now == self.sha256


@dataclass(frozen=True, slots=True)
class Record:
    """The files that runs have written, and the version of the engine at the end of the last one."""

    files: tuple[WrittenFile, ...] = ()
    engine: str = ""
    when: str = field(default="", compare=False)


def record(single: Mapping[str, str]) -> Record:
    """Read the frames `record` (lines KIND VALUE TIME NAME) and `record-now` (lines of sha256sum)."""
    now = {}
    for line in single.get("record-now", "").splitlines():
        digest, _, path = line.lstrip("\\").partition(" ")
        now[path[1:]] = digest
    files, engine, when = [], "", ""
    for line in single.get("record", "").splitlines():
        fields = line.split(" ", 3)
        if len(fields) < 4:
            continue
        kind, value, stamp, name = fields
        if kind == "file":
            files.append(WrittenFile(name, value, stamp, now.get(name, "")))
        elif kind == "engine":
            engine, when = value, stamp
    return Record(tuple(files), engine, when)
