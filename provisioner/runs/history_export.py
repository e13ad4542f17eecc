"""A run as a file, for `history merge` on another machine: what the history has of it, which holds no secrets."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from provisioner.errors import UsageError
from provisioner.masking import masked
from provisioner.runs.outcome import Status
from provisioner.runs.past_run import PENDING, PastHost, PastRun, PastShard, counts
from provisioner.runs.run_name import run_name
from provisioner.runs.shards import Shard

SCHEMA = 1
KIND = "provisioner-run"
LARGEST = 64 * 1024 * 1024
"""Bytes of a file; a host takes about 500."""

_STATUSES = frozenset({*get_args(Status), PENDING})
_DONE = frozenset({"converged", "changed", "verified"})
_NO_ERROR = _DONE | {"skipped", "planned", PENDING}

Moment = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
Line = Annotated[str, Field(min_length=1, max_length=1024)]
Text = Annotated[str, Field(max_length=1_000_000)]


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Host(_Row):
    name: Line
    status: str
    done: bool
    changed: bool
    docker_version: Text | None
    registry_mirrors: tuple[Text, ...]
    error: Text | None
    hint: Text | None
    exit_code: Annotated[int, Field(ge=0, le=255)]
    seconds: Moment
    at: Moment

    @model_validator(mode="after")
    def _agrees(self) -> _Host:
        """A file must not make a failure look like a success."""
        if self.status not in _STATUSES:
            raise ValueError(f"status {self.status!r} is not one of {', '.join(sorted(_STATUSES))}")
        if self.done != (self.status in _DONE) and self.status != "skipped":
            raise ValueError(f"status {self.status} and done {self.done} do not agree")
        if (self.exit_code == 0) != (self.status in _NO_ERROR):
            raise ValueError(f"status {self.status} and exit_code {self.exit_code} do not agree")
        return self


class _Shard(_Row):
    name: str
    started: Moment
    ended: Moment | None

    @model_validator(mode="after")
    def _is_one(self) -> _Shard:
        if self.name:
            try:
                Shard.parse(self.name)
            except UsageError as cause:
                raise ValueError(f"{self.name!r} is not K/N") from cause
        return self


class _Run(_Row):
    number: int = Field(alias="schema")
    kind: Literal["provisioner-run"]
    run: Line
    command: Line
    argv: tuple[Text, ...]
    started: Moment
    ended: Moment | None
    shards: tuple[_Shard, ...]
    hosts: tuple[_Host, ...]

    @model_validator(mode="after")
    def _names_each_once(self) -> _Run:
        try:
            run_name(self.run)
        except UsageError as cause:
            raise ValueError(cause.message) from cause
        for what, found in (("host", self.hosts), ("shard", self.shards)):
            seen: set[str] = set()
            for row in found:
                if row.name in seen:
                    raise ValueError(f"{what} {row.name!r} is there twice")
                seen.add(row.name)
        return self


def export_document(record: PastRun) -> dict[str, Any]:
    """The content of the file."""
    hosts = [dataclasses.asdict(host) for host in record.hosts]
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "run": record.id,
        "command": record.command,
        "argv": list(record.argv),
        "started": record.started,
        "ended": record.ended,
        "shards": [dataclasses.asdict(shard) for shard in record.shards],
        "hosts": [{key: value for key, value in host.items() if key != "wanted"} for host in hosts],
    }


def read_export(path: str) -> PastRun:
    """Return the run in a file.

    Raises:
        UsageError: it cannot be read, or is no such file; with file and place.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as cause:
        raise UsageError(
            f"{path}: {cause.strerror or cause}", hint="`provisioner history export RUN` writes one"
        ) from cause
    if len(content) > LARGEST:
        raise UsageError(f"{path}: larger than {LARGEST // 2**20} MiB: no run of hosts is that large")
    try:
        found = _Run.model_validate_json(content)
    except ValidationError as cause:
        error = cause.errors()[0]
        place = ".".join(map(str, error["loc"]))
        said = f"{place}: {error['msg']}" if place else error["msg"]
        raise UsageError(
            masked(f"{path}: no run that `provisioner history export RUN` has written: {said}"),
            hint="export the run again, on the machine that ran it",
        ) from cause
    if found.number != SCHEMA:
        raise UsageError(
            f"{path}: written by another version: its schema is {found.number}, and this one reads {SCHEMA}",
            hint="use the same version for `history export` and `history merge`",
        )
    hosts = tuple(PastHost(wanted="", **host.model_dump()) for host in found.hosts)
    return PastRun(
        *(found.run, found.command, found.argv, "", None, found.started, found.ended),
        counts(hosts),
        tuple(host.exit_code for host in hosts),
        hosts,
        tuple(PastShard(shard.name, shard.started, shard.ended) for shard in found.shards),
    )
