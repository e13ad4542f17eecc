"""A change of Docker Desktop's mirrors, from what is wanted to how it ended: what --desktop does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from provisioner.desktop.docker_desktop import Change, Desktop, RolledBackError
from provisioner.errors import BlockedError, ProvisionerError, UnsupportedError
from provisioner.wanted.spec import MirrorChange

Status = Literal["converged", "planned", "changed", "failed", "rolled_back", "blocked", "unsupported"]
_STATUS: dict[type[ProvisionerError], Status] = {
    RolledBackError: "rolled_back",
    BlockedError: "blocked",
    UnsupportedError: "unsupported",
}


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended. `planned` is the status of a change that nobody agreed to, and what was to be done."""

    status: Status
    planned: Change | None = None
    error: ProvisionerError | None = None

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0

    @property
    def mirrors(self) -> tuple[str, ...] | None:
        """Those that the engine has now, or will have when it starts; None when nobody knows."""
        if self.planned is None:
            return None
        if self.status in {"changed", "converged"}:
            return self.planned.mirrors
        return self.planned.engine.mirrors if self.planned.engine else None


def change(
    desktop: Desktop,
    mirrors: Sequence[str] | MirrorChange,
    *,
    agreed: Callable[[Change], bool],
    allow_restart: bool,
    say: Callable[[str], None],
) -> Result:
    """Bring these mirrors, or this change to those that there are, if `agreed` to what that takes.

    `say` hears of the progress.
    """
    planned = None
    try:
        planned = desktop.plan(mirrors)
        if planned.empty:
            return Result("converged", planned)
        if not agreed(planned):
            return Result("planned", planned)
        desktop.apply(planned, allow_restart=allow_restart, say=say)
    except ProvisionerError as error:
        return Result(
            next((name for kind, name in _STATUS.items() if isinstance(error, kind)), "failed"), planned, error
        )
    return Result("changed", planned)
