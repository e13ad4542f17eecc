"""What every decision derives from a host's facts, worked out once."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.catalogue.platforms import Platform
from provisioner.catalogue.versions import upstream
from provisioner.facts.daemon_flags import DaemonFlags, FlagPlace, daemon_flags
from provisioner.facts.model import EngineInfo, Facts
from provisioner.facts.platform import Match, platform_of
from provisioner.host_files.daemon_json import DaemonJson
from provisioner.host_files.mirror_files import DOCKER_HUB, Mirrors, hosts_toml
from provisioner.host_files.systemd_unit import ServiceSection, service_section


@dataclass(frozen=True, slots=True)
class Host:
    """A host as its facts show it. `daemon_json` may be broken; its `required` gives the values, or raises."""

    facts: Facts
    match: Match | None
    daemon_json: DaemonJson
    flags: DaemonFlags
    registries: tuple[Mirrors, ...]
    """What each hosts.toml for dockerd says."""

    @classmethod
    def of(cls, facts: Facts) -> Host:
        """Return the host that `facts` describe; raises nothing."""
        file, unit = facts.daemon_json, facts.engine_unit
        return cls(
            facts=facts,
            match=platform_of(facts.os, facts.package_manager),
            daemon_json=DaemonJson.read(file.text, file.path) if file else DaemonJson(facts.engine.config_path),
            flags=daemon_flags(facts, service_section(unit) if unit else ServiceSection()),
            registries=tuple(map(hosts_toml, facts.registry_hosts)),
        )

    @property
    def platform(self) -> Platform | None:
        return self.match.platform if self.match else None

    @property
    def platform_notice(self) -> str:
        """What must be known of the way to its platform; "" when there is a row for exactly this release."""
        return self.match.notice if self.match else ""

    @property
    def slug(self) -> str:
        """The platform's name for reports, else what os-release calls the distribution."""
        return self.platform.slug if self.platform else self.facts.os.id

    @property
    def info(self) -> EngineInfo | None:
        return self.facts.engine.info

    @property
    def containers_running(self) -> int:
        """0 also when the engine does not answer."""
        return self.info.containers_running if self.info else 0

    @property
    def engine_version(self) -> str:
        """The version of the engine that is there, as it or its package or its client says; "" when nobody does."""
        engine = self.facts.engine
        if self.info or engine.version:
            return self.info.version if self.info else engine.version
        packages = self.facts.packages
        packaged = next((packages[name] for name in ("docker-ce", "docker.io") if name in packages), "")
        return upstream(packaged or engine.client_version)

    @property
    def keeps_flags_in_docker_opts(self) -> bool:
        """On upstart and sysvinit hosts mirrors and insecure registries are flags in /etc/default/docker."""
        return self.facts.init in {"upstart", "sysvinit"}

    @property
    def docker_hub_hosts(self) -> Mirrors | None:
        """The hosts.toml that says where pulls from Docker Hub go, when it names any mirror."""
        found = {row.registry: row for row in self.registries}
        row = found.get(DOCKER_HUB) or found.get("_default")
        return row if row and row.urls else None

    def flag_places(self, key: str) -> tuple[FlagPlace, ...]:
        """Return where dockerd gets `key` as a flag; see `DaemonFlags.places`."""
        return self.flags.places(key)
