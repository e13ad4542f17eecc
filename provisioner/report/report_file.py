"""The file of --report."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from provisioner.errors import UsageError
from provisioner.report import gate
from provisioner.runs.crash import as_bug
from provisioner.runs.outcome import Outcome


class ReportFile:
    """Where --report goes: proven to be writable before any host is contacted, complete or untouched at the end."""

    def __init__(self, path: str | None) -> None:
        """None: no report is wanted.

        Raises:
            UsageError: it cannot be written there.
        """
        self._path = Path(path).resolve() if path else None
        self._draft: Path | None = None
        if self._path is None:
            return
        try:
            if self._path.exists() and not self._path.is_file():
                with self._path.open("ab"):  # a pipe or a device; a directory is refused by this
                    return
            handle, draft = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            os.close(handle)
            self._draft = Path(draft)
        except OSError as cause:
            raise UsageError(
                f"--report {path}: {cause.strerror or cause}; nothing was contacted or changed",
                hint="name a file in a directory that exists and that you may write to",
            ) from cause

    def write(self, command: str, outcomes: Sequence[Outcome], run: str | None) -> None:
        """Write the page; when that fails, a warning says so, and the file is as it was."""

        def made() -> str:
            from provisioner.report.html import page

            return page(command, outcomes, run)

        self.write_page(made)

    def write_page(self, page: Callable[[], str]) -> None:
        """Like `write`, of what `page` returns; it is called when a report is wanted."""
        if self._path is None:
            return
        try:
            text = page()
        except Exception as cause:  # noqa: BLE001 # the result counts more than a page about it
            bug = as_bug(cause, f"--report {self._path}")
            gate.remark(f"warning: the report {self._path} could not be made; {bug.message}\n  -> {bug.hint}")
            return
        try:
            if self._draft is None:
                self._path.write_text(text, encoding="utf-8", errors="backslashreplace")
                return
            self._draft.write_text(text, encoding="utf-8", errors="backslashreplace")
            umask = os.umask(0)
            os.umask(umask)
            mode = self._path.stat().st_mode & 0o7777 if self._path.exists() else 0o666 & ~umask
            self._draft.chmod(mode)
            self._draft.replace(self._path)
        except OSError as cause:
            gate.remark(f"warning: the report {self._path} could not be written: {cause}")

    def close(self) -> None:
        """Leave no draft behind."""
        if self._draft is not None:
            self._draft.unlink(missing_ok=True)
