"""The registry mirrors that a host has, and what gives them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from provisioner.catalogue.daemon_keys import key_problems
from provisioner.facts.host import Host
from provisioner.facts.normal_form import mirrors
from provisioner.host_files import docker_opts

KEY = "registry-mirrors"


@dataclass(frozen=True, slots=True)
class Configured:
    """A list of mirrors and what gives it: a path, or "the engine" when it alone remembers them; "" when nothing."""

    urls: tuple[str, ...]
    by: str


def configured(host: Host) -> Configured:
    """Return the mirrors that are configured, without trailing slashes.

    What daemon.json says comes first, then flags of dockerd (on upstart and sysvinit those in DOCKER_OPTS), then
    what the running engine shows.

    Raises:
        DaemonConfigurationError: a configuration file is broken, or what it says is no list of mirrors.
    """
    facts, current = host.facts, host.daemon_json.required
    if KEY in current:
        if wrong := key_problems({KEY: current[KEY]}, ""):
            raise host.daemon_json.refused(KEY, wrong[0])
        return Configured(_bare(current[KEY] or ()), facts.engine.config_path)
    if host.keeps_flags_in_docker_opts and facts.options_file:
        given = docker_opts.settings(facts.options_file.text, "registry-mirror", path=docker_opts.PATH)
        if given:
            return Configured(_bare(value for value, _ in given), docker_opts.PATH)
    places = [place for place in host.flag_places(KEY) if place.values]
    if places:
        return Configured(_bare(value for place in places for value in place.values), places[0].where)
    info = host.info
    return Configured(info.mirrors, "the engine") if info and info.mirrors else Configured((), "")


def _bare(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(mirrors(urls))
