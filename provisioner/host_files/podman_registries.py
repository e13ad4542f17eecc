"""registries.conf as podman, buildah, skopeo and CRI-O read it (containers-registries.conf(5), both of its forms).

They read nothing at all while one file has a value of a wrong type, so neither does this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import DOCKER_HUB, PODMAN, Mirrors
from provisioner.host_files.tables import UnreadableError, document


@dataclass(frozen=True, slots=True)
class Registry:
    """What one table says of the images whose names begin with `prefix`, which may be *.DOMAIN.

    `location` is where they come from, "" for the place that their name says. `settings` are further keys that are set.
    """

    path: str
    prefix: str
    location: str = ""
    mirrors: tuple[str, ...] = ()
    blocked: bool = False
    settings: tuple[str, ...] = ()

    def covers(self, name: str) -> bool:
        """True when `name`, a registry or a namespace in it, is one of those that the table speaks of."""
        if self.prefix.startswith("*."):
            return name.partition("/")[0].endswith(self.prefix[1:])
        return name == self.prefix or name.startswith((f"{self.prefix}/", f"{self.prefix}:"))

    @property
    def within_hub(self) -> bool:
        """True when it speaks of some images of Docker Hub alone."""
        return self.prefix.startswith(f"{DOCKER_HUB}/")

    @property
    def moved(self) -> bool:
        """True when its images come from another place than their name says."""
        return bool(self.location) and self.location != self.prefix

    @property
    def decides(self) -> str:
        """What it makes of its images other than taking them from where their name says, "" when nothing."""
        if self.blocked:
            return f"{self.prefix} is blocked"
        said = []
        if self.moved:
            said.append(f"{self.prefix} comes from {self.location}")
        if self.mirrors:
            said.append(f"{self.prefix} has the mirrors {' '.join(self.mirrors)}")
        if self.settings:
            said.append(f"{self.prefix} has {', '.join(self.settings)}")
        return ", and ".join(said)


@dataclass(frozen=True, slots=True)
class RegistriesConf:
    """One file. `search` are the registries of short names, None where it says nothing; `problem`: why it is unread."""

    path: str
    registries: tuple[Registry, ...] = ()
    search: tuple[str, ...] | None = None
    problem: str = ""


def registries_conf(file: HostFile) -> RegistriesConf:
    """Read registries.conf or one of its drop-ins."""
    path = file.asked or file.path
    try:
        tables = document(file)
        if "registries" in tables:
            return _old(path, tables)
        search = None
        if "unqualified-search-registries" in tables:
            search = _list(tables, "unqualified-search-registries", "")
        found = tuple(_registry(path, number, row) for number, row in enumerate(_tables(tables, "registry", ""), 1))
    except UnreadableError as error:
        return RegistriesConf(path, problem=str(error))
    return RegistriesConf(path, found, search)


def podman(files: Iterable[HostFile]) -> tuple[Mirrors, ...]:
    """Return what registries.conf and its drop-ins make of registries: mirrors, or something else in their place."""
    rows: list[Mirrors] = []
    for conf in map(registries_conf, files):
        if conf.problem:
            rows.append(Mirrors(conf.path, DOCKER_HUB, problem=conf.problem))
        for registry in conf.registries:
            instead = registry.decides if registry.blocked or registry.moved else ""
            if registry.mirrors or instead:
                rows.append(Mirrors(conf.path, registry.prefix, registry.mirrors, instead=instead))
    return tuple(rows)


def _registry(path: str, number: int, row: Mapping[str, Any]) -> Registry:
    where = f"in its registry {number}, "
    prefix, location = (_place(_value(row, name, str, where) or "", where) for name in ("prefix", "location"))
    if not prefix and not location:
        raise UnreadableError(f"{where}neither prefix nor location is set")
    if prefix and not location and not prefix.startswith("*."):
        raise UnreadableError(f"{where}prefix is set without a location")
    flags = {name: _value(row, name, bool, where) for name in ("blocked", "insecure", "mirror-by-digest-only")}
    mirrors = tuple(_mirror(mirror, where) for mirror in _tables(row, "mirror", where))
    settings = tuple(name for name in ("insecure", "mirror-by-digest-only") if flags[name])
    return Registry(path, prefix or location, location, mirrors, bool(flags["blocked"]), settings)


def _mirror(row: Mapping[str, Any], where: str) -> str:
    location = _place(_value(row, "location", str, where) or "", where)
    if not location:
        raise UnreadableError(f"{where}a mirror has no location")
    _value(row, "pull-from-mirror", str, where)
    return f"{'http' if _value(row, 'insecure', bool, where) else 'https'}://{location}"


def _old(path: str, tables: Mapping[str, Any]) -> RegistriesConf:
    """Version 1: lists of registries below [registries.search], [registries.insecure] and [registries.block]."""
    if path != PODMAN:
        raise UnreadableError("has the old form, [registries.…], which drop-ins must not have")
    if "registry" in tables or "unqualified-search-registries" in tables:
        raise UnreadableError("has the old form, [registries.…], and the new one, [[registry]]")
    lists: dict[str, tuple[str, ...]] = {}
    for name in ("search", "insecure", "block"):
        section = tables["registries"].get(name, {}) if isinstance(tables["registries"], Mapping) else None
        if not isinstance(section, Mapping):
            raise UnreadableError(f"[registries.{name}] is no table")
        lists[name] = _list(section, "registries", f"in [registries.{name}], ")
    places = dict.fromkeys((*lists["insecure"], *lists["block"]))
    found = (
        Registry(
            path,
            place,
            place,
            blocked=place in lists["block"],
            settings=("insecure",) if place in lists["insecure"] else (),
        )
        for place in places
    )
    return RegistriesConf(path, tuple(found), lists["search"])


def _tables(row: Mapping[str, Any], name: str, where: str) -> Iterator[Mapping[str, Any]]:
    value = row.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise UnreadableError(f"{where}{name} is no list of tables: [[{'registry.' if where else ''}{name}]]")
    yield from value


def _list(row: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = row.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UnreadableError(f"{where}{name} is no list of strings")
    return tuple(_place(each, where) for each in value)


def _value(row: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    value = row.get(name)
    if value is not None and type(value) is not kind:
        raise UnreadableError(f"{where}{name} is {'no string' if kind is str else 'neither true nor false'}")
    return value


def _place(text: str, where: str) -> str:
    if "://" in text:
        raise UnreadableError(f"{where}{text!r} has a scheme; registries.conf wants host[:port][/path]")
    return text.rstrip("/")


def short_names(confs: Sequence[RegistriesConf]) -> tuple[str, tuple[str, ...]]:
    """Return (path, registries) of the list that counts for names without a registry: the last one that is there."""
    for conf in reversed(confs):
        if conf.search is not None:
            return conf.path, conf.search
    return "", ()
