"""Steps that configure, start, stop and take away an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from provisioner.host_files.host_file import HostFile
from provisioner.plan.files import FileChange
from provisioner.plan.model import FileDiff, Step
from provisioner.plan.package_steps import LOCK_TIMEOUT


def configure_daemon(
    title: str,
    why: str,
    change: FileChange,
    *,
    edits: Sequence[FileChange],
    revert: str | None,
    validate: bool,
    flags: Sequence[str],
    running_flags: Sequence[str] | None,
    how: Literal["reload", "restart"],
    patience: int,
    unseen: bool,
    client: bool,
    template: str,
    shows: str,
    fragments: Sequence[str],
    earlier_template: str,
    showed: str,
    earlier_fragments: Sequence[str],
) -> Step:
    """Change the configuration of a running engine as a transaction.

    `change` may say what the file says already, when the engine has not taken it up. Together with it come `edits` of
    files that give flags. `revert` is a text that spells out earlier values, `flags` are what `validate` gives to
    dockerd, and `running_flags` those of the process that reloads. The change has come into force when docker info,
    asked with `template`, prints `shows` within `patience` seconds; before it printed `showed` for `earlier_template`.
    Without a `client` the engine's own answer has all of `fragments`, and before it had `earlier_fragments`. `unseen`:
    docker info does not show all that changes, so the daemon's log is read as well.
    """
    params: dict[str, Any] = {
        **change.written(),
        "text": change.text if change.needed else None,
        "edits": [edit.written() for edit in edits],
        "revert": revert,
        "validate": validate,
        "flags": list(flags),
        "running_flags": None if running_flags is None or [*running_flags] == [*flags] else [*running_flags],
        "how": how,
        "patience": patience,
        "format": template,
        "unseen": unseen,
        "shows": shows,
        "earlier_format": earlier_template,
        "showed": showed,
        "client": client,
        "fragments": list(fragments),
        "earlier_fragments": list(earlier_fragments),
    }
    diffs = (*(edit.diff for edit in edits), *((change.diff,) if change.needed else ()))
    return Step("daemon-config", title, why, "~", "daemon_config", params, diffs)


def tried_before(
    step: Step, path: str, candidate: str, *, how: Literal["validate", "unshare"], flags: Sequence[str]
) -> Step:
    """Return `step`, which writes files, with a trial before it: `candidate` as `path`, `flags` for dockerd."""
    params = {**step.params, "path": path, "candidate": candidate, "trial": how, "flags": list(flags)}
    return replace(step, template="daemon_files", params=params)


def pull_for_proof(image: str, debug: Mapping[str, Any], *, limit: int) -> Step:
    """Pull `image` within `limit` seconds while the daemon logs as `debug_for_a_pull` has it."""
    params = {**debug, "image": image, "limit": limit}
    return Step("proof", f"pull {image}", "the daemon says which endpoint served it", "!", "proof", params)


def listen_to_pull(over: Sequence[str], debug: Mapping[str, Any], *, limit: int) -> Step:
    """Have the daemon log as `debug_for_a_pull` has it, until one of the files `over` is there or `limit` seconds have
    passed; that file goes. The step notes "listens" once it does.
    """
    params = {**debug, "over": list(over), "limit": limit}
    return Step("listen", "listen to a pull", "the daemon says which endpoint serves it", "!", "listen", params)


def debug_for_a_pull(debug: FileChange | None, *, path: str, quiet: str, level: str, telling: str) -> dict[str, Any]:
    """Parameters of steps that report those lines of the daemon's log that match `telling`.

    `debug` changes the configuration for a pull alone, and `quiet` is the text that takes it back; without it the
    daemon logs at `level`, "" for one that says all.
    """
    change = debug or FileChange(path, None, None)
    return {
        **change.written(),
        "text": change.text,
        "sum": HostFile(path, debug.text or "").sha256 if debug else "",
        "quiet": quiet,
        "level": level,
        "format": "{{.Debug}}",
        "telling": telling,
    }


def run_service(
    title: str,
    why: str,
    *,
    enable: bool,
    configured: bool,
    restart: bool,
    revive: bool,
    containerd: bool,
    config_path: str,
    flags: Sequence[str],
    replaced: bool = False,
) -> Step:
    """Have the engine run, and enabled where `enable` says so.

    `configured`: its configuration changed in this plan. `restart`: its packages were replaced while it ran, by those
    of another engine if `replaced`; the new program is asked before about `config_path`, with `flags`. `revive`: it
    runs and does not answer. `containerd`: the one of the system is started before.
    """
    params = {
        "enable": enable,
        "config_changed": "start" if configured else "",
        "restart": restart,
        "replaced": replaced,
        "revive": revive,
        "containerd": containerd,
        "config_path": config_path,
        "flags": list(flags),
    }
    return Step("service", title, why, "!", "service", params)


def allow_users(users: Sequence[str]) -> Step:
    """Make `users` members of group docker."""
    why = "members of group docker may use the engine; that is as good as root"
    return Step("users", f"let {' '.join(users)} use docker", why, "+", "docker_group", {"users": users})


def note_files(paths: Sequence[str]) -> Step:
    """Note on the host that `paths` are as they should be now."""
    return Step("record", "note what is there", "status --accept", "~", "record", {"paths": paths})


def stop_engine(title: str, *, below: Sequence[str]) -> Step:
    """Stop the engine and its containers, and unmount what it mounts below these directories."""
    why = "socket and service together, so that no client wakes it up again"
    return Step("stop", title, why, "!", "stop_engine", {"data": below, "lock_timeout": LOCK_TIMEOUT})


def delete_data(title: str, why: str, places: Sequence[Mapping[str, Any]], diffs: Sequence[FileDiff]) -> Step:
    """Delete what is in `places`; see `provisioner.removal.data_deletion`."""
    return Step("data", title, why, "-", "delete_data", {"places": places}, tuple(diffs))


def remove_docker_group(why: str) -> Step:
    """Remove the group docker."""
    return Step("group", "remove the group docker", why, "-", "remove_group")
