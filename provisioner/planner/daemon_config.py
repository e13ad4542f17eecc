"""The wanted daemon configuration -> the one step that brings it, and how the daemon takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from provisioner.catalogue.daemon_keys import default_of, flag_of, reload_exceptions, reloadable
from provisioner.errors import ApplyError
from provisioner.facts.daemon_live import SHOWN, live_value, shows
from provisioner.facts.flags import OPTIONS_FILE, Edit, FlagPlace, flag_places, refusal, taken_out, without
from provisioner.facts.model import EngineInfo, Facts
from provisioner.host_files import daemon_json, docker_opts
from provisioner.host_files.host_file import HostFile
from provisioner.plan.model import FileDiff, Restart, Step
from provisioner.plan.write_files import file_params
from provisioner.planner.daemon_keys_check import engine_version, refuse_keys

AS_OPTIONS = ("registry-mirrors", "insecure-registries")
"""Keys that stand in DOCKER_OPTS on upstart and sysvinit hosts."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What one file must say. `text` is None when it says so already and the daemon has not taken it up."""

    path: str
    before: HostFile | None
    text: str | None
    keys: frozenset[str]
    revert: str | None = None
    """A text with the values that the daemon has now written out, for keys that `before` does not have."""
    taken: tuple[FlagPlace, ...] = ()
    edits: tuple[Edit, ...] = ()
    """Options that move into this file, and the files that lose them."""


def daemon_step(
    facts: Facts, wanted: dict[str, Any], *, installs: bool, version: str | None = None, take_over: bool = False
) -> tuple[Step | None, Restart]:
    """Return the step that brings `wanted` (keys of daemon.json) to the host, None when it is so already.

    `version` is that of the engine that will read it, "" when that is not known; None: the one that is there.
    A value of None gives a key back to the engine's own default. With `take_over`, options of dockerd that say the same
    as a wanted key are taken out of the files they stand in.

    Raises:
        DaemonConfigurationError: an existing file is broken.
        ApplyError: a file cannot be written, the engine would refuse a key, or a wanted directive is given as a
            flag elsewhere; both together stop the daemon.
    """
    refuse_keys(facts, wanted, engine_version(facts) if version is None else version, installs=installs)
    wanted = {name: default_of(name) if value is None else value for name, value in wanted.items()}
    as_options = _as_options(facts, wanted)
    in_json = {key: value for key, value in wanted.items() if key not in as_options}
    in_file = _json_change(facts, in_json, take_over=take_over)
    changes = [change for change in (in_file, _options_change(facts, as_options)) if change]
    if not changes:
        return None, Restart("none")
    for change in changes:
        _refuse_unwritable(facts, change)
    info = facts.engine.info
    if not installs and info is None and facts.engine.running and facts.as_root:
        raise ApplyError(
            f"dockerd runs (pid {facts.engine.pid}) and does not answer: {facts.engine.error}. Nothing was changed, "
            "since it could not be seen whether the engine takes it.",
            hint="its log says why; when it answers again, run the command again",
        )
    if installs or info is None:
        why = "the first start of the engine has its final configuration" if installs else "the engine is stopped"
        return _written(changes, why), Restart("none", why)
    if len(changes) > 1:
        raise ApplyError(
            "this host keeps some of the wanted settings in DOCKER_OPTS and some in daemon.json",
            hint="change them in two commands: first --daemon settings, then --registry-mirror",
        )
    (change,) = changes
    restart = _restart(info, change)
    return _transaction(facts, info, change, wanted, restart), restart


def _as_options(facts: Facts, wanted: dict[str, Any]) -> dict[str, list[str]]:
    """The directives that belong into DOCKER_OPTS here: on upstart and sysvinit, unless daemon.json has them."""
    if facts.init not in {"upstart", "sysvinit"}:
        return {}
    current = daemon_json.parse(facts.daemon_json.text if facts.daemon_json else "", facts.engine.config_path)
    return {key: wanted[key] for key in AS_OPTIONS if key in wanted and key not in current}


def _json_change(facts: Facts, wanted: dict[str, Any], *, take_over: bool) -> _Change | None:
    if not wanted:
        return None
    path, before, info = facts.engine.config_path, facts.daemon_json, facts.engine.info
    current = daemon_json.parse(before.text, path) if before else {}
    places = {key: flag_places(facts, key) for key in wanted}
    differs = {
        key: value
        for key, value in wanted.items()
        if not _holds(facts, current, key, value, flagged=bool(places[key]) and not take_over)
    }
    stale = {key for key in wanted if key in current and info is not None and not shows(info, key, wanted[key])}
    taken = tuple(place for key in wanted if key in differs or key in current for place in places[key])
    if taken and not take_over:
        raise refusal(facts, taken[0])
    edits = taken_out(facts, taken)
    keys = frozenset(differs) | stale | {place.key for place in taken}
    if not differs:
        return _Change(path, before, None, keys, taken=taken, edits=edits) if keys else None
    text = daemon_json.merge(before.text if before else None, differs, path)
    earlier = {key: live_value(info, key) for key in differs if key not in current} if info else {}
    earlier = {key: value for key, value in earlier.items() if value is not None}
    revert = daemon_json.merge(before.text if before else None, earlier, path) if earlier else None
    return _Change(path, before, text, keys, revert, taken, edits)


