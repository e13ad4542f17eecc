"""Log in over an SSH connection that stands: keys, agent, password, keyboard-interactive, or several of them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

from provisioner.errors import AuthenticationError
from provisioner.transports.ssh_keys import keys
from provisioner.transports.ssh_settings import Settings

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
            if (allowed is not None and method not in allowed) or method in spent or method in settings.login.off:
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
    notes.extend(
        f"{option} is not used" for method, option in settings.login.not_used.items() if method in (allowed or ())
    )
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
    off = settings.login.off

    def publickey(key: paramiko.PKey) -> Callable[[], list[str]]:
        return lambda: transport.auth_publickey(user, key)

    if password is not None and "password" in off:
        notes.append(f"the password is not sent: {off['password']}")
    password_first = not settings.keys  # it was given for this login; keys are a guess
    if password is not None and password_first:
        yield from _with_password(transport, user, password)
    if "publickey" in off:
        notes.append(f"no key is tried: {off['publickey']}")
    else:
        with contextlib.closing(keys(settings, notes)) as candidates:
            for what, key in candidates:
                yield "publickey", what, publickey(key)
    if password is not None and not password_first:
        yield from _with_password(transport, user, password)


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


def _version(transport: paramiko.Transport) -> tuple[int, int] | None:
    match = re.search(r"OpenSSH_(\d+)\.(\d+)", str(transport.remote_version))
    return (int(match[1]), int(match[2])) if match else None


def _prefer_sha1_where_nothing_else_works(transport: paramiko.Transport) -> None:
    """OpenSSH before 7.2 refuses SHA-2 signatures of RSA keys; paramiko before 5 can still make SHA-1 ones."""
    version = _version(transport)
    if version and version < _SHA2_SINCE and "ssh-rsa" in transport.preferred_pubkeys:
        disabled = [*(transport.disabled_algorithms or {}).get("pubkeys", ()), "rsa-sha2-512", "rsa-sha2-256"]
        transport.disabled_algorithms = {"pubkeys": disabled}


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
