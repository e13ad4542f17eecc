"""RevokedHostKeys: files of keys that are no longer valid, as text or as a KRL (PROTOCOL.krl, krl.c)."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.transports.ssh_certificates import Certificate, Wire, kind, plain_key

_MAGIC = b"SSHKRL\n\x00"
_LARGEST = 64 << 20
_CERTIFICATES, _KEYS, _SHA1, _SHA256, _EXTENSION = 1, 2, 3, 5, 255
_SERIALS, _RANGE, _BITMAP, _KEY_IDS, _CERTIFICATE_EXTENSION = 0x20, 0x21, 0x22, 0x23, 0x39


@dataclass(slots=True)
class _Certificates:
    """What is revoked of one authority's; of every authority's when `authority` is empty."""

    authority: bytes
    ranges: list[tuple[int, int]] = field(default_factory=list)
    bitmaps: list[tuple[int, int]] = field(default_factory=list)
    key_ids: set[str] = field(default_factory=set)

    def has(self, certificate: Certificate) -> bool:
        if self.authority and self.authority != certificate.authority:
            return False
        if certificate.key_id in self.key_ids:
            return True
        serial = certificate.serial
        if serial == 0:  # what an authority that counts nothing writes
            return False
        return any(first <= serial <= last for first, last in self.ranges) or any(
            serial >= offset and bitmap >> (serial - offset) & 1 for offset, bitmap in self.bitmaps
        )


@dataclass(slots=True)
class Revoked:
    """Keys by themselves and by their hashes, and certificates."""

    keys: set[bytes] = field(default_factory=set)
    hashes: dict[str, set[bytes]] = field(default_factory=lambda: {"sha1": set(), "sha256": set()})
    certificates: list[_Certificates] = field(default_factory=list)

    def has(self, key: bytes, certificate: Certificate | None = None) -> bool:
        """True when the key is revoked, or its certificate, or the authority of that."""
        if self._has_key(key):
            return True
        return certificate is not None and (
            self._has_key(certificate.authority) or any(each.has(certificate) for each in self.certificates)
        )

    def _has_key(self, key: bytes) -> bool:
        return key in self.keys or any(
            hashlib.new(name, key, usedforsecurity=False).digest() in some for name, some in self.hashes.items()
        )


def read(file: str) -> Revoked:
    """Read a file of revoked keys.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or says something that is not known here.
    """
    stat = Path(file).stat()
    return _read(file, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=8)
def _read(file: str, mtime_ns: int, size: int) -> Revoked:
    del mtime_ns  # a changed file is another one
    if size > _LARGEST:
        raise ValueError(f"it has {size} bytes")
    data = Path(file).read_bytes()
    return _krl(Wire(data)) if data.startswith(_MAGIC) else _lines(data)


def _lines(data: bytes) -> Revoked:
    found = Revoked()
    for number, line in enumerate(data.split(b"\n"), 1):
        words = line.split()
        if not words or words[0].startswith(b"#"):
            continue
        try:
            blob = base64.b64decode(words[1], validate=True)
            right = kind(blob).encode() == words[0]
        except (IndexError, binascii.Error, ValueError):
            right = False
        if not right:
            raise ValueError(f"line {number} is no public key")
        found.keys.add(plain_key(blob))
    return found


def _krl(wire: Wire) -> Revoked:
    wire.take(len(_MAGIC))
    if (version := wire.number(4)) != 1:
        raise ValueError(f"a KRL of version {version}")
    wire.take(3 * 8)  # version, date, flags
    wire.string()
    wire.string()
    found = Revoked()
    while wire:
        section, data = wire.number(1), wire.string()
        if section == _CERTIFICATES:
            found.certificates.append(_certificates(Wire(data)))
        elif section == _KEYS:
            found.keys.update(plain_key(blob) for blob in Wire(data).strings())
        elif section == _SHA1:
            found.hashes["sha1"].update(Wire(data).strings())
        elif section == _SHA256:
            found.hashes["sha256"].update(Wire(data).strings())
        elif section == _EXTENSION:
            _pass_over(Wire(data))
        else:
            raise ValueError(f"a section of type {section}, which is not known here")
    return found


def _certificates(wire: Wire) -> _Certificates:
    found = _Certificates(wire.string())
    wire.string()  # reserved
    while wire:
        section, data = wire.number(1), Wire(wire.string())
        if section == _SERIALS:
            while data:
                serial = data.number(8)
                found.ranges.append((serial, serial))
        elif section == _RANGE:
            found.ranges.append((data.number(8), data.number(8)))
        elif section == _BITMAP:
            found.bitmaps.append((data.number(8), int.from_bytes(data.string(), "big")))
        elif section == _KEY_IDS:
            found.key_ids.update(name.decode("utf-8", "surrogateescape") for name in data.strings())
        elif section == _CERTIFICATE_EXTENSION:
            _pass_over(data)
        else:
            raise ValueError(f"a section of certificates of type {section}, which is not known here")
        if data:
            raise ValueError("a section that is longer than what is in it")
    return found


def _pass_over(wire: Wire) -> None:
    name, critical = wire.string(), wire.number(1)
    wire.string()
    if critical:
        raise ValueError(f"the critical extension {name.decode('utf-8', 'replace')!r} is not known here")
