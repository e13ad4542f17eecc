"""Fingerprints of OpenPGP keys, computed here so that a key can be pinned on hosts without gpg.

Formats as in RFC 9580, which replaces RFC 4880: armour §6.2, packet headers §4.2, public keys §5.5.2,
fingerprints §5.5.4.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PUBLIC_KEY = 6
SECRET_PACKETS = {5, 7}
# Signature, public key, marker, trust, public subkey, user id, user attribute, padding: what a public key is
# made of (§10.1.1).
KEY_PACKETS = {2, PUBLIC_KEY, 10, 12, 13, 14, 17, 21}

_BLOCK = re.compile(
    r"^-----BEGIN PGP ([A-Z ,/0-9]+)-----[ \t]*\n(.*?)^-----END PGP \1-----[ \t]*$", re.MULTILINE | re.DOTALL
)
_HEADERS = re.compile(r"(?:[A-Za-z][A-Za-z-]*: .*\n)*[ \t]*\n")


def fingerprints(keys: str | bytes) -> tuple[str, ...]:
    """Return the fingerprint of every primary key in `keys`, armoured or binary, in upper-case hexadecimal.

    40 digits for keys of version 4, 64 for version 6. Self-signatures are not checked: a fingerprint covers
    the key material, and who pins it trusts nothing else.

    Raises:
        ValueError: no public key is in it, a secret key is, or they are damaged.
    """
    found = [_fingerprint(body) for tag, body in _packets(_binary(keys)) if tag == PUBLIC_KEY]
    if not found:
        raise ValueError("there is no public key in it")
    return tuple(dict.fromkeys(found))


def armoured(keys: str | bytes) -> str:
    """Return the public keys in `keys` as one ASCII-armoured block without comments: all that apt can read.

    Raises:
        ValueError: as `fingerprints`.
    """
    versions = {len(fingerprint) for fingerprint in fingerprints(keys)}
    binary = _binary(keys)
    text = base64.b64encode(binary).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    # Old readers want the checksum; with a key of version 6 it must not be there (§6.1).
    if versions == {40}:
        lines.append("=" + base64.b64encode(_crc24(binary)).decode())
    body = "\n".join(lines)
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{body}\n-----END PGP PUBLIC KEY BLOCK-----\n"


def binary(keys: str | bytes) -> bytes:
    """Return the public keys in `keys` as apt before 1.4 reads them.

    Raises:
        ValueError: as `fingerprints`.
    """
    fingerprints(keys)
    return _binary(keys)


def _binary(keys: str | bytes) -> bytes:
    if isinstance(keys, bytes):
        if keys[:1] >= b"\x80" and not keys.startswith(b"\xef\xbb\xbf"):
            return keys
        keys = keys.decode("utf-8", errors="replace")
    text = keys.replace("\r\n", "\n")
    blocks = _BLOCK.findall(text.removeprefix("\ufeff"))
    if not blocks:
        page = " but a web page" if re.search(r"<(?:!doctype|html|head|body|\?xml)", text, re.IGNORECASE) else ""
        cut = ": its armour has no end" if "-----BEGIN PGP " in text else ""
        raise ValueError(f"this is not an OpenPGP key{page}{cut}")
    return b"".join(_dearmoured(kind, body) for kind, body in blocks)


def _dearmoured(kind: str, body: str) -> bytes:
    if kind != "PUBLIC KEY BLOCK":
        raise ValueError(f"this is a PGP {kind.lower()}, not a public key")
    headers = _HEADERS.match(body)
    if headers is None:
        raise ValueError("the armour has no empty line after its headers")
    content = re.sub(r"\s", "", body[headers.end() :])
    checksum = ""
    if found := re.search(r"(?:^|\n)=([A-Za-z0-9+/]{4})\s*\Z", body):
        checksum = found[1]
        content = content.removesuffix(f"={checksum}")
    try:
        binary = base64.b64decode(content, validate=True)
    except binascii.Error as cause:
        raise ValueError(f"the armour is damaged: {cause}") from cause
    if checksum and base64.b64decode(checksum) != _crc24(binary):
        raise ValueError("the armour is damaged: its checksum does not match")
    return binary


def _crc24(binary: bytes) -> bytes:
    """§6.1.1."""
    crc = 0xB704CE
    for byte in binary:
        crc ^= byte << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc.to_bytes(3, "big")


def _packets(binary: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(binary):
        tag, start, end = _header(binary, at)
        if tag in SECRET_PACKETS:
            raise ValueError("this is a secret key; a package source publishes its public key only")
        if tag not in KEY_PACKETS:
            raise ValueError(f"this is not an OpenPGP key: a packet of type {tag} is in it")
        if end > len(binary):
            raise ValueError("the key is cut off")
        yield tag, binary[start:end]
        at = end


def _header(binary: bytes, at: int) -> tuple[int, int, int]:
    """Return the type of the packet at `at`, and where its body starts and ends (§4.2)."""
    first, length = binary[at], binary[at + 1 : at + 6].ljust(5, b"\0")
    if not first & 0x80:
        raise ValueError("the key is damaged: no packet begins where one should")
    if first & 0x40:
        tag = first & 0x3F
        if length[0] < 192:
            octets, size = 1, length[0]
        elif length[0] < 224:
            octets, size = 2, ((length[0] - 192) << 8) + length[1] + 192
        elif length[0] == 255:
            octets, size = 5, int.from_bytes(length[1:], "big")
        else:
            raise ValueError("a packet of partial length is in it, which a key may not have")
    else:
        tag = first >> 2 & 0x0F
        if first & 3 == 3:
            raise ValueError("a packet of indeterminate length is in it, which a key may not have")
        octets = 1 << (first & 3)
        size = int.from_bytes(length[:octets], "big")
    start = at + 1 + octets
    return tag, start, start + size


def _fingerprint(body: bytes) -> str:
    """§5.5.4: a hash over the length and the body of the key packet."""
    version = body[0] if body else 0
    if version == 4 and 6 < len(body) <= 0xFFFF:
        return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest().upper()
    if version == 6 and len(body) > 10 and len(body) == 10 + int.from_bytes(body[6:10], "big"):
        return hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest().upper()
    if version in {4, 6}:
        raise ValueError("the key is damaged: its key packet is too short or too long")
    raise ValueError(f"a key of version {version} is in it; only versions 4 and 6 can be checked")
