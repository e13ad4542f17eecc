"""The journal of runs: what was done to which hosts, written as they finish.

An SQLite file at $XDG_STATE_HOME/provisioner/history.db, by default below ~/.local/state. Each host's row is
committed when the host is done, so a crash loses nothing. A journal that cannot be written is worth one warning,
never a run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from provisioner.errors import ProvisionerError, UsageError
from provisioner.history_store import path, reading, writing
from provisioner.masking import masked
from provisioner.outcome import Outcome
from provisioner.spec import Spec

KEPT = 200
"""Runs; older ones go when a new one begins."""


@dataclass(frozen=True, slots=True)
class HostRecord:
    """A host of a run. `done`: nothing is left to do there; `wanted` is the fingerprint of its wanted state."""

    name: str
    wanted: str
    status: str
    done: bool
    changed: bool
    docker_version: str | None
    registry_mirrors: tuple[str, ...]
    error: str | None
    hint: str | None
    exit_code: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run. `ended` is None while it goes on, and for good when it was cut off; `total` counts its hosts,
    `counts` those that are done by status. `hosts` is empty in a list of runs.
    """

    id: str
    command: str
    argv: tuple[str, ...]
    wanted: str
    resumes: str | None
    started: float
    ended: float | None
    total: int
    counts: Mapping[str, int]
    exit_codes: tuple[int, ...]
    hosts: tuple[HostRecord, ...] = ()


def fingerprint(*specs: Spec) -> str:
    """One word that stands for the wanted state: the same for the same specs in any order and number."""
    documents = {json.dumps(spec.model_dump(mode="json"), sort_keys=True) for spec in specs}
    return hashlib.sha256("\n".join(sorted(documents)).encode()).hexdigest()[:16]


def without_secrets(argv: Sequence[str]) -> list[str]:
    """The words of a command line as they may be kept: of `--daemon KEY=JSON` only plain values are shown."""
    kept: list[str] = []
    for word in argv:
        if kept and kept[-1] == "--daemon":
            kept.append(_plain(word))
        elif word.startswith("--daemon="):
            kept.append("--daemon=" + _plain(word.removeprefix("--daemon=")))
        else:
            kept.append(masked(word))
    return kept


class Journal:
    """One run being written. Every method works, silently, when the journal itself does not."""

    def __init__(
        self,
        command: str,
        argv: Sequence[str],
        wanted: dict[str, Spec],
        *,
        warn: Callable[[str], None],
        resumes: str | None = None,
    ) -> None:
        """Begin a run over the hosts `wanted`; `warn` hears of trouble with the journal, once."""
        self.run = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + "-" + secrets.token_hex(3)
        self._wanted = {name: fingerprint(spec) for name, spec in wanted.items()}
        self._positions = {name: position for position, name in enumerate(wanted)}
        self._warn = warn
        self._database: sqlite3.Connection | None = None
        with self._trouble():
            self._database = writing()
        state = fingerprint(*wanted.values())
        words = json.dumps(without_secrets(argv))
        self._write(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",
            (self.run, command, words, state, resumes, time.time(), len(wanted)),
        )
        self._write("DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY rowid DESC LIMIT ?)", (KEPT,))

    def add(self, outcome: Outcome) -> None:
        """Keep what became of a host."""
        info = outcome.facts.engine.info if outcome.facts else None
        error = outcome.error
        self._write(
            "INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.run,
                self._positions.get(outcome.host, -1),
                outcome.host,
                self._wanted.get(outcome.host, ""),
                outcome.status,
                outcome.succeeded and outcome.status != "planned",
                outcome.changed,
                info.version if info else None,
                json.dumps(info.mirrors if info else ()),
                masked(error.message) if error else outcome.note or None,
                masked(error.hint) if error else None,
                outcome.exit_code,
                outcome.seconds,
            ),
        )

    def end(self) -> None:
        self._write("UPDATE runs SET ended = ? WHERE id = ?", (time.time(), self.run))
        if self._database is not None:
            with self._trouble():
                self._database.close()
            self._database = None

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        if self._database is not None:
            with self._trouble():
                self._database.execute(statement, [_storable(value) for value in values])

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ProvisionerError) as cause:
            self._database = None
            self._warn(f"this run will not be in the history: {cause} ({path()})")


