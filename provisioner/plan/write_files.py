"""Files that a plan writes or removes, as params of the step template `write_files`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.facts.model import Facts
from provisioner.host_files.host_file import HostFile
from provisioner.plan.model import FileDiff, Step


def write_files(
    step_id: str,
    title: str,
    why: str,
    facts: Facts,
    *,
    write: Mapping[str, str],
    remove: tuple[str, ...] = (),
) -> Step | None:
    """Return the step that makes the files in `write` read so and removes those in `remove`; None if all is so."""
    changes = [(path, facts.file(path), text) for path, text in write.items()]
    changes = [(path, before, text) for path, before, text in changes if before is None or before.text != text]
    if not changes and not remove:
        return None
    return Step(
        id=step_id,
        title=title,
        why=why,
        action="~" if any(before for _, before, _ in changes) else "+" if changes else "-",
        template="write_files",
        params={
            "write": [file_params(path, before, text) for path, before, text in changes],
            "remove": [{"path": path, "expected": _expected(facts, path)} for path in remove],
        },
        diffs=(
            *(FileDiff(path, before.text if before else None, text) for path, before, text in changes),
            *(FileDiff(path, (facts.file(path) or _EMPTY).text, None) for path in remove),
        ),
    )


def file_params(path: str, before: HostFile | None, text: str, how: str = "put") -> dict[str, Any]:
    """One entry of `write`: an existing file keeps its mode and owner, and must still be what was read.

    `how` is the function of templates/prelude.sh that writes it.
    """
    return {
        "path": before.path if before else path,
        "mode": before.mode if before else "644",
        "owner": before.owner if before else "root:root",
        "expected": before.sha256 if before else "absent",
        "text": text,
        "how": how,
    }


def _expected(facts: Facts, path: str) -> str:
    file = facts.file(path)
    return file.sha256 if file else "any"


_EMPTY = HostFile(path="", text="")
