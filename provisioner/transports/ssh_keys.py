"""The keys a login may be tried with: files, the agent's, each with its certificates."""

from __future__ import annotations

import base64
import contextlib
import copy
import functools
import os
import socket
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from provisioner.transports.ssh_algorithm_names import SUFFIX
from provisioner.transports.ssh_certificates import Wire, kind, plain_key
from provisioner.transports.ssh_settings import Settings

if TYPE_CHECKING:
    import paramiko

Named = tuple[str, "paramiko.PKey"]  # what it is, the key


def keys(settings: Settings, notes: list[str]) -> Generator[Named, None, None]:
    """The keys that were named, the agent's, those of the usual names; each once. `notes` tells what is left out."""
    seen: set[tuple[bytes, str]] = set()
    with contextlib.closing(_all(settings, notes)) as candidates:
        for what, key in candidates:
            blob, name = key.asbytes(), _type(key)
            if (blob, name) not in seen:
                seen.add((blob, name))
                if why := _refused(key, name, settings):
                    notes.append(f"{what} is left out: {why}")
                else:
                    yield what, key


def _all(settings: Settings, notes: list[str]) -> Generator[Named, None, None]:
    for path in settings.keys:
        if key := _key(path, notes, must_exist=True):
            yield from _certified(path, key, settings, f"{path}-cert.pub")
    with contextlib.closing(_agent_keys(settings, notes)) as held:
        for what, key in held:
            yield from _certified(what, key, settings)
    for path in settings.default_keys:
        if key := _key(path, notes, must_exist=False):
            yield from _certified(path, key, settings, f"{path}-cert.pub")


def _certified(what: str, key: paramiko.PKey, settings: Settings, beside: str = "") -> Iterator[Named]:
    """A key with each of its certificates, then alone."""
    for file in (*settings.login.certificates, beside):
        if file and (certified := _with_certificate(key, file)):
            yield what if file == beside else f"{what} with {file}", certified
    yield what, key


def _with_certificate(key: paramiko.PKey, file: str) -> paramiko.PKey | None:
    """Return the key with the certificate in `file`; None when that is of another key, or no certificate."""
    import paramiko

    blob = _in_file(file)
    if plain_key(blob) == blob or plain_key(blob) != key.asbytes():
        return None
    # An agent's key cannot be copied.
    certified = paramiko.AgentKey(key.agent, key.asbytes()) if isinstance(key, paramiko.AgentKey) else copy.copy(key)
    try:
        certified.load_certificate(file)
    except (paramiko.SSHException, ValueError, OSError):
        return None
    return certified


def _type(key: paramiko.PKey) -> str:
    """The type of the certificate, or of the key."""
    blob = getattr(key, "public_blob", None)
    return str(blob.key_type) if blob else key.get_name()


def _refused(key: paramiko.PKey, name: str, settings: Settings) -> str:
    """Return why a key must not be shown: its type, or its size."""
    allowed = settings.algorithms.logins
    names = [name]
    if name.startswith("ssh-rsa"):
        names += [f"{each}{SUFFIX if name.endswith(SUFFIX) else ''}" for each in ("rsa-sha2-512", "rsa-sha2-256")]
    if not any(each in allowed for each in names):
        return f"{name} is not among the {allowed.option or 'algorithms that OpenSSH uses'}"
    blob = plain_key(key.asbytes())
    smallest = settings.host_key.smallest_rsa
    if kind(blob) == "ssh-rsa" and (bits := _rsa_bits(blob)) < smallest:
        return f"it has {bits} bits, RequiredRSASize asks for {smallest}"
    return ""


def _rsa_bits(blob: bytes) -> int:
    wire = Wire(blob)
    _, _, modulus = wire.string(), wire.string(), wire.string()
    return int.from_bytes(modulus, "big").bit_length()


def _agent_keys(settings: Settings, notes: list[str]) -> Generator[Named, None, None]:
    import paramiko

    wanted = None
    if not settings.agent_for_others:
        wanted = {_public(path) for path in (*settings.keys, *settings.default_keys)}
    try:
        with _agent(settings.login.agent) as agent:
            for held in agent.get_keys() if agent else ():
                if wanted is None or plain_key(held.asbytes()) in wanted:
                    yield f"the agent's {held.get_name()} {getattr(held, 'comment', '')}".strip(), held
    except (paramiko.SSHException, OSError, EOFError) as cause:
        notes.append(f"the agent does not answer: {cause}")


@contextlib.contextmanager
def _agent(address: str | None) -> Generator[paramiko.agent.AgentSSH | None, None, None]:
    """The agent of the environment, or the one at an address. On Windows paramiko finds Pageant without either."""
    import paramiko

    usual = os.environ.get("SSH_AUTH_SOCK", "")
    if address is None:
        there = Path(usual).exists() if usual else sys.platform == "win32"
        with contextlib.closing(paramiko.Agent()) if there else contextlib.nullcontext() as agent:
            yield agent
    elif not address:
        yield None
    elif not hasattr(socket, "AF_UNIX"):
        raise OSError(f"there are no sockets such as {address} on this system")
    else:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(address)
            named = paramiko.agent.AgentSSH()
            named._connect(connection)  # type: ignore[attr-defined] # noqa: SLF001 # its own looks at the environment
            yield named


def _key(path: str, notes: list[str], *, must_exist: bool) -> paramiko.PKey | None:
    import paramiko

    try:
        stat = Path(path).stat()
        return _loaded(path, stat.st_mtime_ns)
    except FileNotFoundError:
        if must_exist:
            notes.append(f"there is no {path}")
    except paramiko.PasswordRequiredException:
        notes.append(f"{path} has a passphrase")
    except OSError as cause:
        notes.append(f"{path}: {cause.strerror or cause}")
    except (paramiko.SSHException, ValueError):
        if not _in_file(path):  # the public half of a key that the agent has
            notes.append(f"{path} is no private key that paramiko {paramiko.__version__} reads")
    return None


@functools.lru_cache(maxsize=64)
def _loaded(path: str, mtime_ns: int) -> paramiko.PKey:
    import paramiko

    del mtime_ns  # a changed file is another key
    problem: Exception = paramiko.SSHException("not a private key")
    for key_class in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return key_class.from_private_key_file(path)
        except paramiko.PasswordRequiredException:  # noqa: PERF203 # three at most
            raise
        except (paramiko.SSHException, ValueError, IndexError) as cause:
            problem = cause
    raise paramiko.SSHException(str(problem)) from problem


def _public(path: str) -> bytes:
    """The public half beside a private key, or in its place: it tells which of the agent's keys is meant."""
    return plain_key(_in_file(f"{path}.pub") or _in_file(path))


def _in_file(path: str) -> bytes:
    """The public key or certificate in a file of one line; b"" when there is none."""
    try:
        blob = base64.b64decode(Path(path).read_text(encoding="utf-8", errors="replace").split()[1], validate=True)
        return blob if kind(blob) else b""
    except (OSError, ValueError, IndexError):
        return b""
