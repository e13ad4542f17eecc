"""Log in over an SSH connection that stands: keys, agent, password, keyboard-interactive, or several of them."""

from __future__ import annotations

import base64
import contextlib
import functools
import os
import re
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from provisioner.errors import AuthenticationError
from provisioner.transports.ssh_config import Settings

if TYPE_CHECKING:
    import paramiko

_SHA2_SINCE = (7, 2)  # the first OpenSSH that takes an RSA key with a SHA-2 signature
_HINT = "try another -u/--user, --private-key FILE, or -k to be asked for a password"
Attempt = tuple[str, str, Callable[[], list[str]]]  # method, what it is, how


class _QuestionError(Exception):
    """The server asks for something else than the password."""


def log_in(transport: paramiko.Transport, name: str, settings: Settings, password: str | None) -> None:
    """Try what the user has, in an order that spares the server's limit of attempts.

    Raises:
        AuthenticationError: nothing was taken; says what was tried and what the server allows.
    """
    import paramiko

    _prefer_sha1_where_nothing_else_works(transport)
    allowed: set[str] | None = None
    spent: set[str] = set()
    tried: list[str] = []
    notes: list[str] = []
    with contextlib.closing(_attempts(transport, settings, password, notes)) as attempts:
        for method, what, attempt in attempts:
            if (allowed is not None and method not in allowed) or method in spent:
                continue
            try:
                partial = attempt()
            except paramiko.BadAuthenticationType as cause:
                allowed = set(cause.allowed_types)
                continue
            except _QuestionError as cause:
                raise AuthenticationError(
                    f"{name}: the login as {settings.user} asks {str(cause)!r}, which provisioner cannot answer",
                    hint="log in once by hand, or use a key",
                ) from cause
            except (paramiko.SSHException, EOFError, OSError) as cause:
                tried.append(what)
                if method == "password":  # a wrong one counts; it does not become right by asking otherwise
                    spent.add("keyboard-interactive")
                if not transport.is_active():
                    raise _cut_off(name, settings, tried, cause) from cause
                continue
            if transport.is_authenticated():
                return
            tried.append(f"{what} (taken, but not enough)")
            allowed = set(partial)
    raise AuthenticationError(
        f"{name}: login as {settings.user} was refused: "
        + (f"tried {', '.join(tried)}" if tried else "there is no key, no agent and no password to try")
        + (f"; the server allows {', '.join(sorted(allowed))}" if allowed else "")
        + "".join(f"; {note}" for note in notes),
        hint=_hint(transport, tried, notes),
    )


def _attempts(
    transport: paramiko.Transport, settings: Settings, password: str | None, notes: list[str]
) -> Generator[Attempt, None, None]:
    user = settings.user

    def publickey(key: paramiko.PKey) -> Callable[[], list[str]]:
        return lambda: transport.auth_publickey(user, key)

    password_first = not settings.keys  # it was given for this login; keys are a guess
    if password is not None and password_first:
        yield from _with_password(transport, user, password)
    seen: set[bytes] = set()
    with contextlib.closing(_keys(settings, notes)) as keys:
        for what, key in keys:
            if key.asbytes() not in seen:
                seen.add(key.asbytes())
                yield "publickey", what, publickey(key)
    if password is not None and not password_first:
        yield from _with_password(transport, user, password)


def _keys(settings: Settings, notes: list[str]) -> Generator[tuple[str, paramiko.PKey], None, None]:
    """The keys that were named, the agent's, those of the usual names."""
    for path in settings.keys:
        if key := _key(path, notes, must_exist=True):
            yield path, key
    yield from _agent_keys(None if settings.agent_for_others else {_public(path) for path in settings.keys})
    for path in settings.default_keys:
        if key := _key(path, notes, must_exist=False):
            yield path, key


def _agent_keys(wanted: set[bytes] | None) -> Generator[tuple[str, paramiko.PKey], None, None]:
    import paramiko

    if not _has_agent():
        return
    agent = paramiko.Agent()
    try:
        for held in agent.get_keys():
            if wanted is None or held.asbytes() in wanted:
                yield f"the agent's {held.get_name()} {getattr(held, 'comment', '')}".strip(), held
    finally:
        agent.close()


