"""Many hosts' results as text, of which one host's odd values spoil only its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from provisioner.errors import FactsError, ProvisionerError
from provisioner.runs.crash import as_error

Row = TypeVar("Row")
Text = TypeVar("Text")


def rendered(
    rows: Sequence[Row],
    render: Callable[[Sequence[Row]], Text],
    *,
    host: Callable[[Row], str],
    failed: Callable[[Row, ProvisionerError], Row],
) -> tuple[list[Row], Text]:
    """Return `render(rows)` and the rows that it shows: one that cannot be rendered is `failed(row, error)` there."""
    try:
        return list(rows), render(rows)
    except Exception:  # noqa: BLE001 # whose fault it is shows when each is rendered alone
        sound = [_sound(row, render, host, failed) for row in rows]
        return sound, render(sound)


def _sound(
    row: Row,
    render: Callable[[Sequence[Row]], object],
    host: Callable[[Row], str],
    failed: Callable[[Row, ProvisionerError], Row],
) -> Row:
    try:
        render([row])
    except RecursionError:
        return failed(row, FactsError(f"{host(row)}: its answer is nested too deeply to be shown"))
    except Exception as cause:  # noqa: BLE001 # a bug that shows with this host's values
        return failed(row, as_error(cause, host(row)))
    return row
