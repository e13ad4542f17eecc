"""Ask a host for its facts: one exec."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from provisioner.errors import FactsError, FileChangedError
from provisioner.facts.frames import RAW_NONCE, new_nonce
from provisioner.facts.model import Facts
from provisioner.facts.parse import parse
from provisioner.host_files.lines import lines
from provisioner.remote.answer import answer
from provisioner.scripts.render import facts_script
from provisioner.transports import limits
from provisioner.transports.base import Transport

TIMEOUT = 120.0
"""Seconds; a healthy host answers in well under one, a hung dockerd costs 40."""


def gather(
    transport: Transport,
    *,
    become_password: str | None = None,
    brief: bool = False,
    engine_alone: bool = False,
    users: Sequence[str] = (),
    runs: Sequence[str] = (),
    sources: Sequence[str] = (),
) -> Facts:
    """Return the facts of the host behind `transport`; `brief` leaves out what only an installation needs.

    `engine_alone` leaves out more, see `facts_script`. `users` are accounts that its name service is asked for, `runs`
    those that its journal is asked for, `sources` URLs of hosts that packages may come from.

    Raises:
        ConnectError: see `Transport.run`.
        FactsError: the answer is incomplete; its tail and what the host said on stderr are in the message.
    """

    def told(*, singly: bool) -> Facts:
        nonce = new_nonce()
        script = facts_script(
            nonce,
            become_password=become_password,
            become_method=transport.become_method,
            brief=brief,
            engine_alone=engine_alone,
            singly=singly,
            users=users,
            runs=runs,
            sources=sources,
        )
        asked = time.time()
        streams = _ask(transport, script)
        answered = time.time()
        facts = parse_answer(*streams, nonce)
        known = 0 < facts.clock < 10**limits.DIGITS
        return replace(facts, clock_skew=_skew(facts.clock, asked, answered)) if known else facts

    try:
        return told(singly=False)
    except FileChangedError:
        return told(singly=True)


def gather_raw(transport: Transport, *, become_password: str | None = None) -> str:
    """Return the answer itself, in the form that golden test directories store."""
    nonce = new_nonce()
    script = facts_script(nonce, become_password=become_password, become_method=transport.become_method)
    stdout, _ = _ask(transport, script)
    return stdout.replace(f"@@{nonce} ", f"@@{RAW_NONCE} ")


def parse_answer(stdout: str, stderr: str, nonce: str) -> Facts:
    """Return the facts in an answer.

    Raises:
        FactsError, FileChangedError: it is incomplete; its tail and `stderr` are in the message.
    """
    try:
        return parse(stdout, nonce)
    except FactsError as error:
        said = "\n".join(lines(stderr.strip())[-10:])
        if not said:
            raise
        raise type(error)(f"{error.message}; the host said: {said}", hint=error.hint) from error


def _skew(clock: int, asked: float, answered: float) -> float:
    """How far `clock`, in whole seconds, is at least from the time between question and answer."""
    if clock > answered:
        return clock - answered
    return min(0.0, clock + 1 - asked)


def _ask(transport: Transport, script: str) -> tuple[str, str]:
    completed = answer(transport, script, timeout=TIMEOUT)
    return completed.stdout, completed.stderr
