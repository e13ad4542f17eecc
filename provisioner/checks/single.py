"""Single checks, shared by `verify` and `status`."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalogue.packages import holdable
from provisioner.catalogue.versions import satisfies
from provisioner.checks.mirror_status import overridden
from provisioner.facts.daemon_live import shows
from provisioner.facts.host import Host
from provisioner.facts.model import STARTED_AT_BOOT
from provisioner.plan.model import Check
from provisioner.wanted.spec import Spec


def service(host: Host) -> Iterator[Check]:
    """The service runs and starts at boot; nothing where no init system could see to that."""
    facts = host.facts
    if facts.engine.snap or facts.init == "none":
        return
    if facts.init != "systemd":
        said = "starts at boot" if facts.starts_at_boot else "does not start at boot"
        yield Check("service", facts.starts_at_boot, said)
        return
    unit = facts.engine_unit
    well = unit is not None and unit.active_state == "active" and unit.unit_file_state in STARTED_AT_BOOT
    yield Check("service", well, f"{unit.active_state}, {unit.unit_file_state}" if unit else "no unit")


def version(host: Host, spec: Spec) -> Iterator[Check]:
    """The engine runs at the wanted version; `latest` is left to the sources."""
    if host.info and spec.version and spec.version != "latest":
        as_wanted = satisfies(host.info.version, spec.version)
        yield Check("version", as_wanted, f"{host.info.version}, wanted {spec.version}")


def mirrors(host: Host, spec: Spec) -> Iterator[Check]:
    """The engine has the wanted mirrors."""
    info = host.info
    if info is None or spec.registry_mirrors is None:
        return
    shown = " ".join(info.mirrors) or "none"
    as_wanted = shows(info, "registry-mirrors", list(spec.registry_mirrors))
    said = shown if as_wanted else f"{shown}, wanted {' '.join(spec.registry_mirrors) or 'none'}"
    yield Check("registry mirrors", as_wanted, said)


def hosts_toml(host: Host) -> Iterator[Check]:
    """No file makes the engine ignore its mirrors."""
    yield from (Check("hosts.toml", passed=False, detail=problem) for problem in overridden(host))


def hold(host: Host, spec: Spec) -> Iterator[Check]:
    """The packages that --hold holds are held."""
    facts = host.facts
    if spec.hold:
        loose = [name for name in holdable() if name in facts.packages and name not in facts.held]
        yield Check("hold", not loose, f"not held: {', '.join(loose)}" if loose else "held")
