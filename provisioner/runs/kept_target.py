"""A host with its plan, as it stands in a file of plans."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioner.errors import UsageError
from provisioner.facts.model import Facts
from provisioner.plan.document import plan_document, plan_of
from provisioner.plan.model import Plan
from provisioner.plan.rests_on import rests_on
from provisioner.runs.kept_plan import KeptPlan
from provisioner.runs.target import Target
from provisioner.runs.wanted_state import spec
from provisioner.scripts.render import apply_script
from provisioner.transports.base import Transport
from provisioner.transports.local import LocalTransport
from provisioner.transports.ssh import SSHOptions, SSHTransport

_FILES = ("known_hosts", "ssh_config")


def target_document(target: Target, plan: Plan, facts: Facts) -> dict[str, Any]:
    """Return what there is to know of a host to carry out its plan later, without passwords."""
    reached = target.transport.options if isinstance(target.transport, SSHTransport) else None
    return {
        "name": target.name,
        "ssh": _reached(reached) if reached else None,
        "asks": [
            *(["login"] if reached and reached.password else []),
            *(["sudo"] if target.become_password else []),
        ],
        "words": target.words,
        "options": target.options,
        "wanted": target.spec.model_dump(mode="json", exclude_unset=True),
        "force": target.force,
        "rests_on": rests_on(facts, plan, target.spec.users),
        "plan": plan_document(plan),
        "script": script_digest(plan),
    }


def kept_target(document: Mapping[str, Any], path: str, *, password: str | None, become: str | None) -> Target:
    """Return the host of a document of the file `path`, with these passwords for the login and for sudo.

    Raises:
        UsageError: this version makes another script of the plan, or the document is damaged.
    """
    try:
        plan = plan_of(document["plan"])
        same = script_digest(plan) == document["script"]
    except Exception as cause:  # a template of another version may want anything
        raise _other_version(document, path) from cause
    if not same:
        raise _other_version(document, path)
    try:
        return Target(
            _transport(document, password),
            spec(**document["wanted"]),
            become,
            force=document["force"],
            kept=KeptPlan(plan, document["rests_on"]),
            words=document["words"],
            options=document["options"],
        )
    except (KeyError, TypeError, ValueError) as cause:
        raise UsageError(f"{path}: what it says of {document.get('name')} is damaged: {cause}") from cause


def script_digest(plan: Plan) -> str:
    """Stands for the very script that carries out `plan`; "" where nothing is to be done."""
    return hashlib.sha256(apply_script(plan).encode("utf-8", "surrogatepass")).hexdigest() if plan.steps else ""


def _other_version(document: Mapping[str, Any], path: str) -> UsageError:
    return UsageError(
        f"{path}: this version of provisioner would run another script on {document.get('name')} than the one that "
        "was shown; nothing was contacted",
        hint="use the version that made the plan, or make it again with this one",
    )


def _reached(options: SSHOptions) -> dict[str, Any]:
    """Names of files in full, since the plan may be carried out from another directory."""
    said = {**dataclasses.asdict(options), "key_files": [_whole(name) for name in options.key_files]}
    del said["password"]
    return said | {name: _whole(said[name]) for name in _FILES if said[name]}


def _whole(name: str) -> str:
    return name if name.startswith(("~", "/")) or name == "none" else str(Path(name).absolute())


def _transport(document: Mapping[str, Any], password: str | None) -> Transport:
    reached = document["ssh"]
    if reached is None:
        return LocalTransport(document["name"])
    said = {**reached, "key_files": tuple(reached["key_files"]), "password": password}
    return SSHTransport(SSHOptions(**said), document["name"])
