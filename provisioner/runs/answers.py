"""Ask many hosts the same, and collect their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from provisioner.errors import ProvisionerError
from provisioner.runs.crash import as_error
from provisioner.runs.fleet import each
from provisioner.runs.target import Target

Answer = TypeVar("Answer")


def answers(
    targets: Sequence[Target],
    ask: Callable[[Target], Answer],
    failed: Callable[[str, ProvisionerError], Answer],
    *,
    forks: int,
    keep_open: bool = False,
    done: Callable[[Answer], None] | None = None,
) -> list[Answer]:
    """Return what `ask` returns for every target, in their order; connections are closed unless `keep_open`. `done`
    hears of each answer as it comes, from the calling thread.

    The error of a host, and a bug that showed on it, become `failed(name, error)`; the others go on.
    """

    def answer(target: Target) -> Answer:
        try:
            return ask(target)
        except ProvisionerError as error:
            target.address(error)
            return failed(target.name, error)
        finally:
            if not keep_open:
                target.transport.close()

    return each(
        targets,
        answer,
        forks=forks,
        instead=lambda target, error: failed(target.name, as_error(error, target.name)),
        done=done or (lambda _: None),
    )
