"""The check of the key that a host shows, at least as strict as OpenSSH's (check_host_key of sshconnect.c)."""

from __future__ import annotations

import contextlib
import ipaddress
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provisioner.errors import HostKeyError
from provisioner.transports import known_hosts, ssh_certificates, ssh_revoked
from provisioner.transports.known_hosts import HostKey, Known
from provisioner.transports.ssh_algorithms import Allowed
from provisioner.transports.ssh_certificates import Certificate
from provisioner.transports.ssh_settings import Settings

if TYPE_CHECKING:
    import paramiko

_NOT_NOTED = frozenset("@?*#[]|'\"\\")


@dataclass(frozen=True, slots=True)
class ShownKey:
    """What a host showed in the key exchange; `certificate` is as it came, empty when there is none."""

    key: HostKey
    bits: int
    certificate: bytes = b""
    address: str | None = None
    """The other end of a direct connection."""


def shown_key(transport: paramiko.Transport, *, direct: bool) -> ShownKey:
    """Return what the other end of a connection showed; `direct` is whether that is the host's own address."""
    key = transport.get_remote_server_key()
    certificate = getattr(key, "public_blob", None)  # paramiko keeps it as it came
    address = None
    if direct:
        with contextlib.suppress(OSError):
            address = transport.getpeername()[0]
    return ShownKey(
        HostKey(key.get_name(), key.asbytes()),
        key.get_bits(),
        bytes(certificate.key_blob) if certificate else b"",
        address,
    )


def verify_host_key(name: str, settings: Settings, known: Known, shown: ShownKey) -> None:
    """Accept the host's key, note it when it is new and may be, or say what is wrong with it.

    `known` is what known_hosts says under the name of the settings.

    Raises:
        HostKeyError: unknown, changed, revoked, too weak, or it cannot be noted.
    """
    key, rules = shown.key, settings.host_key
    certificate = _certificate(name, shown)
    if key.kind == "ssh-rsa" and shown.bits < rules.smallest_rsa:
        raise HostKeyError(
            f"{name}: its host key has {shown.bits} bits, RequiredRSASize asks for {rules.smallest_rsa}",
            hint="give it a larger one there: ssh-keygen -A, or an ECDSA or Ed25519 key",
        )
    _check_revoked_files(name, rules.revoked_files, key, certificate)
    if rules.trust_localhost and not rules.alias and _is_loopback(shown.address):
        return  # NoHostAuthenticationForLocalhost
    why_not = _certified(name, settings, known, certificate) if certificate else ""
    if why_not or not certificate:
        _verify_key(
            name, settings, known, shown, authority=certificate.authority if certificate else b"", why_not=why_not
        )


def _verify_key(
    name: str, settings: Settings, known: Known, shown: ShownKey, *, authority: bytes, why_not: str
) -> None:
    """The key itself counts: there is no certificate, or one of that authority which does not count."""
    key, lax = shown.key, settings.host_key.lax
    if not _is_allowed(key, settings.algorithms.host_keys):
        allowed = settings.algorithms.host_keys.option
        raise HostKeyError(f"{name}: its host key is {key.kind}, which {allowed} does not allow", hint=why_not)
    _check_address(name, settings, shown)
    if key.blob in _keys(known.revoked):
        raise _revoked(name, key)
    if key.blob in _keys(known.keys):
        return
    if known.keys:
        raise HostKeyError(
            f"{name}: the host key has changed: it is {key.fingerprint}, {known.places[0]} has "
            f"{known.keys[0].fingerprint}",
            hint=f"if the host was reinstalled: ssh-keygen -R '{settings.known_name}'; otherwise somebody is in between"
            + (f"; {lax} lets no changed key in here" if lax else ""),
        )
    bare = _without_port(settings)
    if {key.blob, authority} & _keys(bare.revoked):
        raise _revoked(name, key)
    if key.blob not in _keys(bare.keys):
        if not authority and (known.authorities or bare.authorities):
            why_not = "it shows no certificate of the @cert-authority"
        _note_new(name, settings, key, why_not)


