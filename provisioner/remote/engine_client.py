"""One command of docker on a host, with streams or a terminal of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from provisioner.errors import ApplyError, PrivilegeError
from provisioner.facts.frames import new_nonce
from provisioner.facts.login import Method
from provisioner.remote.images import ask_engine, login_of, refusal_of
from provisioner.scripts.one_line import one_line
from provisioner.scripts.render import quote, shell_text
from provisioner.transports import limits
from provisioner.transports.base import Feed, Transport

ASKING = "[sudo] password: "
HELD = 1 << 16
"""Bytes of stderr that are looked at for the client's own line."""
TELLING = 30.0
"""Seconds that a host has to pass a signal on."""
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

    def script(self, words: Sequence[str], nonce: str = "") -> str:
        """`docker WORDS`; with a nonce, the client first tells on stderr which process it is."""
        return shell_text(
            "images/client.sh.j2",
            client=self.client,
            settings=self.settings,
            socket=self.socket,
            nonce=nonce,
            words=words,
        )


def find_way(transport: Transport, *, become_password: str | None, asks: bool = False) -> Way:
    """Return the way to the engine there. With `asks` there is a terminal, on which a password may be asked for.

    Raises:
        ConnectError, FactsError, UnsupportedError, PrivilegeError: see `provisioner.remote.images.ask_engine`.
    """
    found = ask_engine(transport, "images/way.sh.j2", become_password=become_password, refuse=False)
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
    begun: Callable[[int], None] | None = None,
) -> int:
    """Run `docker WORDS` there, feed it `content`, pass on its streams; return its exit status.

    `begun` hears which process of the host the client is, for `tell_client`; from a thread of its own.

    Raises:
        ConnectError, UsageError: see `Transport.stream` and `one_line`.
    """
    if begun is None:
        script = way.script(words)
        return _stream(transport, way, script, become_password=become_password, out=out, err=err, content=content)
    nonce = new_nonce()
    told = _Told(nonce, err, begun)
    try:
        script = way.script(words, nonce)
        return _stream(transport, way, script, become_password=become_password, out=out, err=told.feed, content=content)
    finally:
        told.end()


def tell_client(transport: Transport, way: Way, process: int, signal: str, *, become_password: str | None) -> None:
    """Send a signal, "INT", to the client that runs there as `process`, beside its own stream.

    Raises:
        ConnectError: see `Transport.stream`.
        ApplyError: the host refuses.
    """
    said = bytearray()

    def hear(chunk: bytes) -> None:
        said.extend(chunk[: limits.STEP_LOG - len(said)])

    script = shell_text("images/signal.sh.j2", signal=signal, process=process)
    if _stream(transport, way, script, become_password=become_password, out=hear, err=hear, timeout=TELLING):
        raise ApplyError(said.decode("utf-8", "replace").strip() or "kill fails there")


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


class _Told:
    """Takes out of a stream the line in which the client tells which process it is."""

    def __init__(self, nonce: str, rest: Feed, begun: Callable[[int], None]) -> None:
        self._line = re.compile(rf"@@{nonce} client ([0-9]{{1,{limits.DIGITS}}})\n".encode())
        self._rest, self._begun = rest, begun
        self._held: bytearray | None = bytearray()

    def feed(self, chunk: bytes) -> None:
        if self._held is None:
            self._rest(chunk)
            return
        self._held += chunk
        if line := self._line.search(self._held):
            self._begun(int(line[1]))
            del self._held[line.start() : line.end()]
        if line or len(self._held) > HELD:
            self.end()

    def end(self) -> None:
        """Pass on what was held."""
        held, self._held = self._held, None
        if held:
            self._rest(bytes(held))


def _stream(
    transport: Transport,
    way: Way,
    script: str,
    *,
    become_password: str | None,
    out: Feed,
    err: Feed,
    content: Iterable[bytes] = (),
    timeout: float | None = None,
) -> int:
    if way.sudo != "password" and not way.terminal:
        line = one_line(script, *_without_password(way))
        return transport.stream(line, out=out, err=err, content=content, timeout=timeout)
    password = f"{become_password or ''}\n".encode("utf-8", "surrogateescape")
    if way.method == "sudo" and not way.terminal:
        line = one_line(script, *_BY_PASSWORD)
    else:
        line = one_line(shell_text("images/as_root.sh.j2", nonce=new_nonce(), method=way.method, script=script))
    return transport.stream(line, out=out, err=err, content=chain([password], content), timeout=timeout)


def _without_password(way: Way) -> tuple[str, ...]:
    return (way.method, "-n") if way.sudo else ()