def _holds(facts: Facts, current: dict[str, Any], key: str, value: Any, *, flagged: bool) -> bool:
    """True when the file need not change for `key`."""
    if key in current:
        return bool(_normal(key, current[key]) == _normal(key, value))
    info = facts.engine.info
    if info is None:
        return bool(value == [])
    # Absent here, and so all the same: by default, or by a flag.
    return live_value(info, key) is not None and shows(info, key, value) and (value == [] or flagged)


def _normal(key: str, value: Any) -> Any:
    if key == "registry-mirrors" and isinstance(value, list):
        return [url.rstrip("/") if isinstance(url, str) else url for url in value]
    return value


def _options_change(facts: Facts, wanted: dict[str, list[str]]) -> _Change | None:
    before, info = facts.options_file, facts.engine.info
    was = text = before.text if before else ""
    for key, values in wanted.items():
        text = docker_opts.set_flag(text, flag_of(key).removeprefix("--"), values)
    stale = {key for key, values in wanted.items() if info is not None and not shows(info, key, values)}
    if text == was:
        return _Change(OPTIONS_FILE, before, None, frozenset(stale)) if stale else None
    return _Change(OPTIONS_FILE, before, text, frozenset(wanted))


def _refuse_unwritable(facts: Facts, change: _Change) -> None:
    odd = next((odd for odd in facts.odd_files if odd.startswith(f"{change.path} ")), None)
    if odd:
        raise ApplyError(f"{odd}. Nothing was changed.", hint=f"put a regular file at {change.path}, or remove it")
    if change.before and change.before.immutable and change.text is not None:
        raise ApplyError(
            f"{change.before.path} has the immutable attribute: somebody wants it to stay as it is. "
            "Nothing was changed.",
            hint=f"chattr -i {change.before.path} on the host, if it may change",
        )


def _written(changes: list[_Change], why: str) -> Step:
    """The step for an engine that does not run: the files alone."""
    edits = [edit for change in changes for edit in change.edits]
    files = [(change, change.text) for change in changes if change.text is not None]
    write = [file_params(edit.path, edit.before, edit.text) for edit in edits]
    write += [
        file_params(change.path, change.before, text, "put_options" if change.path == OPTIONS_FILE else "put")
        for change, text in files
    ]
    params = {"write": write, "remove": [], "units_changed": bool(edits)}
    diffs = (*map(_edit_diff, edits), *(_diff(change) for change, _ in files))
    return Step("daemon-config", _title(changes), why, "~", "write_files", params, diffs)


def _transaction(facts: Facts, info: EngineInfo, change: _Change, wanted: dict[str, Any], restart: Restart) -> Step:
    seen = [key for key in wanted if key in SHOWN]
    earlier = {key: live_value(info, key) for key in seen}
    params = {
        **file_params(change.path, change.before, change.text or ""),
        "text": change.text,
        "edits": [file_params(edit.path, edit.before, edit.text) for edit in change.edits],
        "revert": change.revert if restart.how == "reload" else None,
        "validate": change.path != OPTIONS_FILE and bool(facts.engine.dockerd) and not facts.engine.snap,
        "flags": _other_flags(facts, change.taken),
        "how": restart.how,
        "patience": 15 if restart.how == "reload" else 60,
        # A client whose daemon is dead prints an empty document and may exit 0 (20.10), hence the version.
        "format": "{{if .ServerVersion}}up" + "".join(f" {SHOWN[key].template}" for key in seen) + "{{end}}",
        "unseen": bool(change.keys - SHOWN.keys()),
        "shows": "up" + "".join(f" {SHOWN[key].text(wanted[key])}" for key in seen),
        "showed": "up" + "".join(f" {SHOWN[key].text(earlier[key])}" for key in seen),
    }
    diffs = (*map(_edit_diff, change.edits), *((_diff(change),) if change.text is not None else ()))
    why = f"{restart.how}: {restart.why}"
    return Step("daemon-config", _title([change]), why, "~", "daemon_config", params, diffs)


def _title(changes: list[_Change]) -> str:
    return "set " + ", ".join(sorted({key for change in changes for key in change.keys}))


def _diff(change: _Change) -> FileDiff:
    return FileDiff(change.path, change.before.text if change.before else None, change.text)


def _edit_diff(edit: Edit) -> FileDiff:
    return FileDiff(edit.path, edit.before.text if edit.before else None, edit.text)


def _restart(info: EngineInfo, change: _Change) -> Restart:
    fixed = sorted(key for key in change.keys if not reloadable(key, info.version))
    lost = [row for row in reload_exceptions(info.version) if row.restart]
    lost = [row for row in lost if row.key in change.keys or live_value(info, row.key)]
    if change.path == OPTIONS_FILE:
        why = "options of the command line need a new process"
    elif change.taken:
        names = ", ".join(sorted({place.flag for place in change.taken}))
        why = f"{names} moves to {change.path}, which takes a new process"
    elif fixed:
        why = f"{', '.join(fixed)} cannot be reloaded"
    elif lost:
        why = f"with Docker {info.version} {lost[0].what}"
    else:
        return Restart("reload", "running containers keep running")
    return Restart("restart", why, 0 if info.live_restore else info.containers_running)


def _other_flags(facts: Facts, taken: tuple[FlagPlace, ...]) -> list[str]:
    """The daemon's options from its next start on, so that validation sees what that will see."""
    return without(facts.engine.command_line[1:], {place.key for place in taken})
