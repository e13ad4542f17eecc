"""Host certificates as OpenSSH reads and checks them (PROTOCOL.certkeys, sshkey.c).

paramiko takes the key out of a certificate and looks at nothing else.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from provisioner.transports.ssh_algorithm_names import SUFFIX

_HOST = 2
# How many fields the public key of a type has, behind the type itself.
_FIELDS = {
    "ssh-ed25519": 1, "ssh-rsa": 2, "ssh-dss": 4, "ecdsa-sha2-nistp256": 2, "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2, "sk-ssh-ed25519": 2, "sk-ecdsa-sha2-nistp256": 3,
}  # fmt: skip
_SECURITY_KEYS = frozenset({"sk-ssh-ed25519", "sk-ecdsa-sha2-nistp256"})


class Wire:
    """Reads what SSH writes: numbers and strings with their length in front.

    Raises:
        ValueError: it ends too early.
    """

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self.position = 0

    def __bool__(self) -> bool:
        return self.position < len(self._blob)

    def take(self, size: int) -> bytes:
        piece = self._blob[self.position : self.position + size]
        if len(piece) < size:
            raise ValueError("it ends too early")
        self.position += size
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def string(self) -> bytes:
        return self.take(self.number(4))

    def strings(self) -> list[bytes]:
        """All strings up to the end."""
        found = []
        while self:
            found.append(self.string())
        return found


def packed(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def kind(blob: bytes) -> str:
    """Return the type of a public key or a certificate: the first string in it."""
    return Wire(blob).string().decode("ascii")


@dataclass(frozen=True)
class Certificate:
    """A host's certificate. `plain` is its key, `authority` the key that signed it, both as known_hosts has them."""

    plain: bytes = field(repr=False)
    authority: bytes = field(repr=False)
    serial: int
    kind: int
    key_id: str
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    critical: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @cached_property
    def algorithm(self) -> str:
        """With which algorithm it was signed."""
        return kind(self.signature)

    def problem(self, host: str, algorithms: Sequence[str], now: float | None = None) -> str:
        """Return why it does not speak for that host; "" when it does. Who signed it is another question.

        Its names are whole ones: patterns in them count since OpenSSH 10.3 only, and a certificate for no host counted
        for every one before that.
        """
        now = time.time() if now is None else now
        if self.kind != _HOST:
            return "it is not a host's certificate"
        if now < self.valid_after:
            return "it is not valid yet"
        if now >= self.valid_before:
            return "it has expired"
        if host not in self.principals:
            return f"it is for {', '.join(self.principals) or 'no host'}"
        if self.critical:
            return "it has critical options, which a host's certificate must not have"
        if self.algorithm not in algorithms:
            return f"it is signed with {self.algorithm}, which CASignatureAlgorithms leaves out"
        return ""

    def is_signed(self) -> bool | None:
        """Whether the authority has signed it; None when its key is in hardware that cannot be checked here."""
        import paramiko

        by = kind(self.authority)
        if by.partition("@")[0] in _SECURITY_KEYS:
            return None
        key: paramiko.PKey
        try:
            if by == "ssh-ed25519":
                key = paramiko.Ed25519Key(data=self.authority)
            elif by == "ssh-rsa":
                key = paramiko.RSAKey(data=self.authority)
            else:
                key = paramiko.ECDSAKey(data=self.authority)
            return bool(key.verify_ssh_sig(self.signed, paramiko.Message(self.signature)))
        except (paramiko.SSHException, ValueError, IndexError):
            return False


def parse(blob: bytes) -> Certificate:
    """Read a certificate.

    Raises:
        ValueError: it is none, or it is damaged.
    """
    wire = Wire(blob)
    name = wire.string().decode("ascii")
    plain = name.removesuffix(SUFFIX)
    if plain == name or plain not in _FIELDS:
        raise ValueError(f"{name} is no type of a certificate")
    wire.string()  # the nonce
    fields = [wire.string() for _ in range(_FIELDS[plain])]
    usual = f"{plain}@openssh.com" if plain in _SECURITY_KEYS else plain
    serial, its_kind, key_id = wire.number(8), wire.number(4), wire.string()
    principals = Wire(wire.string()).strings()
    valid_after, valid_before = wire.number(8), wire.number(8)
    critical, extensions = wire.string(), wire.string()
    Wire(critical).strings()
    Wire(extensions).strings()
    wire.string()  # reserved
    authority = wire.string()
    if kind(authority).partition("@")[0] not in _FIELDS:
        raise ValueError(f"{kind(authority)} cannot be an authority")
    signed = blob[: wire.position]
    signature = wire.string()
    if wire:
        raise ValueError("there is more than a certificate")
    return Certificate(
        plain=packed(usual.encode()) + b"".join(map(packed, fields)),
        authority=authority,
        serial=serial,
        kind=its_kind,
        key_id=key_id.decode("utf-8", "surrogateescape"),
        principals=tuple(principal.decode("utf-8", "surrogateescape") for principal in principals),
        valid_after=valid_after,
        valid_before=valid_before,
        critical=critical,
        signed=signed,
        signature=signature,
    )


def plain_key(blob: bytes) -> bytes:
    """Return the key in a certificate; a key is returned as it is."""
    try:
        return parse(blob).plain if kind(blob).endswith(SUFFIX) else blob
    except ValueError:
        return blob
