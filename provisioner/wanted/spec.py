"""What the user wants of a host. Every default lives here and nowhere else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from provisioner.catalogue import daemon_keys
from provisioner.catalogue.daemon_values import start_problems
from provisioner.wanted.strategies import strategy_names
from provisioner.wanted.values import (
    certificates,
    docker_version,
    fingerprint,
    insecure_registry,
    login_name,
    mirror_text,
    package_source,
    registry_host,
    registry_mirror,
    sha256,
    url_of_script,
)

_STRATEGIES = ("auto", *strategy_names())
if TYPE_CHECKING:
    StrategyName = str
else:
    StrategyName = Literal[_STRATEGIES]
Channel = Literal["stable", "test"]

MIRROR_FIELDS = ("registry_mirrors", "other_registry_mirrors", "mirror_ca", "also", "take_over")
"""Fields of `Spec` that say where images come from, and how that is written."""
DAEMON_KEY = re.compile(r"[a-z][a-z0-9-]*")

RegistryMirror = Annotated[str, AfterValidator(registry_mirror)]
RegistryHost = Annotated[str, AfterValidator(registry_host)]
OtherEngine = Literal["containerd", "podman", "k3s"]
InsecureRegistry = Annotated[str, AfterValidator(insecure_registry)]


class MirrorChange(BaseModel):
    """A change to the list of mirrors that a host has: some go, then some come at its end or its front."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    add: tuple[RegistryMirror, ...] = ()
    remove: tuple[Annotated[str, AfterValidator(mirror_text)], ...] = ()
    first: bool = False


