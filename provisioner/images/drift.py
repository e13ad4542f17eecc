"""Where an image is no longer the one that its name means: on a host, across hosts, in its registry."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from provisioner.errors import FactsError, UsageError
from provisioner.host_files.lines import lines
from provisioner.images.listing import Details
from provisioner.images.name import image_name
from provisioner.images.spread import Copy, Spread, copy_of, spread

CONTAINERS = "\t".join(f"{{{{json .{field}}}}}" for field in ("Name", "Image", "Config.Image", "State.Running"))
"""Template for `docker container inspect`; `containers` reads what it prints."""

_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Container:
    """`image` is the id of what it runs, `asked` the image as it was asked for."""

    name: str
    image: str
    asked: str
    running: bool


@dataclass(frozen=True, slots=True)
class Stale:
    """A container whose image its name no longer means: that is `now`, an id, or "" where nothing has the name."""

    container: Container
    name: str
    now: str


@dataclass(frozen=True, slots=True)
class HostImages:
    """What one host has: its images by id, its containers, and what `parts` says of them where the store tells."""

    images: Mapping[str, Details]
    containers: Sequence[Container] = ()
    parts: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)

    def named(self) -> dict[str, Details]:
        """Its images by each of their tags, as `docker image ls` shows these."""
        return {tag: image for image in self.images.values() for tag in image.tags}

    def copies(self, names: Names) -> dict[str, Copy]:
        """Its images by those of their tags that are looked at."""
        return {
            name: copy_of(name.rpartition(":")[0], image.id, image, self._parts(image))
            for name, image in self.named().items()
            if names.have(name)
        }

    def _parts(self, image: Details) -> frozenset[str]:
        """What is there for the platform that runs: what other images brought may be there for others, too."""
        return frozenset(digest for platform, digest in self.parts.get(image.id, ()) if platform == image.platform)


@dataclass(frozen=True, slots=True)
class Names:
    """Which names are looked at: patterns as `docker image ls` takes them; none means all."""

    patterns: tuple[str, ...] = ()

    def have(self, name: str) -> bool:
        repository, _, _ = name.rpartition(":")
        return not self.patterns or any(
            _matches(text, pattern) for pattern in self.patterns for text in (name, repository)
        )


def _matches(text: str, pattern: str) -> bool:
    """As Go's path.Match: no wildcard goes over a slash."""
    parts, patterns = text.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatch.fnmatchcase, parts, patterns))


def containers(text: str) -> tuple[Container, ...]:
    """Read what `docker container inspect` printed with CONTAINERS.

    Raises:
        FactsError: it is something else.
    """
    return tuple(_container(line) for line in lines(text) if line.strip())


def stale(host: HostImages, names: Names) -> list[Stale]:
    """The running containers of images that their names no longer mean.

    One that was asked for by an id or a digest runs what it was asked for, whatever tags do.
    """
    named = host.named()
    found = []
    for container in host.containers:
        name = _tagged(container.asked)
        if not container.running or not name or not names.have(name) or _by_id(container):
            continue
        now = named.get(name)
        if now is None or now.id != container.image:
            found.append(Stale(container, name, now.id if now else ""))
    return found


def across(hosts: Mapping[str, HostImages], names: Names) -> list[Spread]:
    """Every name that two hosts have, with the hosts that have the same image under it."""
    copies: dict[str, dict[str, Copy]] = {}
    for host, found in hosts.items():
        for name, copy in found.copies(names).items():
            copies.setdefault(name, {})[host] = copy
    return [spread(name, by_host) for name, by_host in sorted(copies.items()) if len(by_host) > 1]


def pulled(host: HostImages, names: Names) -> dict[str, Copy]:
    """The images that a registry has given under their name, by that name: what it can be asked about."""
    return {name: copy for name, copy in host.copies(names).items() if copy.own}


def is_current(copy: Copy, digest: str, index: str) -> bool:
    """Is what a host has what the registry has under the name now?

    `digest` is that of the registry's manifest, `index` the manifest itself, or "" where it was not needed. What is
    known by a digest of one platform is compared with the one that an index lists for it, an index by its own.
    """
    known = copy.digests | copy.parts
    return digest in known or bool(known & _listed(index, copy.platform))


def parts(text: str) -> dict[str, frozenset[tuple[str, str]]]:
    """Read the engine's answer to GET /images/json?manifests=1: (platform, digest) of what is there, by the image's id.

    Raises:
        FactsError: it is something else.
    """
    try:
        return {
            str(row["Id"]): frozenset(
                (_platform(part["ImageData"]["Platform"]), str(part["Descriptor"]["digest"]))
                for part in row.get("Manifests") or ()
                if part.get("Available") and part.get("Kind") == "image"
            )
            for row in json.loads(text)
        }
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as cause:
        raise FactsError("the engine does not say in its usual way what its images consist of") from cause


def _platform(row: Mapping[str, object]) -> str:
    return f"{row['os']}/{row['architecture']}"


def _listed(index: str, platform: str) -> frozenset[str]:
    """The digests that an index has for a platform, which is `linux/arm64`; those for its variants are among them."""
    try:
        found = json.loads(index) if index.strip() else {}
        return frozenset(
            str(row["digest"]) for row in found.get("manifests") or () if platform == _platform(row["platform"])
        )
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        return frozenset()


def _tagged(asked: str) -> str:
    """The name with its tag as `docker image ls` shows it; "" for an id, a digest, and what is no name."""
    if _ID.fullmatch(asked):
        return ""
    try:
        name = image_name(asked)
    except UsageError:
        return ""
    return "" if name.digest else name.pulled


def _by_id(container: Container) -> bool:
    """`docker run 1a2b3c` asks for an id in short, which looks like a name."""
    return re.fullmatch(r"[0-9a-f]{2,64}", container.asked) is not None and container.image.partition(":")[
        2
    ].startswith(container.asked)


def _container(line: str) -> Container:
    try:
        name, image, asked, running = (json.loads(part) for part in line.split("\t"))
    except (ValueError, RecursionError) as cause:
        raise FactsError(f"a container is described by {line[:200]!r}") from cause
    return Container(str(name).removeprefix("/"), str(image), str(asked), running is True)
