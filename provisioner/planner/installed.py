"""Which package the engine on a host comes from."""

from __future__ import annotations

from provisioner.facts.model import Facts
from provisioner.facts.platform import platform_of


def engine_package(facts: Facts) -> tuple[str, str]:
    """The strategy whose package the engine comes from, and that package; both "" when it came another way."""
    if "docker-ce" in facts.packages:
        return ("apt-repo" if facts.package_manager == "apt" else "rpm-repo"), "docker-ce"
    match = platform_of(facts.os, facts.package_manager)
    own = match.platform.distro_packages if match else ()
    name = next((name for name in own if name in facts.packages), "")
    return ("distro-packages", name) if name else ("", "")


def installed_by(facts: Facts) -> str:
    """The strategy that the installed engine could have come by."""
    return engine_package(facts)[0]


def installed_version(facts: Facts) -> str:
    """The packaged version of the engine; "" when no package brought it."""
    return facts.packages.get(engine_package(facts)[1], "")
