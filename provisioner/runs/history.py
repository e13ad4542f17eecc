"""The journal of runs: what was done to which hosts, written as they finish.

An SQLite file at $XDG_STATE_HOME/provisioner/history.db, by default below ~/.local/state. Each host's row is
committed when the host is done, so a crash loses nothing. When the journal cannot be written, one
warning says so and the run goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from provisioner.errors import ProvisionerError, UsageError
from provisioner.masking import masked, masked_words
from provisioner.runs.history_store import path, reading, writing
from provisioner.runs.outcome import Outcome
from provisioner.runs.past_run import PENDING, PastHost, PastRun, PastShard, last_word
from provisioner.runs.run_name import run_name
from provisioner.wanted.spec import Spec

KEPT = 200
"""Runs; older ones go when a new one begins."""

_HOST = "INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NEW_HOST = _HOST.replace("REPLACE", "IGNORE")
_LAST_FIRST = """
SELECT * FROM runs ORDER BY coalesce((SELECT max(started) FROM shards WHERE run = id), runs.started) DESC, rowid DESC
LIMIT ? OFFSET ?
"""
_END = """
UPDATE runs SET ended = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM shards WHERE run = runs.id AND ended IS NULL)
"""


def fingerprint(*specs: Spec) -> str:
    """One word that stands for the wanted state: the same for the same specs in any order and number."""
    documents = {json.dumps(spec.model_dump(mode="json"), sort_keys=True) for spec in specs}
    return hashlib.sha256("\n".join(sorted(documents)).encode()).hexdigest()[:16]


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
        run: str | None = None,
        shard: str = "",
    ) -> None:
        """Begin a run over the hosts `wanted`, or go on with `run`; `warn` hears of trouble with the journal, once.

        `shard` says which share of the run's fleet these hosts are.
        """
        self.run = run_name(run)
        self._shard = shard
        self._wanted = {name: fingerprint(spec) for name, spec in wanted.items()}
        self._positions = {name: position for position, name in enumerate(wanted)}
        self._warn = warn
        self._database: sqlite3.Connection | None = None
        with self._trouble():
            self._database = writing()
        state = fingerprint(*wanted.values())
        words = json.dumps(masked_words(argv))
        self._write("BEGIN IMMEDIATE")
        self._write(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (id) DO "
            "UPDATE SET ended = NULL, wanted = excluded.wanted",
            (self.run, command, words, state, resumes, time.time()),
        )
        self._write("INSERT OR REPLACE INTO shards VALUES (?, ?, ?, NULL)", (self.run, shard, time.time()))
        for name in wanted:
            self._keep(PastHost(name, "", PENDING, False, False, None, (), None, None, 0, 0.0), _NEW_HOST)  # noqa: FBT003
        self._write("COMMIT")
        self._forget()

    def add(self, outcome: Outcome) -> None:
        """Keep what became of a host; of one that the run has worked on before, see `last_word`."""
        info = outcome.facts.engine.info if outcome.facts else None
        error = outcome.error
        later = PastHost(
            outcome.host,
            "",
            outcome.status,
            outcome.succeeded and outcome.status != "planned",
            outcome.changed,
            masked(str(info.version)) if info else None,
            tuple(masked(str(url)) for url in info.mirrors) if info else (),
            masked(error.message if error else outcome.note or outcome.earlier) or None,
            masked(error.hint) if error else None,
            outcome.exit_code,
            outcome.seconds,
            time.time(),
        )
        earlier = self._earlier(outcome.host)
        self._keep(last_word(earlier, later) if earlier else later)

    def end(self) -> None:
        now = time.time()
        self._write("UPDATE shards SET ended = ? WHERE run = ? AND shard = ?", (now, self.run, self._shard))
        self._write(_END, (now, self.run))
        if self._database is not None:
            with self._trouble():
                self._database.close()
            self._database = None

    def _forget(self) -> None:
        if self._database is not None:
            with self._trouble():
                for identifier, *_ in self._database.execute(_LAST_FIRST, (-1, KEPT)).fetchall():
                    self._database.execute("DELETE FROM runs WHERE id = ?", (identifier,))

    def _earlier(self, host: str) -> PastHost | None:
        if self._database is not None:
            with self._trouble():
                asked = (self.run, _storable(host))
                row = self._database.execute("SELECT * FROM hosts WHERE run = ? AND name = ?", asked).fetchone()
                return _host(row) if row else None
        return None

    def _keep(self, host: PastHost, statement: str = _HOST) -> None:
        row = {**asdict(host), "registry_mirrors": json.dumps(host.registry_mirrors)}
        row["wanted"] = self._wanted.get(host.name, "")
        self._write(statement, (self.run, self._positions.get(host.name, -1), *row.values()))

    def _write(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        if self._database is not None:
            with self._trouble():
                self._database.execute(statement, [_storable(value) for value in values])

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ProvisionerError) as cause:
            if self._database is not None:
                self._database.close()
            self._database = None
            self._warn(f"this run will not be in the history: {cause} ({path()})")


def runs(limit: int = KEPT) -> list[PastRun]:
    """The last runs, newest first.

    Raises:
        UsageError: the journal is there and cannot be read.
    """
    with reading() as database:
        if database is None:
            return []
        return [_run(database, row) for row in database.execute(_LAST_FIRST, (limit, 0)).fetchall()]


def run(name: str) -> PastRun:
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
    return with_hosts(found[0])


def to_resume(command: str, wanted: dict[str, Spec]) -> tuple[str, frozenset[str]]:
    """Return the latest run of `command` with this wanted state and any of these hosts, and the hosts done in it.

    Raises:
        UsageError: there is no such run, or the journal cannot be read.
    """
    state = fingerprint(*wanted.values())
    for record in runs():
        if record.command != command or (record.wanted != state and not record.divided):
            continue
        hosts = [host for host in with_hosts(record).hosts if _same(host, wanted)]
        done = frozenset(host.name for host in hosts if host.done)
        if hosts:
            return record.id, done
    raise UsageError(
        f"there is nothing to resume: no earlier run of `{command}` with these hosts and this wanted state",
        hint="run it without --resume; `provisioner history` lists the last runs",
    )


def _same(host: PastHost, wanted: dict[str, Spec]) -> bool:
    return host.name in wanted and fingerprint(wanted[host.name]) == host.wanted


def _run(database: sqlite3.Connection, row: tuple[Any, ...]) -> PastRun:
    identifier, command, argv, wanted, resumes, started, ended = row
    counts: dict[str, int] = {}
    codes = []
    for status, code, number in database.execute(
        "SELECT status, exit_code, count(*) FROM hosts WHERE run = ? GROUP BY status, exit_code", (identifier,)
    ):
        counts[status] = counts.get(status, 0) + number
        codes.append(code)
    words = tuple(json.loads(argv))
    shards = database.execute("SELECT shard, started, ended FROM shards WHERE run = ?", (identifier,))
    return PastRun(
        *(identifier, command, words, wanted, resumes, started, ended, counts, tuple(codes)),
        shards=tuple(PastShard(*shard) for shard in shards),
    )


def with_hosts(record: PastRun) -> PastRun:
    """Return a run of a list with its hosts.

    Raises:
        UsageError: the journal is there and cannot be read.
    """
    with reading() as database:
        if database is None:
            return record
        rows = database.execute("SELECT * FROM hosts WHERE run = ? ORDER BY position, name", (record.id,))
        return replace(record, hosts=tuple(map(_host, rows)))


def _host(row: Sequence[Any]) -> PastHost:
    _, _, name, wanted, status, done, changed, version, mirrors, *rest = row
    return PastHost(name, wanted, status, bool(done), bool(changed), version, tuple(json.loads(mirrors)), *rest)


def _storable(value: Any) -> Any:
    """SQLite takes no lone surrogates, which is how undecodable bytes of a host arrive."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
