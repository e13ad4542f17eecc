"""The wanted daemon configuration -> the one step that brings it, and how the daemon takes it."""

from __future__ import annotations

import re
from typing import Any

from provisioner.errors import ApplyError
from provisioner.facts.model import Facts, HostFile
from provisioner.planning import daemon_json, docker_opts
from provisioner.planning.model import FileDiff, Restart, Step
from provisioner.strategies.files import file_params

RELOADABLE = frozenset({
    "debug", "labels", "insecure-registries", "registry-mirrors", "live-restore", "max-concurrent-downloads",
    "max-concurrent-uploads", "max-download-attempts", "shutdown-timeout", "runtimes", "default-runtime",
    "authorization-plugins",
})  # fmt: skip
"""Keys that SIGHUP applies in every engine since 17.04 (moby daemon/reload.go, 18.06 to 29.7.2)."""

OPTIONS = {"registry-mirrors": "registry-mirror", "insecure-registries": "insecure-registry"}
OPTIONS_FILE = "/etc/default/docker"
LOSES_INSECURE_REGISTRIES = re.compile(r"23\.0\.[0-6]\b|24\.0\.0\b")
"""Engines whose reload drops insecure-registries (moby PRs 45552 and 45572)."""


def daemon_step(facts: Facts, wanted: dict[str, Any], *, installs: bool) -> tuple[Step | None, Restart]:
    """Return the step that brings `wanted` (keys of daemon.json) to the host, None when it is so already.

    Raises:
        DaemonConfigurationError: an existing file is broken.
        ApplyError: a wanted directive is given as a flag elsewhere; both together stop the daemon.
    """
    if not wanted:
        return None, Restart("none")
    as_options = _as_options(facts, wanted)
    in_json = {key: value for key, value in wanted.items() if key not in as_options}
    _refuse_flags(facts, in_json)
    files: list[tuple[str, HostFile | None, str]] = []
    changed: set[str] = set()
    if in_json:
        path, before = facts.engine.config_path, facts.daemon_json
        current = daemon_json.parse(before.text, path) if before else {}
        text = daemon_json.merge(before.text if before else None, in_json, path)
        changed |= {key for key, value in in_json.items() if key not in current or current[key] != value}
        if before is None and all(value == [] for value in in_json.values()):
            changed -= set(in_json)
        elif changed:
            files.append((path, before, text))
    if as_options:
        before = facts.options_file
        text = before.text if before else ""
        for key, values in as_options.items():
            text = docker_opts.set_flag(text, OPTIONS[key], values)
        if text != (before.text if before else ""):
            changed |= set(as_options)
            files.append((OPTIONS_FILE, before, text))
    return _step(facts, wanted, files, changed, in_json, installs=installs)


def _as_options(facts: Facts, wanted: dict[str, Any]) -> dict[str, list[str]]:
    """The directives that belong into DOCKER_OPTS here: on upstart and sysvinit, unless daemon.json has them."""
    if facts.init not in {"upstart", "sysvinit"}:
        return {}
    text = facts.daemon_json.text if facts.daemon_json else ""
    current = daemon_json.parse(text, facts.engine.config_path)
    return {key: wanted[key] for key in OPTIONS if key in wanted and key not in current}


def _refuse_flags(facts: Facts, wanted: dict[str, Any]) -> None:
    for key in wanted:
        flag = "--" + OPTIONS.get(key, key)
        word = re.compile(rf"(?<![\w-]){re.escape(flag)}(?![\w-])")
        unit = facts.units.get("docker.service")
        places = [*(unit.files if unit else ()), *facts.sysconfig_files]
        if facts.options_file and "DOCKER_OPTS" in " ".join(file.text for file in places):
            places.append(facts.options_file)
        for file in places:
            for number, line in enumerate(file.text.splitlines(), start=1):
                if word.search(line) and not line.lstrip().startswith(("#", ";")):
                    raise ApplyError(
                        f"{file.path}, line {number} gives {flag} to dockerd; with {key} in "
                        f"{facts.engine.config_path} as well the daemon would not start. Nothing was changed.",
                        hint=f"take {flag} out of that line, then run the command again",
                    )
        if any(word.match(argument) for argument in facts.engine.command_line) and facts.init != "none":
            raise ApplyError(
                f"the running dockerd (pid {facts.engine.pid}) has {flag} on its command line; with {key} in "
                f"{facts.engine.config_path} as well it would not start again. Nothing was changed.",
                hint="find what starts it that way: systemctl cat docker",
            )


def _step(
    facts: Facts,
    wanted: dict[str, Any],
    files: list[tuple[str, HostFile | None, str]],
    changed: set[str],
    in_json: dict[str, Any],
    *,
    installs: bool,
) -> tuple[Step | None, Restart]:
    info = facts.engine.info
    mirrors = wanted.get("registry-mirrors")
    stale = info is not None and mirrors is not None and list(info.mirrors) != list(mirrors)
    if not files and not stale:
        return None, Restart("none")
    diffs = tuple(FileDiff(path, before.text if before else None, text) for path, before, text in files)
    title = ", ".join(sorted(changed or {"registry-mirrors"}))
    if installs or info is None:
        writing = {"write": [file_params(path, before, text) for path, before, text in files], "remove": []}
        why = "the first start of the engine has its final configuration" if installs else "the engine is stopped"
        return Step("daemon-config", f"set {title}", why, "~", "write_files", writing, diffs), Restart("none", why)
    if len(files) > 1:
        raise ApplyError(
            "this host keeps some of the wanted settings in DOCKER_OPTS and some in daemon.json",
            hint="change them in two commands: first --daemon settings, then --registry-mirror",
        )
    restart = _restart(facts, changed, uses_options=set(changed) - set(in_json))
    path, before, text = files[0] if files else (facts.engine.config_path, facts.daemon_json, None)
    expected_mirrors = list(info.mirrors) if mirrors is None else mirrors
    params = {
        **file_params(path, before, text or ""),
        "text": text,
        "validate": path != OPTIONS_FILE and bool(facts.engine.dockerd),
        "flags": _other_flags(facts),
        "how": restart.how,
        "patience": 15 if restart.how == "reload" else 60,
        # A client whose daemon is dead prints an empty document and may exit 0 (20.10), hence the version.
        "format": "{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}}{{end}}",
        "shows": "up " + "".join(f"{url}/ " for url in expected_mirrors),
    }
    why = f"{restart.how}: {restart.why}"
    return Step("daemon-config", f"set {title}", why, "~", "daemon_config", params, diffs), restart


def _restart(facts: Facts, changed: set[str], *, uses_options: set[str]) -> Restart:
    info = facts.engine.info
    assert info is not None  # noqa: S101 # asked for a daemon that answers
    fixed = sorted(changed - RELOADABLE)
    if uses_options:
        why = "options of the command line need a new process"
    elif fixed:
        why = f"{', '.join(fixed)} cannot be reloaded"
    elif info.insecure_registries and LOSES_INSECURE_REGISTRIES.match(info.version):
        why = f"a reload of {info.version} would lose the insecure registries"
    else:
        return Restart("reload", "running containers keep running")
    return Restart("restart", why, 0 if info.live_restore else info.containers_running)


def _other_flags(facts: Facts) -> list[str]:
    """The running daemon's options, so that validation sees what the next start will see."""
    words = list(facts.engine.command_line[1:])
    flags: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--config-file":
            words[:1] = []
        elif not word.startswith("--config-file="):
            flags.append(word)
    return flags
