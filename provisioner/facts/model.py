"""Facts: everything a decision needs, gathered in one exec by templates/facts.sh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from provisioner.facts.journal import HostJournal
from provisioner.facts.kernel_support import KernelSupport
from provisioner.facts.login import Login
from provisioner.facts.network import Network
from provisioner.facts.other_dockerd import OtherDockerd
from provisioner.facts.package_state import PackageState
from provisioner.facts.record import Record
from provisioner.facts.storage import Storage
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.systemd_unit import Unit

Init = Literal["systemd", "upstart", "sysvinit", "openrc", "none"]
ServiceManager = Literal[Init, "snap"]
"""Who runs the engine's service: an init system, or snapd."""
PackageManager = Literal["apt", "dnf5", "dnf", "yum", "none"]


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """os-release as the host has it; empty strings where it says nothing.

    `base` is what its rpm packages were built for, such as el9 or f43: PLATFORM_ID, or rpm's own macros.
    """

    id: str
    version_id: str
    name: str
    codename: str = ""
    ubuntu_codename: str = ""
    debian_codename: str = ""
    id_like: tuple[str, ...] = ()
    base: str = ""

    @property
    def major(self) -> str:
        return self.version_id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """The parts of `docker info` that decisions use; `mirrors` without trailing slashes."""

    version: str
    mirrors: tuple[str, ...]
    insecure_registries: tuple[str, ...]
    containers_running: int
    live_restore: bool
    storage_driver: str
    containerd_store: bool
    data_root: str
    debug: bool
    warnings: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


STARTED_AT_BOOT = ("enabled", "static")
"""States of a unit file that systemd starts by itself; `enabled-runtime` does not outlive a reboot."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The Docker Engine on the host, if any.

    `command_line` is dockerd's own, from the running process; empty when it does not run. `info` is None when
    the daemon does not answer, with the reason in `error`. `user_access` says whether the login user can talk
    to it: "ok", "denied", or "" when the user is root or it was not asked.

    `unit` is the systemd unit by which it is started, `by_hand` true when the one that runs was started otherwise.
    `package` is the package that brought dockerd: "" when none did, None when nobody could tell; then, and when it
    does not run, `version` is what the program calls itself. `host` is what a client must be told by DOCKER_HOST to
    reach it, "" for the usual socket; `asked` the program by which it was asked. `containers_alive` are those that run
    below an engine which does not answer. `others` run beside it; where it cannot be told which of them docker
    commands mean, `dockerd` is empty.
    """

    dockerd: str = ""
    client: str = ""
    client_version: str = ""
    pid: int = 0
    command_line: tuple[str, ...] = ()
    info: EngineInfo | None = None
    error: str = ""
    user_access: str = ""
    config_path: str = "/etc/docker/daemon.json"
    certificates: str = "/etc/docker/certs.d"  # directory with hosts.toml and ca.crt of registries
    unit: str = "docker.service"
    by_hand: bool = False
    pid_file: str = "/var/run/docker.pid"
    package: str | None = None
    version: str = ""
    containers_alive: int = 0
    host: str = ""
    asked: str = "client"
    others: tuple[OtherDockerd, ...] = ()

    @property
    def snap(self) -> bool:
        return self.dockerd.startswith("/snap/")

    @property
    def installed(self) -> bool:
        return bool(self.dockerd)

    @property
    def running(self) -> bool:
        return self.pid > 0

    @property
    def unpackaged(self) -> bool:
        """True when the package manager says that no package brought it."""
        return self.installed and self.package == "" and not self.snap


@dataclass(frozen=True, slots=True)
class Rootless:
    """An engine that runs as the user `user`, without root; `config` is its daemon.json."""

    uid: int
    user: str
    config: str


