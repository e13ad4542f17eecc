"""The file behind the history: SQLite, opened for one run's writing or for reading."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from provisioner.errors import UsageError

VERSION = 2
_SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, command TEXT NOT NULL, argv TEXT NOT NULL, wanted TEXT NOT NULL, resumes TEXT,
    started REAL NOT NULL, ended REAL
);
CREATE TABLE hosts (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL, name TEXT NOT NULL,
    wanted TEXT NOT NULL, status TEXT NOT NULL, done INTEGER NOT NULL, changed INTEGER NOT NULL, docker_version TEXT,
    registry_mirrors TEXT NOT NULL, error TEXT, hint TEXT, exit_code INTEGER NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (run, name)
);
"""
_SINCE_1 = """
CREATE TABLE shards (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, shard TEXT NOT NULL, started REAL NOT NULL, ended REAL,
    PRIMARY KEY (run, shard)
);
ALTER TABLE hosts ADD COLUMN at REAL NOT NULL DEFAULT 0;
"""


def path() -> Path:
    """Where the journal is; a relative $XDG_STATE_HOME is ignored, as its specification says."""
    state = Path(os.environ.get("XDG_STATE_HOME") or "")
    return (state if state.is_absolute() else Path("~/.local/state").expanduser()) / "provisioner" / "history.db"


def _private(file: Path) -> None:
    """Let only its owner read the journal: it tells who did what to which hosts.

    Raises:
        OSError: it is not ours to change, or not there.
    """
    files = [path for path in file.parent.glob(f"{file.name}*") if path.is_file()]
    for path, mode in ((file.parent, 0o700), *((path, 0o600) for path in files)):
        # SQLite takes its files beside the journal away when the last one who has it open is done.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mode & 0o077:
                path.chmod(mode)


def writing() -> sqlite3.Connection:
    """Raises sqlite3.Error, OSError or UsageError when it cannot be written."""
    file = path()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    _private(file)
    database = sqlite3.connect(file, timeout=5, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("BEGIN IMMEDIATE")
        version = _version(database)
        if version < VERSION:
            changes = _SINCE_1 if version == 1 else _SCHEMA + _SINCE_1
            for statement in filter(str.strip, changes.split(";")):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("COMMIT")
    except BaseException:
        database.close()
        raise
    return database


def _version(database: sqlite3.Connection) -> int:
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise UsageError("a newer provisioner has written this history", hint="use that one to read it")
    return version


@contextlib.contextmanager
def reading() -> Iterator[sqlite3.Connection | None]:
    """None when nothing has been written yet. Raises UsageError when it cannot be read."""
    file = path()
    if not file.exists():
        yield None
        return
    with contextlib.suppress(OSError):
        _private(file)
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=5)) as database:
            older = 0 < _version(database) < VERSION
        if older:
            writing().close()
        with contextlib.closing(sqlite3.connect(file, timeout=5)) as database:
            yield database if _version(database) else None
    except (sqlite3.Error, OSError) as cause:
        raise UsageError(
            f"the history cannot be read: {cause} ({file})", hint="move that file away; the next run begins a new one"
        ) from cause