def _has_agent() -> bool:
    """On Windows paramiko finds Pageant without the variable."""
    address = os.environ.get("SSH_AUTH_SOCK", "")
    return Path(address).exists() if address else sys.platform == "win32"


def _with_password(transport: paramiko.Transport, user: str, password: str) -> Iterator[Attempt]:
    asked: list[str] = []

    def answer(title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        del title, instructions
        for prompt, _ in prompts:
            asked.append(prompt.strip())
        return [password if len(asked) == 1 else "" for _ in prompts]

    def interactive() -> list[str]:
        asked.clear()
        try:
            return transport.auth_interactive(user, answer)
        finally:
            if len(asked) > 1 and not transport.is_authenticated():
                raise _QuestionError(asked[1])

    yield "password", "the password", lambda: transport.auth_password(user, password, fallback=False)
    yield "keyboard-interactive", "the password (keyboard-interactive)", interactive


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
        notes.append(f"{path} is no private key that paramiko {paramiko.__version__} reads")
    return None


@functools.lru_cache(maxsize=64)
def _loaded(path: str, mtime_ns: int) -> paramiko.PKey:
    import paramiko

    del mtime_ns  # a changed file is another key
    problem: Exception = paramiko.SSHException("not a private key")
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            key: paramiko.PKey = kind.from_private_key_file(path)
        except paramiko.PasswordRequiredException:
            raise
        except (paramiko.SSHException, ValueError, IndexError) as cause:
            problem = cause
            continue
        certificate = Path(f"{path}-cert.pub")
        if certificate.is_file():
            with contextlib.suppress(paramiko.SSHException, ValueError, OSError):
                key.load_certificate(str(certificate))
        return key
    raise paramiko.SSHException(str(problem)) from problem


def _public(path: str) -> bytes:
    """The public half beside a private key: it tells which of the agent's keys is meant."""
    try:
        return base64.b64decode(Path(f"{path}.pub").read_text(encoding="utf-8", errors="replace").split()[1])
    except (OSError, ValueError, IndexError):
        return b""


def _version(transport: paramiko.Transport) -> tuple[int, int] | None:
    match = re.search(r"OpenSSH_(\d+)\.(\d+)", str(transport.remote_version))
    return (int(match[1]), int(match[2])) if match else None


def _prefer_sha1_where_nothing_else_works(transport: paramiko.Transport) -> None:
    """OpenSSH before 7.2 refuses SHA-2 signatures of RSA keys; paramiko before 5 can still make SHA-1 ones."""
    version = _version(transport)
    if version and version < _SHA2_SINCE and "ssh-rsa" in transport.preferred_pubkeys:
        transport.disabled_algorithms = {"pubkeys": ["rsa-sha2-512", "rsa-sha2-256"]}


def _cut_off(name: str, settings: Settings, tried: list[str], cause: Exception) -> AuthenticationError:
    if "timeout" in str(cause).lower():
        return AuthenticationError(f"{name}: no answer to the login within {settings.timeout:.0f} s")
    if len(tried) > 1:
        return AuthenticationError(
            f"{name}: the server hung up after {len(tried)} attempts: {', '.join(tried)}",
            hint="too many keys: name the right one with --private-key, or set IdentitiesOnly yes in ~/.ssh/config",
        )
    return AuthenticationError(f"{name}: the server hung up during the login as {settings.user}: {cause}", hint=_HINT)


def _hint(transport: paramiko.Transport, tried: list[str], notes: list[str]) -> str:
    import paramiko

    if any("passphrase" in note for note in notes):
        return "load the key into ssh-agent with ssh-add"
    version = _version(transport)
    if version and version < _SHA2_SINCE and tried and "ssh-rsa" not in transport.preferred_pubkeys:
        return (
            f"OpenSSH {version[0]}.{version[1]} there takes RSA keys with SHA-1 only, which paramiko "
            f"{paramiko.__version__} no longer speaks: use an ECDSA key, or pip install 'paramiko<5'"
        )
    return _HINT
