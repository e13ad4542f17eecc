"""known_hosts as OpenSSH reads it: plain, hashed and wildcard names, [host]:port, @revoked, @cert-authority.

paramiko's own reader knows no wildcards and no markers, and takes one key type of a host only.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import hashlib
import hmac
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.transports.ssh_config_file import matches_list

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
    """Patterns in lower case; "" when there is a hash instead."""
    hashed: tuple[bytes, bytes] | None
    """Salt and HMAC of the one name."""
    key: HostKey
    place: str

    def speaks_of(self, host: str) -> bool:
        if self.hashed is None:
            return matches_list(host, self.names)
        salt, digest = self.hashed
        return hmac.compare_digest(hmac.digest(salt, host.encode(), "sha1"), digest)


@dataclass(frozen=True, slots=True)
class Known:
    """What known_hosts says of one host; `places` tells file and line of each key."""

    keys: tuple[HostKey, ...] = ()
    revoked: tuple[HostKey, ...] = ()
    authority_keys: tuple[HostKey, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def authorities(self) -> int:
        return len(self.authority_keys)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key.kind for key in self.keys))


def host_name(host: str, port: int) -> str:
    """Return the name under which known_hosts keeps a host: with brackets and port, unless that is 22."""
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


def known_as(files: Iterable[str], name: str) -> Known:
    """Return what the files say of exactly this name, such as `[web1]:2222` or an alias.

    Files that are not there and lines that cannot be read say nothing.
    """
    return _about((line for file in files for line in _read(file)), name) or Known()


def accept(file: str, host: str, port: int, key: HostKey) -> HostKey | None:
    """Append the key of a host seen for the first time; return another key that somebody else noted meanwhile.

    Raises:
        OSError: the file cannot be written.
    """
    path, name = Path(file), host_name(host, port)
    with _accepting:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(file, "a+b", opener=_private) as stream:  # Path.open takes no opener
            with contextlib.suppress(OSError, ImportError):  # some network file systems and Windows have no locks
                import fcntl

                fcntl.flock(stream, fcntl.LOCK_EX)
            there = _about(_read(file), name)
            if there and there.keys:
                return None if key in there.keys else there.keys[0]
            stream.write((b"" if _ends_well(path) else b"\n") + _line(name, key))
    return None


def _line(name: str, key: HostKey) -> bytes:
    return f"{name} {key.kind} {base64.b64encode(key.blob).decode()}\n".encode()


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
        authority_keys=tuple(line.key for line in found if line.marker == "@cert-authority"),
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
        hashed = _hashed(words[0]) if words[0].startswith("|") else None
        if hashed or not words[0].startswith("|"):
            yield _Line(marker, words[0].lower(), hashed, HostKey(words[1], blob), f"{file}:{number}")


def _hashed(name: str) -> tuple[bytes, bytes] | None:
    scheme, _, rest = name.removeprefix("|").partition("|")
    salt, _, digest = rest.partition("|")
    try:
        found = base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if scheme == "1" else None
