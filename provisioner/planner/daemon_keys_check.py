"""The keys of the daemon configuration against the engine that will read them, before any file changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.catalogue.daemon_keys import ignored, problems, reload_exceptions
from provisioner.catalogue.versions import upstream
from provisioner.errors import ApplyError, DaemonConfigurationError
from provisioner.facts.model import Facts
from provisioner.host_files import daemon_json

_PACKAGES = ("docker-ce", "docker.io")


def engine_version(facts: Facts) -> str:
    """Return the version of the engine that is on the host; "" when that is not known."""
    if facts.engine.info:
        return facts.engine.info.version
    packaged = next((facts.packages[name] for name in _PACKAGES if name in facts.packages), "")
    return upstream(packaged or facts.engine.client_version)


def refuse_keys(facts: Facts, wanted: Mapping[str, Any], version: str, *, installs: bool) -> None:
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
    if installs and facts.daemon_json:
        path = facts.daemon_json.path
        kept = {key: value for key, value in _current(facts).items() if key not in wanted}
        if wrong := problems(kept, version):
            raise ApplyError(
                f"{_engine(version)} would not start with {path}: {'; '.join(wrong)}. Nothing was changed.",
                hint=f"take it out of {path} first, or stay with an older engine: --docker-version",
            )


def daemon_warnings(facts: Facts, wanted: Mapping[str, Any], version: str) -> Iterator[str]:
    """Yield what does not stop the change and should be known."""
    path = facts.engine.config_path
    try:
        current = {key: value for key, value in _current(facts).items() if key not in wanted}
    except DaemonConfigurationError as error:
        yield f"the next start of the engine will fail: {error.message}"
        return
    for problem in problems(current, version):
        yield f"{_engine(version)} does not take {path} as it is, and neither reloads nor restarts with it: {problem}"
    for name, why in _ignored(current, version):
        yield f"{name} in {path} has no effect: {why}"
    for exception in reload_exceptions(version):
        if exception.key in wanted and not exception.restart and facts.engine.info is not None:
            yield f"with {_engine(version)} {exception.what}"


def _current(facts: Facts) -> dict[str, Any]:
    file = facts.daemon_json
    return daemon_json.parse(file.text, file.path) if file else {}


def _ignored(config: Mapping[str, Any], version: str) -> list[tuple[str, str]]:
    return list(ignored(config, version).items())


def _engine(version: str) -> str:
    return f"Docker {version}" if version else "Docker"
