"""The error of a host, for people and for programs; passwords in it are masked."""

from __future__ import annotations

from typing import Any

from provisioner.errors import ProvisionerError
from provisioner.masking import masked


def failure_text(host: str, error: ProvisionerError) -> str:
    """What happened there, and below it the way out."""
    hint = f"\n  -> {masked(error.hint)}" if error.hint else ""
    return f"{host}: {masked(error.message).removeprefix(f'{host}: ')}{hint}"


def failure_document(error: ProvisionerError | None) -> dict[str, Any] | None:
    """The value of `error` in a JSON document; its keys are a contract."""
    if error is None:
        return None
    return {"message": masked(error.message), "hint": masked(error.hint), "exit_code": error.exit_code}