class StorageDriver(BaseModel):
    """Where an engine keeps images. devicemapper is for kernels without overlay2, on a device of its own (direct-lvm):
    its other mode, on loop devices, breaks under load.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: Literal["overlay2", "devicemapper"] = Field(default="overlay2", description="overlay2 wherever it works")
    direct_lvm_device: str | None = Field(
        default=None, description="empty block device that devicemapper takes over where there is no overlay2"
    )

    @model_validator(mode="after")
    def _device(self) -> StorageDriver:
        device = self.direct_lvm_device
        if device is not None and not re.fullmatch(r"/dev/[A-Za-z0-9][A-Za-z0-9/_.+-]*", device):
            raise ValueError(f"{device!r} is not a block device: /dev/NAME, as lsblk -p prints it")
        if self.driver == "devicemapper" and device is None:
            raise ValueError("driver devicemapper needs direct_lvm_device: a block device of its own")
        if self.driver == "overlay2" and device is not None:
            raise ValueError("direct_lvm_device goes with driver devicemapper; overlay2 lives on a file system")
        return self


class Spec(BaseModel):
    """The wanted state of one host.

    `None` for the mirrors, the insecure registries and the version means "leave as it is"; an empty tuple of
    mirrors means "none". `daemon` holds further top-level keys of daemon.json.
    `install` is False for the commands that only change configuration: they never install an engine. `take_over` lets
    options of dockerd that say the same as a wanted key move into the daemon configuration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[str, AfterValidator(docker_version)] | None = Field(
        default=None,
        description="latest, 28, 28.3 or 28.3.1; absent: keep what is installed, else the newest",
    )
    channel: Channel = Field(default="stable", description="channel of the docker-ce package source")
    source: Annotated[str, AfterValidator(package_source)] = Field(
        default="auto",
        description="auto, a name of `provisioner source list`, or the URL of a docker-ce tree",
    )
    source_fingerprint: Annotated[str, AfterValidator(fingerprint)] | None = Field(
        default=None, description="fingerprint of the key that signs `source`, if it is not Docker's"
    )
    strategy: StrategyName = Field(default="auto", description="how to install")
    script_url: Annotated[str, AfterValidator(url_of_script)] = Field(
        default="https://get.docker.com", description="what strategy convenience-script runs; an in-house copy is fine"
    )
    script_sha256: Annotated[str, AfterValidator(sha256)] | None = Field(
        default=None, description="sha256 that the script must have to be run"
    )
    registry_mirrors: tuple[RegistryMirror, ...] | None = Field(
        default=None, description="mirrors of Docker Hub, first one asked first; [] clears them"
    )
    other_registry_mirrors: dict[RegistryHost, tuple[RegistryMirror, ...]] = Field(
        default_factory=dict,
        description="mirrors of other registries, such as ghcr.io: [https://…]; Docker 28+ with the containerd store",
    )
    mirror_ca: Annotated[str, AfterValidator(certificates)] | None = Field(
        default=None, description="certificate (PEM) of the authority that signs the mirrors"
    )
    also: tuple[OtherEngine, ...] = Field(
        default=(), description="engines that get the same mirrors of Docker Hub: containerd, podman, k3s"
    )
    insecure_registries: tuple[InsecureRegistry, ...] | None = Field(
        default=None,
        description="registries spoken to over http or with an unknown certificate; [] clears them",
    )
    daemon: dict[str, JsonValue] = Field(default_factory=dict, description="further keys of daemon.json")
    storage: StorageDriver | None = Field(default=None, description="storage driver of an engine to be installed")
    users: tuple[Annotated[str, AfterValidator(login_name)], ...] = Field(
        default=(), description="login names that may use docker (members of group docker)"
    )
    update: bool = Field(default=True, description="refresh the distribution's package lists where that is needed")
    system_update: bool = Field(default=False, description="upgrade the whole system before an engine is installed")
    hold: bool = Field(default=False, description="keep the package manager from upgrading the engine by itself")
    remove_dependents: bool = Field(
        default=False, description="packages of others that cannot stay without what is removed may go as well"
    )
    install: bool = True
    mirror_change: MirrorChange | None = None
    take_over: bool = False

    @model_validator(mode="after")
    def _mirrors_said_once(self) -> Spec:
        if self.registry_mirrors is not None and len(set(self.registry_mirrors)) < len(self.registry_mirrors):
            raise ValueError("registry_mirrors: the same mirror is listed twice")
        if self.mirror_change and self.registry_mirrors is not None:
            raise ValueError("registry_mirrors: either the whole list or a change to it")
        if self.also and self.registry_mirrors is None and self.mirror_change is None:
            raise ValueError("also: goes with registry_mirrors; [] clears them there too")
        return self

    @model_validator(mode="after")
    def _one_place_per_setting(self) -> Spec:
        for key in self.daemon:
            if not DAEMON_KEY.fullmatch(key):
                raise ValueError(f"daemon: {key!r} is not a key of daemon.json")
        for key, option in (
            ("registry-mirrors", "registry_mirrors"),
            ("insecure-registries", "insecure_registries"),
        ):
            if key in self.daemon:
                raise ValueError(f"daemon: write {option} instead of daemon.{key}")
        known = {name: value for name, value in self.daemon.items() if daemon_keys.key(name)}
        for problem in start_problems(known, ""):
            raise ValueError(f"daemon: {problem}")
        for name, why in daemon_keys.ignored(self.daemon, "").items():
            raise ValueError(f"daemon: {name} would have no effect: {why}")
        if self.source_fingerprint and "://" not in self.source:
            raise ValueError("source_fingerprint: goes with a source given as a URL; the named ones carry Docker's key")
        return self

    @model_validator(mode="after")
    def _one_storage_driver(self) -> Spec:
        for key in ("storage-driver", "storage-opts"):
            if self.storage is not None and key in self.daemon:
                raise ValueError(f"daemon: say it with storage or with daemon.{key}, not with both")
        return self

    @property
    def daemon_configuration(self) -> dict[str, Any]:
        """The wanted top-level keys of the daemon configuration, in daemon.json's own terms."""
        wanted: dict[str, Any] = {}
        if self.registry_mirrors is not None:
            wanted["registry-mirrors"] = list(self.registry_mirrors)
        if self.insecure_registries is not None:
            wanted["insecure-registries"] = list(self.insecure_registries)
        return wanted | self.daemon
