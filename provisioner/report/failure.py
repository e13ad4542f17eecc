"""The error of a host, for people and for programs."""

from __future__ import annotations

from typing import Any

from provisioner.errors import ProvisionerError
from provisioner.masking import masked


def failure_lines(host: str, error: ProvisionerError, *, margin: str = "", more: str = "") -> list[str]:
    """What happened with `more` of it, and below it the way out behind an arrow; the host's own name in front is left
    out.

    Masked, because hosts whose failures read the same share one text.
    """
    message = masked(error.message).removeprefix(f"{host}: ")
    lines = [f"{margin}{line}" for line in message.split("\n")]
    lines += [f"{margin}  {line}" for line in masked(more).rstrip("\n").split("\n") if more]
    return lines + hint_lines(masked(error.hint))


def hint_lines(hint: str) -> list[str]:
    """A way out behind its arrow; none when there is none."""
    return [f"  {'  ' if index else '->'} {line}" for index, line in enumerate(hint.split("\n"))] if hint else []


def failure_text(host: str, error: ProvisionerError) -> str:
    """What happened there, and below it the way out."""
    first, *rest = failure_lines(host, error)
    return "\n".join([f"{host}: {first}", *(line if line.startswith("  ") else f"  {line}" for line in rest)])


def failure_document(error: ProvisionerError | None) -> dict[str, Any] | None:
    """The value of `error` in a JSON document; its keys are a contract."""
    if error is None:
        return None
    return {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
