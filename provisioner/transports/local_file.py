"""A configuration file of this machine, replaced in one go. Pure Python: it runs on Windows too."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from provisioner.errors import ApplyError


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file as it was read; `path` is where the last symlink leads, `content` None when there is no file."""

    path: Path
    asked: Path
    content: bytes | None

    @property
    def text(self) -> str | None:
        """Decoded so that bytes which are not UTF-8 survive, and newlines stay as they are."""
        return None if self.content is None else self.content.decode("utf-8", "surrogateescape")


def read(path: Path) -> LocalFile:
    """Return the file at `path`, through symlinks.

    Raises:
        ApplyError: it is a symlink to nothing, no regular file, or cannot be read.
    """
    real = Path(os.path.realpath(path))
    if not real.exists():
        if path.is_symlink():
            raise ApplyError(
                f"{path} is a symlink to {real}, which does not exist. Nothing was changed.",
                hint=f"put a file at {real}, or remove the symlink",
            )
        return LocalFile(real, path, None)
    if not real.is_file():
        raise ApplyError(f"{real} is no regular file. Nothing was changed.", hint=f"remove {real} and run again")
    try:
        return LocalFile(real, path, real.read_bytes())
    except OSError as cause:
        raise ApplyError(f"{real} cannot be read: {cause.strerror or cause}. Nothing was changed.") from cause


def replace(file: LocalFile, content: bytes | None, *, backup: bool = True) -> Path | None:
    """Give the file new content, complete or not at all; None removes it. Returns the path of the backup.

    Mode and, where the user may set it, owner stay. The backup is beside the file with the time in its name.

    Raises:
        ApplyError: it has changed since it was read, or cannot be written; then it is as it was.
    """
    if read(file.asked) != file:
        raise ApplyError(
            f"{file.path} has changed since it was read: somebody else edits it. It was left alone.",
            hint="run the command again",
        )
    try:
        saved = _back_up(file) if backup else None
        if content is None:
            file.path.unlink(missing_ok=True)
        else:
            file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(file.path, content, like=file.path if file.content is not None else None)
        _sync_directory(file.path.parent)
    except OSError as cause:
        raise ApplyError(
            f"{file.path} cannot be replaced: {cause.strerror or cause}. It is as it was.",
            hint="check the free space, and whether you may write there",
        ) from cause
    return saved


def _back_up(file: LocalFile) -> Path | None:
    if file.content is None:
        return None
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    names = (
        file.path.with_name(f"{file.path.name}.{stamp}{more}.bak") for more in ("", *map(".{}".format, range(2, 100)))
    )
    backup = next(name for name in names if not name.exists())
    _write(backup, file.content, like=file.path)
    return backup


def _write(path: Path, content: bytes, *, like: Path | None) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        model = (like or path.parent).stat()
        Path(name).chmod(stat.S_IMODE(model.st_mode) if like else 0o644)
        if hasattr(os, "chown") and (model.st_uid, model.st_gid) != (os.geteuid(), os.getegid()):
            with contextlib.suppress(PermissionError):
                os.chown(name, model.st_uid, model.st_gid)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sync_directory(directory: Path) -> None:
    """So that the new name survives a power cut, where the system can do that: Windows and some file systems cannot."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
