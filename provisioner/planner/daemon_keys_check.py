"""The keys of the daemon configuration against the engine that will read them, before any file changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.catalogue.daemon_keys import ignored, problems, reload_exceptions
from provisioner.errors import ApplyError
from provisioner.facts.host import Host


def refuse_keys(host: Host, wanted: Mapping[str, Any], version: str, *, installs: bool) -> None:
    """Refuse settings with which engine `version` would not start, or of which it would take no notice.

    Before an installation that goes for the whole of an existing daemon.json; `version` is the one that comes.

    Raises:
        ApplyError: what is wrong with each of them, and the way out.
        DaemonConfigurationError: the existing file is broken.
    """
    wrong = problems(wanted, version) + [f"{name} has no effect: {why}" for name, why in _ignored(wanted, version)]
    if wrong:
        raise ApplyError(
            f"{_engine(version)} does not take this configuration: {'; '.join(wrong)}. Nothing was changed.",
            hint="correct the setting or leave it out; `dockerd --help` lists what an engine knows",
        )
    if installs:
        path = host.daemon_json.path
        kept = {key: value for key, value in host.daemon_json.required.items() if key not in wanted}
        if wrong := problems(kept, version):
            raise ApplyError(
                f"{_engine(version)} would not start with {path}: {'; '.join(wrong)}. Nothing was changed.",
                hint=f"take it out of {path} first, or stay with an older engine: --docker-version",
            )


def daemon_warnings(host: Host, wanted: Mapping[str, Any], version: str) -> Iterator[str]:
    """Yield what does not stop the change and should be known."""
    path = host.facts.engine.config_path
    if broken := host.daemon_json.broken:
        yield f"the next start of the engine will fail: {broken.message}"
        return
    current = {key: value for key, value in host.daemon_json.values.items() if key not in wanted}
    for problem in problems(current, version):
        yield f"{_engine(version)} does not take {path} as it is, and neither reloads nor restarts with it: {problem}"
    for name, why in _ignored(current, version):
        yield f"{name} in {path} has no effect: {why}"
    for exception in reload_exceptions(version):
        if exception.key in wanted and not exception.restart and host.info is not None:
            yield f"with {_engine(version)} {exception.what}"


def _ignored(config: Mapping[str, Any], version: str) -> list[tuple[str, str]]:
    return list(ignored(config, version).items())


def _engine(version: str) -> str:
    return f"Docker {version}" if version else "Docker"
