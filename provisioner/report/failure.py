"""The error of a host, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.errors import ProvisionerError
from provisioner.masking import masked
from provisioner.report.cells import told
from provisioner.report.columns import READABLE
from provisioner.report.groups import WIDEST, grouped, names, names_host, without_address, without_name

_QUOTED = "    "
"""Stands before a line of a file in a message, see `provisioner.errors`."""

_ARROW = "  -> "
EACH = f"{' ' * len(_ARROW)}(the others alike, each by its own name)"
"""Stands below a way out that names the first of several hosts."""


def failure_lines(
    host: str,
    error: ProvisionerError,
    *,
    margin: str = "",
    more: str = "",
    width: int | None = None,
    shared: bool = False,
) -> list[str]:
    """What happened with `more` of it, and below it the way out behind an arrow; the host's own name in front is left
    out.

    Masked, because hosts whose failures read the same share one text; one that is `shared` leaves out the address of
    its first host. `width` is what the terminal has, if it is one.
    """
    message = _message(host, error, shared=shared)
    lines = [f"{margin}{line}" for line in told(message, _room(width, len(margin)))]
    lines += [f"{margin}  {line}" for line in masked(more).rstrip("\n").split("\n") if more]
    return lines + _way_out(host, error, width, shared=shared)


def hint_lines(hint: str, width: int | None = None) -> list[str]:
    """A way out behind its arrow; none when there is none."""
    lines = told(hint, _room(width, len(_ARROW))) if hint else []
    return [f"{' ' * len(_ARROW) if index else _ARROW}{line}" for index, line in enumerate(lines)]


def failure_text(host: str, error: ProvisionerError, width: int | None = None) -> str:
    """What happened there, and below it the way out."""
    return "\n".join(shared_failure([host], error, width))


def shared_failure(hosts: Sequence[str], error: ProvisionerError, width: int | None = None) -> list[str]:
    """What happened on `hosts` alike, as the `error` of the first of them tells it: who, what, and the way out."""
    who = hosts[0] if len(hosts) == 1 else f"{len(hosts)} hosts"
    message = _message(hosts[0], error, shared=len(hosts) > 1)
    first, *rest = told(f"{who}: {message}", _room(width, 2))
    return [
        first,
        *(line if line.startswith(_QUOTED) else f"  {line}" for line in rest),
        *([names(hosts, width=min(WIDEST, width or WIDEST))] if len(hosts) > 1 else []),
        *_way_out(hosts[0], error, width, shared=len(hosts) > 1),
    ]


def failures_text(failed: Sequence[tuple[str, ProvisionerError]], width: int | None = None) -> str:
    """What happened on hosts; what is alike but for their own names is told once."""
    groups = grouped(failed, lambda row: tuple(without_name(row[0], line) for line in failure_lines(*row)))
    return "\n".join(
        line for group in groups for line in shared_failure([host for host, _ in group], group[0][1], width)
    )


def failure_document(error: ProvisionerError | None) -> dict[str, Any] | None:
    """The value of `error` in a JSON document; its keys are a contract."""
    if error is None:
        return None
    return {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}


def _way_out(host: str, error: ProvisionerError, width: int | None, *, shared: bool) -> list[str]:
    lines = hint_lines(masked(error.hint), width)
    return [*lines, EACH] if shared and names_host(host, error.hint) else lines


def _message(host: str, error: ProvisionerError, *, shared: bool) -> str:
    message = masked(error.message).removeprefix(f"{host}: ")
    return without_address(message) if shared else message


def _room(width: int | None, margin: int) -> int | None:
    return None if width is None else max(READABLE, min(WIDEST, width) - margin)
