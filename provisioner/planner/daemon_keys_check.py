"""The keys of the daemon configuration against the engine that will read them, before any file changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.catalogue.daemon_keys import ignored, reload_exceptions
from provisioner.catalogue.daemon_values import asked_over_https, container_problems, start_problems
from provisioner.errors import ApplyError
from provisioner.facts.host import Host


def refuse_keys(host: Host, wanted: Mapping[str, Any], version: str, *, installs: bool) -> None:
    """Refuse settings with which engine `version` would not start, or of which it would take no notice.

    Before an installation that goes for the whole of an existing daemon.json; `version` is the one that comes.

    Raises:
        ApplyError: what is wrong with each of them, and the way out.
        DaemonConfigurationError: the existing file is broken.
    """
    wrong = start_problems(wanted, version) + [
        f"{name} has no effect: {why}" for name, why in _ignored(wanted, version)
    ]
    if wrong:
        raise ApplyError(
            f"{_engine(version)} does not take this configuration: {'; '.join(wrong)}. Nothing was changed.",
            hint="correct the setting or leave it out; `dockerd --help` lists what an engine knows",
        )
    if installs:
        path = host.daemon_json.path
        kept = {**host.daemon_json.required, **wanted}
        if wrong := start_problems(kept, version):
            raise ApplyError(
                f"{_engine(version)} would not start with {path}: {'; '.join(wrong)}. Nothing was changed.",
                hint=f"take it out of {path} first, or stay with an older engine: --docker-version",
            )
        if wrong := container_problems(kept, version):
            raise ApplyError(
                f"{_engine(version)} would start no container with {path}: {'; '.join(wrong)}. Nothing was changed.",
                hint=f"correct it in {path} first, or stay with an older engine: --docker-version",
            )


def refuse_kept(host: Host, wanted: Mapping[str, Any], version: str) -> None:
    """Refuse to touch a file that the engine takes neither by a reload nor by a start, whatever `wanted` adds to it.

    Raises:
        ApplyError: what is wrong with the values that stay, and the way out.
        DaemonConfigurationError: the file is broken.
    """
    path = host.daemon_json.path
    if wrong := start_problems({**host.daemon_json.required, **wanted}, version):
        raise ApplyError(
            f"{_engine(version)} neither reloads nor starts with {path}: {'; '.join(wrong)}. Nothing was changed.",
            hint=f"correct it in {path} and run the command again",
        )


def daemon_warnings(host: Host, wanted: Mapping[str, Any], version: str, *, restarts: bool = False) -> Iterator[str]:
    """Yield what does not stop the change, which `restarts` the engine or reloads it, and should be known."""
    path = host.facts.engine.config_path
    if broken := host.daemon_json.broken:
        yield broken.consequence
        return
    current = {key: value for key, value in host.daemon_json.values.items() if key not in wanted}
    for problem in start_problems(current, version):
        yield f"{_engine(version)} does not take {path} as it is, and neither reloads nor restarts with it: {problem}"
    for problem in container_problems({**current, **wanted}, version):
        yield f"{_engine(version)} starts no container with {path}: {problem}"
    for name, why in _ignored(current, version):
        yield f"{name} in {path} has no effect: {why}"
    yield from _https(host, wanted, version)
    for exception in reload_exceptions(version):
        if exception.key in wanted and not (exception.restart or restarts) and host.info is not None:
            yield f"with {_engine(version)} {exception.what}"


def _https(host: Host, wanted: Mapping[str, Any], version: str) -> Iterator[str]:
    """What becomes of http:// mirrors where the images are kept by containerd."""
    if host.info is None or not host.info.containerd_store:
        return
    insecure = wanted.get("insecure-registries") or host.daemon_json.values.get("insecure-registries")
    known = insecure if isinstance(insecure, list) else []
    for url in asked_over_https(list(wanted.get("registry-mirrors") or ()), known, version):
        place = url.partition("://")[2].partition("/")[0]
        yield (
            f"the containerd image store of {_engine(version)} asks {url} over https, since {place} is no insecure "
            f"registry: --insecure-registry {place}"
        )


def _ignored(config: Mapping[str, Any], version: str) -> list[tuple[str, str]]:
    return list(ignored(config, version).items())


def _engine(version: str) -> str:
    return f"Docker {version}" if version else "Docker"
