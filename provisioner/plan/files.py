"""Files that a plan writes or removes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from provisioner.facts.model import Facts
from provisioner.host_files.host_file import HostFile
from provisioner.plan.model import Action, FileDiff, Step


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that is to read `text`; None: it goes.

    An existing file keeps its mode and owner, and must still be what was read; `before` is None where there is none,
    or where it was not read (`unread`). `how` is the function of templates/prelude.sh that writes it.
    """

    path: str
    before: HostFile | None
    text: str | None
    how: Literal["put", "put_options"] = "put"
    unread: bool = False

    @property
    def needed(self) -> bool:
        return self.unread or (self.before.text if self.before else None) != self.text

    @property
    def diff(self) -> FileDiff:
        gone = "" if self.text is None else None
        return FileDiff(self.path, self.before.text if self.before else gone, self.text)

    def written(self) -> dict[str, Any]:
        """The change for a template that writes the file."""
        before = self.before
        return {
            "path": before.path if before else self.path,
            "mode": before.mode if before else "644",
            "owner": before.owner if before else "root:root",
            "expected": before.sha256 if before else "absent",
            "text": self.text or "",
            "how": self.how,
        }

    def removed(self) -> dict[str, str]:
        """The change for a template that removes the file."""
        return {"path": self.path, "expected": self.before.sha256 if self.before else "any"}


def write_files(
    step_id: str,
    title: str,
    why: str,
    changes: Iterable[FileChange],
    *,
    action: Action | None = None,
    reread_units: bool = False,
) -> Step | None:
    """Return the step that makes `changes`; None when all is so already.

    `action` is its symbol, where what happens to the files does not tell. `reread_units` has systemd read its unit
    files again afterwards.
    """
    needed = [change for change in changes if change.needed]
    write = [change for change in needed if change.text is not None]
    remove = [change for change in needed if change.text is None]
    if not needed:
        return None
    happens: Action = "~" if any(change.before for change in write) else "+" if write else "-"
    params: dict[str, Any] = {
        "write": [change.written() for change in write],
        "remove": [change.removed() for change in remove],
        "units_changed": reread_units,
    }
    diffs = tuple(change.diff for change in (*write, *remove))
    return Step(step_id, title, why, action or happens, "write_files", params, diffs)


def source_changes(facts: Facts, *, write: Mapping[str, str], remove: Iterable[str] = ()) -> list[FileChange]:
    """Return the changes to files of package sources and their keys."""
    return [
        *(FileChange(path, facts.file(path), text) for path, text in write.items()),
        *(FileChange(path, file := facts.file(path), None, unread=file is None) for path in remove),
    ]
