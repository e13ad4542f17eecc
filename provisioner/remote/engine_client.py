"""One command of docker on a host, with streams or a terminal of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from provisioner.errors import PrivilegeError
from provisioner.facts.frames import new_nonce
from provisioner.facts.login import Method
from provisioner.remote.images import engine_frames, login_of, refusal_of
from provisioner.scripts.one_line import one_line
from provisioner.scripts.render import quote, shell_text
from provisioner.transports.base import Feed, Transport

ASKING = "[sudo] password: "
_BY_PASSWORD = ("sudo", "-k", "-S", "-p", "''")


@dataclass(frozen=True, slots=True)
class Way:
    """How the engine of a host is asked: the client, where its settings and its socket are, and how as root.

    `sudo`: "" for as it is, "nopasswd", or "password" when `method` asks for one; see `provisioner.facts.login`.
    """

    client: str
    settings: str
    socket: str
    sudo: str
    method: Method = "sudo"
    terminal: bool = False

    def script(self, words: Sequence[str]) -> str:
        return shell_text(
            "images/client.sh.j2", client=self.client, settings=self.settings, socket=self.socket, words=words
        )


def find_way(transport: Transport, *, become_password: str | None, asks: bool = False) -> Way:
    """Return the way to the engine there. With `asks` there is a terminal, on which a password may be asked for.

    Raises:
        ConnectError, FactsError, UnsupportedError, PrivilegeError: see `provisioner.remote.images.ask_engine`.
    """
    found = engine_frames(transport, "images/way.sh.j2", become_password=become_password)
    login = login_of(found)
    refusal = refusal_of(transport.name, found)
    client = found.get("client") or "docker"
    if isinstance(refusal, PrivilegeError) and login and login.sudo == "password" and login.sudo_message and asks:
        return Way(client, "", "", "password", login.method)
    if refusal is not None:
        raise refusal
    way = Way(client, found.get("settings", ""), found.get("socket", ""), "")
    if login is None or login.is_root or not login.becomes_root:
        return way
    return replace(way, sudo=login.sudo, method=login.method, terminal=login.terminal)


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
    if way.sudo != "password" and not way.terminal:
        return transport.stream(one_line(script, *_without_password(way)), out=out, err=err, content=content)
    password = f"{become_password or ''}\n".encode("utf-8", "surrogateescape")
    if way.method == "sudo" and not way.terminal:
        line = one_line(script, *_BY_PASSWORD)
    else:
        line = one_line(shell_text("images/as_root.sh.j2", nonce=new_nonce(), method=way.method, script=script))
    return transport.stream(line, out=out, err=err, content=chain([password], content))


def run_at_terminal(transport: Transport, way: Way, words: Sequence[str]) -> int:
    """Run `docker WORDS` there at this process's terminal, where sudo, doas or su asks itself; return its exit status.

    Raises:
        ConnectError, UsageError: see `Transport.terminal` and `one_line`.
    """
    script = way.script(words)
    if way.sudo and way.method == "su":
        return transport.terminal(one_line(f"exec su -s /bin/sh -c {quote(script)} root"))
    asking: dict[str, tuple[str, ...]] = {"sudo": ("sudo", "-p", f"'{ASKING}'"), "doas": ("doas",)}
    before = asking[way.method] if way.sudo == "password" else _without_password(way)
    return transport.terminal(one_line(script, *before))


def _without_password(way: Way) -> tuple[str, ...]:
    return (way.method, "-n") if way.sudo else ()
