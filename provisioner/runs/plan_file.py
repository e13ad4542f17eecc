"""Plans in a file: written by `plan --out`, carried out by `apply FILE`.

The file has the hosts, how they are reached and what is wanted of them, their plans, and the facts that these rest on;
of passwords only that there was one. It may hold what configuration files of hosts hold, so it is its owner's alone.
A digest tells that it was changed, not who changed it: who can write it can have anything done on these hosts.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioner import __version__
from provisioner.errors import UsageError
from provisioner.masking import masked, masked_document, masked_words
from provisioner.runs.kept_target import kept_target, target_document
from provisioner.runs.outcome import Outcome
from provisioner.runs.target import Target
from provisioner.runs.targets import Access, Person, of_shard, passwords

KIND = "provisioner-plan"
SCHEMA = 1
HEAD = 4096
"""Bytes at the beginning of a file by which a plan is known."""
LARGEST = 256 * 1024 * 1024
OLD = 7 * 86_400.0
"""Seconds after which a plan's age is worth a warning."""


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What a file says of itself, and its hosts. `left_out` are those that could not be planned, with the reason."""

    path: str
    provisioner: str
    made: float
    argv: tuple[str, ...]
    left_out: Mapping[str, str]
    hosts: tuple[Mapping[str, Any], ...]

    @property
    def age(self) -> float:
        """Seconds since it was made; 0 where this clock is behind the one that made it."""
        return max(0.0, time.time() - self.made)

    def targets(self, access: Access, person: Person) -> list[Target]:
        """The hosts with their plans; passwords are those that `person` types now.

        Raises:
            UsageError: a host was reached with a password, and none is asked for; the plan was made by a version that
                renders other scripts, or what it says of a host is damaged. No host was contacted.
        """
        names = {name for name, _ in of_shard([(str(host["name"]), ()) for host in self.hosts], access)}
        mine = [host for host in self.hosts if host["name"] in names]
        for asks, given, option in (
            ("login", access.ask_pass, "-k/--ask-pass"),
            ("sudo", access.ask_become_pass, "-K/--ask-become-pass"),
        ):
            needing = [str(host["name"]) for host in mine if asks in host["asks"]]
            if needing and not given:
                raise UsageError(
                    f"{self.path} keeps no passwords, and {needing[0]} was reached with one; nothing was contacted",
                    hint=f"add {option}",
                )
        password, become = passwords(access, person) if mine else (None, None)
        return [kept_target(host, self.path, password=password, become=become) for host in mine]


def is_plan(path: str) -> bool:
    """Whether this is the name of a file that says it is a plan; a directory, a pipe or a device is none."""
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            head = file.read(HEAD)
    except (OSError, ValueError):  # ValueError: a zero byte
        return False
    return f'"kind": "{KIND}"'.encode() in head


def read_plan(path: str) -> PlanFile:
    """Return what is in the file.

    Raises:
        UsageError: it cannot be read, was changed since it was written, or is of a version that this one cannot read.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST // 2**20} MiB")  # noqa: TRY301 # told below, like the others
        document: dict[str, Any] = json.loads(content)
        said = document.pop("digest")
        if document["schema"] != SCHEMA:
            raise UsageError(
                f"{path}: a plan of another version: its schema is {document['schema']}, and this one reads {SCHEMA}",
                hint="make the plan again with this version",
            )
        if said != _digest(document):
            raise UsageError(
                f"{path}: it is not what was written: its digest differs; nothing was contacted",
                hint="make the plan again, and keep the file as it is",
            )
        return PlanFile(
            path,
            document["provisioner"],
            float(document["made"]),
            tuple(document["argv"]),
            document["left_out"],
            tuple(document["hosts"]),
        )
    except OSError as cause:
        raise UsageError(f"{path}: {cause.strerror or cause}; nothing was contacted") from cause
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as cause:
        raise UsageError(
            masked(f"{path}: it is no whole plan: {cause}; nothing was contacted"), hint="make the plan again"
        ) from cause


class PlanDraft:
    """The file of --out: proven to be writable before any host is contacted, whole or untouched at the end."""

    def __init__(self, path: str) -> None:
        """Raises UsageError when it cannot be written there, or something else is there."""
        self._path = Path(path).expanduser().absolute()
        if self._path.exists() and not is_plan(str(self._path)):
            raise UsageError(
                f"--out {path}: it is there, and is no plan; nothing was contacted", hint="name another file"
            )
        try:
            handle, draft = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        except OSError as cause:
            raise UsageError(
                f"--out {path}: {cause.strerror or cause}; nothing was contacted",
                hint="name a file in a directory that exists and that you may write to",
            ) from cause
        os.close(handle)
        self._draft = Path(draft)
        self._kept: dict[str, dict[str, Any]] = {}

    def keep(self, target: Target, outcome: Outcome) -> None:
        """Keep the plan of a host; workers call it, with the facts that it was made from."""
        if outcome.plan is not None and outcome.facts is not None and outcome.error is None:
            self._kept[target.name] = target_document(target, outcome.plan, outcome.facts)

    def write(self, outcomes: Sequence[Outcome], argv: Sequence[str]) -> bool | None:
        """Write the file, for its owner alone; return whether it holds a secret, None when there was nothing to write.

        Raises:
            UsageError: it could not be written.
        """
        hosts = [self._kept[outcome.host] for outcome in outcomes if outcome.host in self._kept]
        if not hosts:
            return None
        left_out = {
            outcome.host: masked(outcome.error.message if outcome.error else outcome.status)
            for outcome in outcomes
            if outcome.host not in self._kept
        }
        hosts = json.loads(json.dumps(hosts))
        secret = bool(masked_document(hosts) != hosts)
        document = {
            "kind": KIND,
            "schema": SCHEMA,
            "provisioner": __version__,
            "made": time.time(),
            "argv": masked_words(argv),
            "holds_secrets": secret,
            "left_out": left_out,
            "hosts": hosts,
        }
        document["digest"] = _digest(document)
        try:
            with self._draft.open("w", encoding="ascii") as file:  # mkstemp has made it 0600
                json.dump(document, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            self._draft.replace(self._path)
        except OSError as cause:
            raise UsageError(f"the plan could not be written to {self._path}: {cause.strerror or cause}") from cause
        return secret

    def close(self) -> None:
        """Leave no draft behind."""
        self._draft.unlink(missing_ok=True)


def _digest(document: Mapping[str, Any]) -> str:
    """Over all the others of its keys, whatever their order and the white space."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"
