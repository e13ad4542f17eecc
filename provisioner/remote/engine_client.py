"""One command of docker on a host, with streams or a terminal of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from provisioner.errors import PrivilegeError
from provisioner.remote.images import engine_frames, login_of, refusal_of
from provisioner.scripts.one_line import one_line
from provisioner.scripts.render import shell_text
from provisioner.transports.base import Feed, Transport

ASKING = "[sudo] password: "
_BY_PASSWORD = ("sudo", "-k", "-S", "-p", "''")


@dataclass(frozen=True, slots=True)
class Way:
    """How the engine of a host is asked: the client, where its settings and its socket are, and by which sudo.

    `sudo`: "" for none, "nopasswd", or "password" when it asks.
    """

    client: str
    settings: str
    socket: str
    sudo: str

    def script(self, words: Sequence[str]) -> str:
        return shell_text(
            "images/client.sh.j2", client=self.client, settings=self.settings, socket=self.socket, words=words
        )


def find_way(transport: Transport, *, become_password: str | None, asks: bool = False) -> Way:
    """Return the way to the engine there. With `asks` there is a terminal, on which sudo may ask for its password.

    Raises:
        ConnectError, FactsError, UnsupportedError, PrivilegeError: see `provisioner.remote.images.ask_engine`.
    """
    found = engine_frames(transport, "images/way.sh.j2", become_password=become_password)
    _, kind, refused = login_of(found)
    refusal = refusal_of(transport.name, found)
    if isinstance(refusal, PrivilegeError) and kind == "password" and refused and asks:
        return Way(found.get("client") or "docker", "", "", "password")
    if refusal is not None:
        raise refusal
    by_sudo = kind in {"nopasswd", "password"} and not refused
    return Way(
        found.get("client") or "docker", found.get("settings", ""), found.get("socket", ""), kind if by_sudo else ""
    )


def run_streaming(
    transport: Transport,
    way: Way,
    words: Sequence[str],
    *,
    become_password: str | None,
    out: Feed,
    err: Feed,
    content: Iterable[bytes] = (),
) -> int:
    """Run `docker WORDS` there, feed it `content`, pass on its streams; return its exit status.

    Raises:
        ConnectError, UsageError: see `Transport.stream` and `one_line`.
    """
    script = way.script(words)
    if way.sudo != "password":
        return transport.stream(one_line(script, *_without_password(way)), out=out, err=err, content=content)
    password = f"{become_password or ''}\n".encode("utf-8", "surrogateescape")
    return transport.stream(one_line(script, *_BY_PASSWORD), out=out, err=err, content=chain([password], content))


def run_at_terminal(transport: Transport, way: Way, words: Sequence[str]) -> int:
    """Run `docker WORDS` there at this process's terminal, where sudo asks itself; return its exit status.

    Raises:
        ConnectError, UsageError: see `Transport.terminal` and `one_line`.
    """
    before = ("sudo", "-p", f"'{ASKING}'") if way.sudo == "password" else _without_password(way)
    return transport.terminal(one_line(way.script(words), *before))


def _without_password(way: Way) -> tuple[str, ...]:
    return ("sudo", "-n") if way.sudo else ()
