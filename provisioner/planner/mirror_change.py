"""`mirror add` and `mirror remove`: the list that a host has, and the one it is to have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from provisioner.facts.flags import OPTIONS_FILE, flag_places
from provisioner.facts.model import Facts
from provisioner.host_files import daemon_json, docker_opts
from provisioner.wanted.spec import Spec

KEY = "registry-mirrors"


@dataclass(frozen=True, slots=True)
class Configured:
    """A list of mirrors and what gives it: a path, or "the engine" when it alone remembers them; "" when nothing."""

    urls: tuple[str, ...]
    by: str


def configured(facts: Facts) -> Configured:
    """Return the mirrors that are configured, without trailing slashes.

    What daemon.json says comes first, then options of dockerd (on upstart and sysvinit that is DOCKER_OPTS), then
    what the running engine shows.

    Raises:
        DaemonConfigurationError: a configuration file is broken.
    """
    file = facts.daemon_json
    current = daemon_json.parse(file.text, file.path) if file else {}
    if KEY in current:
        return Configured(_bare(current[KEY] or ()), facts.engine.config_path)
    if facts.init in {"upstart", "sysvinit"} and facts.options_file:
        given = docker_opts.settings(facts.options_file.text, "registry-mirror", path=OPTIONS_FILE)
        if given:
            return Configured(_bare(value for value, _ in given), OPTIONS_FILE)
    places = [place for place in flag_places(facts, KEY) if place.values]
    if places:
        return Configured(_bare(value for place in places for value in place.values), places[0].where)
    info = facts.engine.info
    return Configured(info.mirrors, "the engine") if info and info.mirrors else Configured((), "")


def resolved(facts: Facts, spec: Spec) -> Spec:
    """Return `spec` with the list of mirrors written out that its change makes of the host's; the same without one.

    On a host that has been changed it gives what the host has, so it may be asked again afterwards.
    """
    change = spec.mirror_change
    if change is None:
        return spec
    has = configured(facts).urls
    left = tuple(url for url in has if url not in change.remove)
    new = tuple(url for url in change.add if url not in left)
    wanted = (*new, *left) if change.first else (*left, *new)
    return spec.model_copy(update={"registry_mirrors": wanted, "mirror_change": None})


def nothing_to_change(spec: Spec) -> str:
    """Return why its change does nothing on a host that is as wanted already; "" for other specs."""
    change = spec.mirror_change
    if change is None:
        return ""
    said = [f"{url} is there already" for url in change.add] + [f"{url} is not there" for url in change.remove]
    return "; ".join(said)


def _bare(urls: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(url).rstrip("/") for url in urls))
