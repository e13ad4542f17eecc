"""The wanted daemon configuration -> the one step that brings it, and how the daemon takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.catalogue.daemon_keys import default_of, flag_of, reload_exceptions, reloadable
from provisioner.errors import ApplyError
from provisioner.facts.daemon_flags import FlagPlace, without
from provisioner.facts.daemon_live import SHOWN, chosen_by_default, fragments, info_template, live_value, shows
from provisioner.facts.host import Host
from provisioner.facts.model import EngineInfo
from provisioner.facts.normal_form import normal, same
from provisioner.host_files import docker_opts
from provisioner.plan.engine_steps import configure_daemon, tried_before
from provisioner.plan.files import FileChange, write_files
from provisioner.plan.model import Restart, Step
from provisioner.planner.daemon_keys_check import refuse_keys
from provisioner.planner.daemon_refusals import refuse_silent, refuse_start, refuse_unwritable
from provisioner.planner.take_over import given_twice, taken_out
from provisioner.planner.trial import next_flags, trial

AS_FLAGS = ("registry-mirrors", "insecure-registries")
"""Keys that stand in DOCKER_OPTS on upstart and sysvinit hosts."""

RELOAD_PATIENCE, RESTART_PATIENCE = 15, 60
"""Seconds until the engine shows what it was told."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What one file must say about `keys`; perhaps it says so already, and the daemon has not taken it up.

    `revert` is a text with the values that the daemon has now written out, for keys that the file does not have.
    `taken` are flags that move into this file, `edits` the files that lose them.
    """

    file: FileChange
    keys: frozenset[str]
    revert: str | None = None
    taken: tuple[FlagPlace, ...] = ()
    edits: tuple[FileChange, ...] = ()


def daemon_step(
    host: Host,
    wanted: Mapping[str, Any],
    *,
    installs: bool,
    version: str | None = None,
    take_over: bool = False,
) -> tuple[Step | None, Restart]:
    """Return the step that brings `wanted` (keys of daemon.json) to the host, None when it is so already.

    `version` is that of the engine that will read it, "" when that is not known; None: the one that is there.
    A value of None gives a key back to the engine's own default. With `take_over`, flags of dockerd that say the same
    as a wanted key are taken out of the files they stand in.

    Raises:
        DaemonConfigurationError: an existing file is broken.
        ApplyError: a file cannot be written, the engine would refuse a key, or a wanted directive is given as a
            flag elsewhere; both together stop the daemon.
    """
    refuse_keys(host, wanted, host.engine_version if version is None else version, installs=installs)
    wanted = {name: default_of(name) if value is None else value for name, value in wanted.items()}
    as_flags = _as_flags(host, wanted)
    in_json = {key: value for key, value in wanted.items() if key not in as_flags}
    changes = [
        change
        for change in (_in_json(host, in_json, take_over=take_over, installs=installs), _in_docker_opts(host, as_flags))
        if change
    ]
    if not changes:
        return None, Restart("none")
    for change in changes:
        refuse_unwritable(host, change.file)
    info = host.info
    if installs:
        why = "the first start of the engine has its final configuration"
        return _written(changes, why), Restart("none", why)
    if info is None:
        refuse_silent(host)
        why = "the engine is stopped"
        refuse_start(host, Restart("start", why))
        return _tried(host, changes, _written(changes, why)), Restart("none", why)
    if len(changes) > 1:
        raise ApplyError(
            "this host keeps some of the wanted settings in DOCKER_OPTS and some in daemon.json",
            hint="change them in two commands: first --daemon settings, then --registry-mirror",
        )
    (change,) = changes
    restart = _restart(info, change)
    if restart.how == "restart":
        refuse_start(host, restart)
    return _transaction(host, info, change, wanted, restart), restart


def _as_flags(host: Host, wanted: Mapping[str, Any]) -> dict[str, list[str]]:
    """The directives that belong into DOCKER_OPTS here: on upstart and sysvinit, unless daemon.json has them."""
    if not host.keeps_flags_in_docker_opts:
        return {}
    current = host.daemon_json.required
    return {key: wanted[key] for key in AS_FLAGS if key in wanted and key not in current}


def _in_json(host: Host, wanted: Mapping[str, Any], *, take_over: bool, installs: bool) -> _Change | None:
    if not wanted:
        return None
    path, before, info = host.facts.engine.config_path, host.facts.daemon_json, host.info
    current = host.daemon_json.required
    places = {key: host.flag_places(key) for key in wanted}
    differs = {
        key: value
        for key, value in wanted.items()
        if not _holds(host, current, key, value, flagged=bool(places[key]) and not take_over, installs=installs)
    }
    stale = {key for key in wanted if key in current and info is not None and not shows(info, key, wanted[key])}
    taken = tuple(place for key in wanted if key in differs or key in current for place in places[key])
    if taken and not take_over:
        raise given_twice(host, taken[0])
    edits = taken_out(host, taken)
    keys = frozenset(differs) | stale | {place.key for place in taken}
    if not differs:
        as_it_is = FileChange(path, before, before.text if before else None)
        return _Change(as_it_is, keys, taken=taken, edits=edits) if keys else None
    earlier = {key: live_value(info, key) for key in differs if key not in current} if info else {}
    earlier = {key: value for key, value in earlier.items() if value is not None}
    revert = host.daemon_json.merged(earlier) if earlier else None
    return _Change(FileChange(path, before, host.daemon_json.merged(differs)), keys, revert, taken, edits)


def _holds(host: Host, current: Mapping[str, Any], key: str, value: Any, *, flagged: bool, installs: bool) -> bool:
    """True when the file need not change for `key`; another engine may choose otherwise by default."""
    if current.get(key) not in (None, ""):
        return same(key, current[key], value)
    info = host.info
    if info is None:
        return bool(normal(key, value) == [])
    # Absent here, and so all the same: by default, or by a flag.
    by_default = normal(key, value) == [] if installs else chosen_by_default(key, value)
    return live_value(info, key) is not None and shows(info, key, value) and (by_default or flagged)


def _in_docker_opts(host: Host, wanted: Mapping[str, list[str]]) -> _Change | None:
    before, info = host.facts.options_file, host.info
    was = text = before.text if before else ""
    for key, values in wanted.items():
        text = docker_opts.set_flag(text, flag_of(key).removeprefix("--"), values)
    stale = {key for key, values in wanted.items() if info is not None and not shows(info, key, values)}
    if text == was:
        as_it_is = FileChange(docker_opts.PATH, before, before.text if before else None)
        return _Change(as_it_is, frozenset(stale)) if stale else None
    return _Change(FileChange(docker_opts.PATH, before, text, "put_options"), frozenset(wanted))


def _written(changes: list[_Change], why: str) -> Step | None:
    """The step for an engine that does not run: the files alone."""
    edits = [edit for change in changes for edit in change.edits]
    files = [*edits, *(change.file for change in changes)]
    return write_files("daemon-config", _title(changes), why, files, action="~", reread_units=bool(edits))


def _tried(host: Host, changes: list[_Change], step: Step | None) -> Step | None:
    """The same step with a trial before anything is written, where the engine can be asked."""
    taken = {place.key for change in changes for place in change.taken}
    texts = {change.file.path: change.file.text for change in changes}
    found = trial(host, taken, texts.get(docker_opts.PATH))
    if step is None or not found.how:
        return step
    own = host.facts.daemon_json
    candidate = texts.get(host.facts.engine.config_path, own.text if own else None)
    path = host.facts.engine.config_path
    return tried_before(step, path, candidate or "{}", how=found.how, flags=found.flags)


def _transaction(host: Host, info: EngineInfo, change: _Change, wanted: Mapping[str, Any], restart: Restart) -> Step:
    engine = host.facts.engine
    earlier = {key: live_value(info, key) for key in wanted if key in SHOWN}
    template, printed = info_template(wanted)
    earlier_template, showed = info_template(earlier)
    reloads = restart.how == "reload"
    taken = {place.key for place in change.taken}
    return configure_daemon(
        _title([change]),
        f"{restart.how}: {restart.why}",
        change.file,
        edits=change.edits,
        revert=change.revert if reloads else None,
        validate=change.file.path != docker_opts.PATH and bool(engine.dockerd) and not engine.snap,
        # Those of its next start, so that validation sees what that will see; a reload has those of the process.
        flags=next_flags(host, taken),
        running_flags=without(engine.command_line[1:], taken) if reloads else None,
        how="reload" if reloads else "restart",
        patience=RELOAD_PATIENCE if reloads else RESTART_PATIENCE,
        unseen=bool(change.keys - SHOWN.keys()),
        client=engine.asked == "client",
        template=template,
        shows=printed,
        fragments=fragments(wanted),
        earlier_template=earlier_template,
        showed=showed,
        earlier_fragments=fragments(earlier),
    )


def _title(changes: list[_Change]) -> str:
    return "set " + ", ".join(sorted({key for change in changes for key in change.keys}))


def _restart(info: EngineInfo, change: _Change) -> Restart:
    fixed = sorted(key for key in change.keys if not reloadable(key, info.version))
    lost = [row for row in reload_exceptions(info.version) if row.restart]
    lost = [row for row in lost if row.key in change.keys or live_value(info, row.key)]
    if change.file.path == docker_opts.PATH:
        why = "options of the command line need a new process"
    elif change.taken:
        names = ", ".join(sorted({place.flag for place in change.taken}))
        why = f"{names} moves to {change.file.path}, which takes a new process"
    elif fixed:
        why = f"{', '.join(fixed)} cannot be reloaded"
    elif lost:
        why = f"with Docker {info.version} {lost[0].what}"
    else:
        return Restart("reload", "running containers keep running")
    return Restart("restart", why, 0 if info.live_restore else info.containers_running)
