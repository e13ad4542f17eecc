"""known_hosts as OpenSSH reads it: plain, hashed and wildcard names, [host]:port, @revoked, @cert-authority.

paramiko's own reader knows no wildcards and no markers, and takes one key type of a host only.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import fnmatch
import functools
import hashlib
import hmac
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.errors import HostKeyError
from provisioner.transports.ssh_config import Settings

_accepting = threading.Lock()


@dataclass(frozen=True, slots=True)
class HostKey:
    """A host's public key: `kind` as known_hosts names it (ssh-ed25519, ssh-rsa, …)."""

    kind: str
    blob: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Type and SHA256 as `ssh-keygen -l` prints them."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")
        return f"{self.kind} SHA256:{digest}"


@dataclass(frozen=True, slots=True)
class _Line:
    marker: str
    names: str
    key: HostKey
    place: str

    def speaks_of(self, host: str) -> bool:
        if self.names.startswith("|1|"):
            return _hashes_to(self.names, host)
        found = False
        for pattern in self.names.lower().split(","):
            negated = pattern.startswith("!")
            if _matches(pattern.removeprefix("!"), host):
                if negated:
                    return False
                found = True
        return found


@dataclass(frozen=True, slots=True)
class Known:
    """What known_hosts says of one host; `places` tells file and line of each key."""

    keys: tuple[HostKey, ...] = ()
    revoked: tuple[HostKey, ...] = ()
    authorities: int = 0
    places: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key.kind for key in self.keys))


def host_name(host: str, port: int) -> str:
    """Return the name under which known_hosts keeps a host: with brackets and port, unless that is 22."""
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


def known(files: Iterable[str], host: str, port: int) -> Known:
    """Return what the files say of a host. Files that are not there and lines that cannot be read say nothing.

    A host on another port than 22 that has no line of its own is looked up without the port, as OpenSSH does.
    """
    lines = [line for file in files for line in _read(file)]
    return _about(lines, host_name(host, port)) or _about(lines, host.lower()) or Known()


def accept(file: str, host: str, port: int, key: HostKey) -> HostKey | None:
    """Append the key of a host seen for the first time; return another key that somebody else noted meanwhile.

    Raises:
        OSError: the file cannot be written.
    """
    path = Path(file)
    with _accepting:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(file, "a+b", opener=_private) as stream:  # Path.open takes no opener
            with contextlib.suppress(OSError):  # a file that cannot be locked, on some network file systems
                fcntl.flock(stream, fcntl.LOCK_EX)
            there = _about(_read(file), host_name(host, port))
            if there and there.keys:
                return None if key in there.keys else there.keys[0]
            stream.write((b"" if _ends_well(path) else b"\n") + _line(host, port, key))
    return None


def verify(name: str, known_host: Known, key: HostKey, settings: Settings) -> None:
    """Accept the host's key, note it when it is new and may be, or say what is wrong with it.

    Raises:
        HostKeyError: unknown, changed, revoked, or it cannot be noted.
    """
    if key in known_host.revoked:
        raise HostKeyError(f"{name}: its host key is revoked in known_hosts: {key.fingerprint}")
    if key in known_host.keys:
        return
    if known_host.keys:
        raise HostKeyError(
            f"{name}: the host key has changed: it is {key.fingerprint}, {known_host.places[0]} has "
            f"{known_host.keys[0].fingerprint}",
            hint=f"if the host was reinstalled: ssh-keygen -R '{host_name(settings.known_as, settings.port)}'; "
            "otherwise somebody is in between",
        )
    file = settings.known_hosts[0] if settings.known_hosts else ""
    if not (settings.accept_new and file):
        raise HostKeyError(
            f"{name}: its host key is unknown: {key.fingerprint}",
            hint="compare it with the host's own, then use --accept-new, "
            f"or: ssh-keyscan -p {settings.port} {settings.host} >> {file or '~/.ssh/known_hosts'}"
            + ("; host certificates (@cert-authority) are not checked" if known_host.authorities else ""),
        )
    try:
        other = accept(file, settings.known_as, settings.port, key)
    except OSError as cause:
        raise HostKeyError(f"{name}: its host key cannot be noted in {file}: {cause.strerror or cause}") from cause
    if other is not None:
        raise HostKeyError(f"{name}: two host keys at once: {key.fingerprint} and {other.fingerprint}")


def _line(host: str, port: int, key: HostKey) -> bytes:
    return f"{host_name(host, port)} {key.kind} {base64.b64encode(key.blob).decode()}\n".encode()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _ends_well(path: Path) -> bool:
    if not path.is_file() or not path.stat().st_size:
        return True
    with path.open("rb") as stream:
        stream.seek(-1, 2)
        return stream.read(1) == b"\n"


def _about(lines: Iterable[_Line], name: str) -> Known | None:
    found = [line for line in lines if line.speaks_of(name)]
    if not found:
        return None
    plain = [line for line in found if not line.marker]
    return Known(
        keys=tuple(line.key for line in plain),
        revoked=tuple(line.key for line in found if line.marker == "@revoked"),
        authorities=sum(line.marker == "@cert-authority" for line in found),
        places=tuple(line.place for line in plain),
    )


def _read(file: str) -> tuple[_Line, ...]:
    path = Path(file)
    try:
        if not path.is_file():
            return ()
        stat = path.stat()
        return _parsed(file, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return ()


@functools.lru_cache(maxsize=16)
def _parsed(file: str, mtime_ns: int, size: int) -> tuple[_Line, ...]:
    del mtime_ns, size  # a changed file is another one
    return tuple(_lines(file, Path(file).read_text(encoding="utf-8", errors="replace")))


def _lines(file: str, text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if len(words) < 3:
            continue
        try:
            blob = base64.b64decode(words[2], validate=True)
        except (binascii.Error, ValueError):
            continue
        yield _Line(marker, words[0], HostKey(words[1], blob), f"{file}:{number}")


def _matches(pattern: str, host: str) -> bool:
    if pattern == host:
        return True
    if "*" not in pattern and "?" not in pattern:
        return False
    # Brackets are literal here: they go with a port.
    return fnmatch.fnmatchcase(host, pattern.replace("[", "[[]"))


def _hashes_to(names: str, host: str) -> bool:
    _, _, salt, digest = [*names.split("|"), "", ""][:4]
    try:
        wanted = base64.b64decode(digest)
        return hmac.compare_digest(hmac.digest(base64.b64decode(salt), host.encode(), "sha1"), wanted)
    except (binascii.Error, ValueError):
        return False
