"""The test bed of one session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from tests.testbed import bare, engine, hosts, registry, sessions, source
from tests.testbed.bare import Bare
from tests.testbed.engine import run
from tests.testbed.hosts import Host
from tests.testbed.locks import locked
from tests.testbed.recipes import PASSWORD
from tests.testbed.registry import Mirror
from tests.testbed.source import Source


class Bed:
    """Hosts and services of one session; services start when they are first asked for."""

    def __init__(self, session: Path) -> None:
        self.session = session
        self.key_file = session / "key"
        self.known_hosts = session / "known_hosts"
        self.passwords = {"pat": PASSWORD, "nosudo": PASSWORD}
        self.known_hosts.touch()
        if not self.key_file.exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "testbed", "-f", str(self.key_file))

    def start(self, slug: str, *, os_release: str = "", name: str = "") -> Host:
        """Start a host and wait until it accepts connections; the first of its kind is built, which takes longer."""
        return hosts.start(self.session, self.key_file, self.known_hosts, slug, os_release=os_release, name=name)

    def start_bare(self) -> Bare:
        """Start a machine with nothing installed; it is no host, since it has no SSH and no Python."""
        return bare.start(self.session)

    @cached_property
    def source(self) -> Source:
        """The package source; building it the first time takes a minute or two."""
        return source.start_source(self.session)

    @cached_property
    def mirrors(self) -> tuple[Mirror, Mirror]:
        """Two registry mirrors that hold the same."""
        return registry.start_mirror(self.session, "mirror-1"), registry.start_mirror(self.session, "mirror-2")

    @cached_property
    def registry(self) -> Mirror:
        """A registry that takes pushes, empty at first, and a mirror of what is pushed below library/."""
        return registry.start_registry(self.session, "registry")

    @cached_property
    def dead_mirror(self) -> str:
        """A mirror's URL at which nothing listens."""
        return f"http://{engine.bridge_address()}:9"


AnyBed = TypeVar("AnyBed", bound=Bed)


@contextmanager
def testbed(kind: type[AnyBed] = Bed) -> Iterator[AnyBed]:  # noqa: PT028 # no test, whatever its name
    """A bed of this kind for this process; everything is removed at the end."""
    with locked("engine"):
        engine.ensure()
    engine.allow_many_hosts()
    sessions.remove_dead()
    session = sessions.new()
    try:
        yield kind(session)
    finally:
        sessions.end(session)