def _note_new(name: str, settings: Settings, key: HostKey, why_not: str) -> None:
    """Note the key of a host that known_hosts does not have, or say that it is unknown."""
    file, host = settings.host_key.new_keys_file, settings.known_as
    if not (settings.accept_new and file) or _NOT_NOTED & set(host):
        hint = "compare it with the host's own, then use --accept-new"
        if settings.accept_new:
            hint = f"it cannot be noted: UserKnownHostsFile names no file, or {host!r} is no name for one"
        elif not settings.host_key.alias:
            hint += f", or: ssh-keyscan -p {settings.port} {shlex.quote(host)} >> {file or '~/.ssh/known_hosts'}"
        hint += f"; {why_not}" if why_not else ""
        hint += "".join(f"; {option} is not honoured" for option in settings.host_key.not_honoured)
        raise HostKeyError(f"{name}: its host key is unknown: {key.fingerprint}", hint=hint)
    try:
        other = known_hosts.accept(file, host, 22 if settings.host_key.alias else settings.port, key)
    except OSError as cause:
        raise HostKeyError(f"{name}: its host key cannot be noted in {file}: {cause.strerror or cause}") from cause
    if other is not None:
        raise HostKeyError(f"{name}: two host keys at once: {key.fingerprint} and {other.fingerprint}")


def _certificate(name: str, shown: ShownKey) -> Certificate | None:
    if not shown.certificate:
        return None
    try:
        certificate = ssh_certificates.parse(shown.certificate)
    except ValueError as cause:
        raise HostKeyError(f"{name}: its host certificate cannot be read: {cause}") from cause
    if certificate.plain != shown.key.blob or certificate.is_signed() is False:
        raise HostKeyError(f"{name}: the signature of its host certificate is wrong")
    return certificate


def _certified(name: str, settings: Settings, known: Known, certificate: Certificate) -> str:
    """Return why the certificate does not count, "" when it does. A revoked one is an error."""
    if {certificate.plain, certificate.authority} & _keys(known.revoked):
        raise HostKeyError(
            f"{name}: its host certificate, or the authority that signed it, is revoked in known_hosts: "
            f"{_fingerprint(certificate.authority)}"
        )
    trusted = known.authority_keys or _without_port(settings).authority_keys
    why = certificate.problem(settings.known_as.lower(), settings.algorithms.authorities.names)
    if certificate.authority not in _keys(trusted):
        why = f"it is signed by {_fingerprint(certificate.authority)}, which is no @cert-authority for it"
    elif certificate.is_signed() is None:
        why = "it is signed by a key in hardware, which paramiko cannot check"
    return f"its certificate does not count: {why}" if why else ""


def _check_revoked_files(name: str, files: Iterable[str], key: HostKey, certificate: Certificate | None) -> None:
    for file in files:
        try:
            revoked = ssh_revoked.read(file).has(key.blob, certificate)
        except (OSError, ValueError) as cause:
            reason = getattr(cause, "strerror", None) or cause
            raise HostKeyError(
                f"{name}: RevokedHostKeys {file} cannot be read: {reason}", hint="OpenSSH refuses every host then"
            ) from cause
        if revoked:
            raise HostKeyError(f"{name}: its host key is revoked by RevokedHostKeys {file}: {key.fingerprint}")


def _without_port(settings: Settings) -> Known:
    """What is said of the host without a port; nothing when it has none, or an alias."""
    if settings.host_key.alias or settings.port == 22:
        return Known()
    return known_hosts.known_as(settings.known_hosts, settings.known_as.lower())


def _check_address(name: str, settings: Settings, shown: ShownKey) -> None:
    """CheckHostIP: what is noted under the address must not be another key."""
    address = shown.address
    if not settings.host_key.check_address or address in {None, settings.host} or _is_loopback(address):
        return
    known = known_hosts.known_as(settings.known_hosts, known_hosts.host_name(str(address), settings.port))
    if known.keys and shown.key.blob not in _keys(known.keys):
        raise HostKeyError(
            f"{name}: the host key is not that of its address: it is {shown.key.fingerprint}, {known.places[0]} has "
            f"{known.keys[0].fingerprint} (CheckHostIP)"
        )


def _keys(noted: Iterable[HostKey]) -> set[bytes]:
    return {ssh_certificates.plain_key(each.blob) for each in noted}


def _is_allowed(key: HostKey, kinds: Allowed) -> bool:
    if key.kind == "ssh-rsa":
        return any(name in kinds for name in ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"))
    return key.kind in kinds


def _is_loopback(address: str | None) -> bool:
    return bool(address) and ipaddress.ip_address((address or "").partition("%")[0]).is_loopback


def _revoked(name: str, key: HostKey) -> HostKeyError:
    return HostKeyError(f"{name}: its host key is revoked in known_hosts: {key.fingerprint}")


def _fingerprint(blob: bytes) -> str:
    return HostKey(ssh_certificates.kind(blob), blob).fingerprint
