"""The ways to install that --strategy can name, in the order of preference.

Each is a module of its name in provisioner/strategies: apt-repo is apt_repo.py.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StrategyRow:
    """`dockers_builds`: it installs what Docker builds, and Docker's ends of support hold for it.

    `on_request` is why it is never chosen by itself; "" when it is.
    """

    name: str
    dockers_builds: bool = True
    on_request: str = ""


STRATEGIES = (
    StrategyRow("apt-repo"),
    StrategyRow("rpm-repo"),
    StrategyRow("distro-packages", dockers_builds=False),
    StrategyRow("convenience-script", on_request="runs a script as root that is not made for production"),
)


def strategy_names() -> tuple[str, ...]:
    return tuple(row.name for row in STRATEGIES)


def takes_dockers_builds(strategy: str) -> bool:
    """True when what `strategy` (a name, or auto) installs may be one of Docker's builds."""
    return any(row.dockers_builds for row in STRATEGIES if strategy in {"auto", row.name})