def runs(limit: int = KEPT) -> list[RunRecord]:
    """The last runs, newest first.

    Raises:
        UsageError: the journal is there and cannot be read.
    """
    with reading() as database:
        if database is None:
            return []
        rows = database.execute("SELECT * FROM runs ORDER BY rowid DESC LIMIT ?", (limit,)).fetchall()
        return [_run(database, row) for row in rows]


def run(name: str) -> RunRecord:
    """The run `name`, given in full, by its beginning or by the six characters at its end; "last" is the newest.

    Raises:
        UsageError: there is none, or more than one, or the journal cannot be read.
    """
    known = runs()
    if name == "last":
        found = known[:1]
    else:
        found = [record for record in known if record.id == name] or [
            record for record in known if name and (record.id.startswith(name) or record.id.endswith(f"-{name}"))
        ]
    if len(found) > 1:
        raise UsageError(f"{name} is the beginning of {len(found)} runs", hint="give more of it")
    if not found:
        raise UsageError(f"there is no run {name}", hint="`provisioner history` lists the last ones")
    return _with_hosts(found[0])


def to_resume(command: str, wanted: dict[str, Spec]) -> tuple[str, frozenset[str]]:
    """Return the latest run of `command` with this wanted state, and the hosts that are done in it.

    Raises:
        UsageError: there is no such run, nothing is left of it, or the journal cannot be read.
    """
    state = fingerprint(*wanted.values())
    latest = next((record for record in runs() if (record.command, record.wanted) == (command, state)), None)
    if latest is None:
        raise UsageError(
            f"there is nothing to resume: no earlier run of `{command}` with this wanted state",
            hint="run it without --resume; `provisioner history` lists the last runs",
        )
    done = {host.name for host in _with_hosts(latest).hosts if host.done and _same(host, wanted)}
    if done >= wanted.keys():
        raise UsageError(
            f"there is nothing to resume: run {latest.id} finished all of these hosts",
            hint="run it without --resume to check them again",
        )
    return latest.id, frozenset(done & wanted.keys())


def _same(host: HostRecord, wanted: dict[str, Spec]) -> bool:
    return host.name in wanted and fingerprint(wanted[host.name]) == host.wanted


def _plain(setting: str) -> str:
    key, _, value = setting.partition("=")
    shown = value in {"true", "false", "null"} or value.lstrip("-").isdigit() or value.isalpha()
    return f"{key}={value if shown and masked(setting) == setting else '***'}"


def _run(database: sqlite3.Connection, row: tuple[Any, ...]) -> RunRecord:
    identifier, command, argv, wanted, resumes, started, ended, total = row
    counts: dict[str, int] = {}
    codes = []
    for status, code, number in database.execute(
        "SELECT status, exit_code, count(*) FROM hosts WHERE run = ? GROUP BY status, exit_code", (identifier,)
    ):
        counts[status] = counts.get(status, 0) + number
        codes.append(code)
    words = tuple(json.loads(argv))
    return RunRecord(identifier, command, words, wanted, resumes, started, ended, total, counts, tuple(codes))


def _with_hosts(record: RunRecord) -> RunRecord:
    with reading() as database:
        if database is None:
            return record
        rows = database.execute("SELECT * FROM hosts WHERE run = ? ORDER BY position, name", (record.id,))
        return replace(record, hosts=tuple(map(_host, rows)))


def _host(row: Iterable[Any]) -> HostRecord:
    _, _, name, wanted, status, done, changed, version, mirrors, error, hint, code, seconds = row
    mirrors = tuple(json.loads(mirrors))
    return HostRecord(name, wanted, status, bool(done), bool(changed), version, mirrors, error, hint, code, seconds)


def _storable(value: Any) -> Any:
    """SQLite takes no lone surrogates, which is how undecodable bytes of a host arrive."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
