"""Ask the engine of a host about its images, as whoever may ask it there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from provisioner.errors import TARGET, FactsError, PrivilegeError, ProvisionerError, UnsupportedError
from provisioner.facts.frames import frames, marker, new_nonce
from provisioner.facts.login import Login, login
from provisioner.remote.answer import answer
from provisioner.scripts.render import engine_script
from provisioner.transports.base import OnLine, Transport

PATIENCE = 180.0
"""Seconds that a question about images may take; a disk with many of them is slow."""

OnFrameLine = Callable[[str, str], None]
"""Called with the name of a frame and a line of it, as it comes; with "" for the line when the frame begins."""


@dataclass(frozen=True, slots=True)
class Client:
    """Versions of the client that was asked and of the engine behind it."""

    version: str
    engine: str


def ask_engine(
    transport: Transport,
    template: str,
    *,
    become_password: str | None,
    timeout: float = PATIENCE,
    hear: OnFrameLine | None = None,
    refuse: bool = True,
    long: bool = False,
    **context: Any,
) -> dict[str, str]:
    """Run `template` (below templates/) where the engine can be asked; return its frames by name.

    `hear` is called with what comes in them meanwhile. Without `refuse` they are returned although the engine does not
    answer; see `refusal_of`. An answer with `long` lines in it, such as the engine's own, has the limit of
    `Transport.run` alone, and nobody hears it before its end.

    Raises:
        ConnectError: see `Transport.run`.
        FactsError: the answer is incomplete, or the engine does not answer.
        UnsupportedError: there is no engine.
        PrivilegeError: this account may not ask it.
    """
    nonce = new_nonce()
    script = engine_script(template, nonce, become_password, transport.become_method, **context)
    if long:
        completed = transport.run(script, timeout=timeout)
    else:
        completed = answer(transport, script, timeout=timeout, on_line=_by_frame(nonce, hear) if hear else None)
    found = {frame.name: frame.body for frame in frames(completed.stdout, nonce)}
    if refuse and (refusal := refusal_of(transport.name, found)):
        raise refusal
    return found


def refusal_of(host: str, found: dict[str, str]) -> ProvisionerError | None:
    """Why the engine of `host` cannot be asked, by what the host has told; None when it can."""
    problem = found.get("problem")
    return _refusal(host, problem, login_of(found)) if problem else None


def login_of(found: dict[str, str]) -> Login | None:
    """The account that asks, and how it becomes root; None when nothing was told of it.

    Raises:
        FactsError: see `provisioner.facts.login.login`.
    """
    return login(found["login"]) if "login" in found else None


def client(found: dict[str, str]) -> Client:
    """Raises FactsError: the frame `engine` is no answer of `docker version`."""
    try:
        versions = json.loads(found.get("engine", ""))
        return Client(str(versions["Client"]["Version"]), str(versions["Server"]["Version"]))
    except (ValueError, RecursionError, TypeError, KeyError) as cause:
        raise FactsError("docker version does not say which versions these are") from cause


def _by_frame(nonce: str, hear: OnFrameLine) -> OnLine:
    frame = ""

    def listen(line: str) -> None:
        nonlocal frame
        if mark := marker(line, nonce):
            frame = mark[1].strip() if mark[0] == "begin" else ""
            line = ""
        if frame:
            hear(frame, line)

    return listen


def _refusal(host: str, problem: str, asks: Login | None) -> ProvisionerError:
    if problem == "client":
        return UnsupportedError(f"{host}: there is no docker command", hint=f"install one: provisioner apply {TARGET}")
    if "permission denied" in problem.lower():
        method, said = (asks.method, asks.sudo_message or asks.sudo) if asks else ("sudo", "")
        why = (
            f"; {said if said.startswith(method) else f'{method}: {said}'}" if asks and asks.sudo != "unneeded" else ""
        )
        return PrivilegeError(
            f"{host}: this account may not ask the engine{why}",
            hint=f"give the password of {method} with -K, or have the account ask without one, and log in anew: "
            + f"provisioner apply {TARGET} -K --docker-user LOGIN".replace("LOGIN", asks.name if asks else "LOGIN"),
        )
    return FactsError(f"{host}: {problem}", hint=f"provisioner status {TARGET} shows what is wrong with the engine")
