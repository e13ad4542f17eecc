"""Ask a host a question: a template that runs there, and its answer by frame."""

from __future__ import annotations

from typing import Any

from provisioner.facts.frames import frames, new_nonce
from provisioner.remote.answer import answer
from provisioner.scripts.render import root_script
from provisioner.transports.base import Transport


def ask_host(
    transport: Transport, template: str, *, become_password: str | None, timeout: float, **context: Any
) -> dict[str, str]:
    """Run `template` on the host behind `transport`, as root where the account allows it; return its frames.

    Raises:
        ConnectError: see `Transport.run`.
        FactsError: the answer is incomplete.
    """
    nonce = new_nonce()
    script = root_script(template, nonce, become_password, transport.become_method, **context)
    completed = answer(transport, script, timeout=timeout)
    return {frame.name: frame.body for frame in frames(completed.stdout, nonce)}