@dataclass(frozen=True, slots=True)
class OtherEngines:
    """Engines beside the system's Docker: rootless ones, and containerd, podman and k3s with their registry files."""

    rootless: tuple[Rootless, ...] = ()
    names: tuple[str, ...] = ()
    files: tuple[HostFile, ...] = ()

    def file(self, path: str) -> HostFile | None:
        return next((file for file in self.files if path in {file.path, file.asked}), None)


@dataclass(frozen=True, slots=True)
class RunInProgress:
    """A run of the provisioner that holds this host's lock."""

    holder: str


@dataclass(frozen=True, slots=True)
class Facts:
    """One host at one moment. Sizes are in bytes, `clock` in seconds since the epoch, versions as packaged.

    `clock_skew` is how far the host's clock is ahead of the controller's at least, given the time that the answer
    took; None when nobody compared. `leftover_configuration`: packages of which only configuration files are left;
    `rpm_keys`: the keys that rpm trusts, as id-date. `users` are those of /etc/passwd, and those that a directory was
    asked for; with `group_elsewhere` the group docker is a directory's too. `registry_hosts` and `registry_cas` are
    the files hosts.toml and ca.crt below `Engine.certificates`.
    """

    os: OperatingSystem
    arch: str
    package_arch: str
    kernel: str
    init: Init
    hostname: str
    login: Login
    package_manager: PackageManager
    packages: Mapping[str, str]
    engine: Engine
    half_configured: tuple[str, ...] = ()
    leftover_configuration: tuple[str, ...] = ()
    held: frozenset[str] = frozenset()
    rpm_keys: tuple[str, ...] = ()
    units: Mapping[str, Unit] = field(default_factory=dict)
    starts_at_boot: bool = False
    daemon_json: HostFile | None = None
    options_file: HostFile | None = None
    sysconfig_files: tuple[HostFile, ...] = ()
    manager_environment: frozenset[str] = frozenset()  # names of variables that systemd hands to every service
    source_files: tuple[HostFile, ...] = ()
    binary_keys: tuple[str, ...] = ()
    odd_files: tuple[str, ...] = ()
    package_lists: int = 0
    ca_certificates: bool = False
    docker_group: tuple[str, ...] | None = None
    users: frozenset[str] = frozenset()
    group_elsewhere: bool = False
    snap: bool = False
    virtualization: str = ""
    hardware: str = ""  # vendor and product as the firmware names them; tells which cloud this is
    selinux: str = ""
    cgroup: str = ""
    apparmor: bool = False
    disk_free: Mapping[str, int] = field(default_factory=dict)
    memory: int = 0
    clock: int = 0
    in_progress: RunInProgress | None = None
    user_namespaces: int = 0
    kernel_support: KernelSupport = field(default_factory=KernelSupport)
    storage: Storage = field(default_factory=Storage)
    network: Network = field(default_factory=Network)
    package_state: PackageState = field(default_factory=PackageState)
    registry_hosts: tuple[HostFile, ...] = ()
    registry_cas: tuple[HostFile, ...] = ()
    other_engines: OtherEngines = field(default_factory=OtherEngines)
    record: Record = field(default_factory=Record)
    journal: HostJournal = field(default_factory=HostJournal)
    digest: str = field(default="", compare=False)  # see provisioner.facts.digest
    clock_skew: float | None = None

    @property
    def as_root(self) -> bool:
        """The facts were gathered as root, and steps can be applied as root."""
        return self.login.becomes_root

    @property
    def engine_unit(self) -> Unit | None:
        """The systemd unit of the engine."""
        return self.units.get(self.engine.unit)

    @property
    def service_manager(self) -> ServiceManager:
        return "snap" if self.engine.snap else self.init

    @property
    def kernel_version(self) -> tuple[int, int]:
        major, minor = [*self.kernel.partition("-")[0].split("."), "0", "0"][:2]
        return int(major or 0), int("".join(filter(str.isdigit, minor)) or 0)

    def file(self, path: str) -> HostFile | None:
        """The package source or key file at `path`, if the host has it."""
        return next((file for file in self.source_files if path in {file.path, file.asked}), None)
