"""What the packages of the source contain: the engine of two Debian releases under the names that Docker gives it.

Versions and epochs follow the patterns of Docker's own packages, of which there are two generations each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ENGINES = ("20.10.24", "26.1.5")
CONTAINERD = "1.6.20"
BUILDX = "0.14.1"
COMPOSE = "2.27.1"
DEB_SUITES = {
    "noble": "ubuntu.24.04~noble",
    "bookworm": "debian.12~bookworm",
    "trixie": "debian.13~trixie",
}
RPM_RELEASES = ("8", "9", "10")

DOCKER_SERVICE = """[Unit]
Description=Docker Application Container Engine
Documentation=https://docs.docker.com
After=network-online.target docker.socket firewalld.service containerd.service time-set.target
Wants=network-online.target containerd.service
Requires=docker.socket
StartLimitBurst=3
StartLimitIntervalSec=60

[Service]
Type=notify
ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
ExecReload=/bin/kill -s HUP $MAINPID
TimeoutStartSec=0
RestartSec=2
Restart=always
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
Delegate=yes
KillMode=process
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
"""
DOCKER_SOCKET = """[Unit]
Description=Docker Socket for the API

[Socket]
ListenStream=/run/docker.sock
SocketMode=0660
SocketUser=root
SocketGroup=docker

[Install]
WantedBy=sockets.target
"""
CONTAINERD_SERVICE = """[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target local-fs.target

[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
"""
CONTAINERD_CONFIG = 'disabled_plugins = ["cri"]\n'
# Enough for `docker info` and `docker compose version`; nothing here builds images.
CLI_PLUGIN = """#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then
  echo '{{"SchemaVersion":"0.1.0","Vendor":"Docker Inc.","Version":"v{version}","ShortDescription":"{title}"}}'
  exit 0
fi
echo '{title} v{version}'
"""


@dataclass(frozen=True, slots=True)
class Package:
    """One package at one version. `binaries` maps a path in the package to one below the directory of engines."""

    name: str
    version: str
    epoch: str = ""
    rpm_epoch: str = ""
    depends: tuple[str, ...] = ()
    rpm_requires: tuple[str, ...] = ()
    rpm_obsoletes: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    binaries: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    configuration: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    starts: bool = False
    """Its scriptlets start the service, as those of some distributions do."""

    def deb_version(self, build: str) -> str:
        """`build` is "ubuntu.24.04~noble"; engines before 23.0 spelled it "ubuntu-noble"."""
        epoch = f"{self.epoch}:" if self.epoch else ""
        if self.version.startswith("20."):
            return f"{epoch}{self.version}~3-0~{build.partition('.')[0]}-{build.rpartition('~')[2]}"
        return f"{epoch}{self.version}-1~{build}"

    def rpm_release(self, release: str) -> str:
        return f"{'3' if self.version.startswith('20.') else '1'}.el{release}"


def _engine(version: str) -> tuple[Package, ...]:
    library = ("libdevmapper1.02.1",) if version.startswith("20.") else ()
    return (
        Package(
            "docker-ce",
            version,
            epoch="5",
            rpm_epoch="3",
            depends=("containerd.io (>= 1.4.1)", "docker-ce-cli", "iptables", "libc6", "libsystemd0", *library),
            rpm_requires=("containerd.io >= 1.4.1", "docker-ce-cli"),
            rpm_obsoletes=("docker-engine",),
            conflicts=("docker (<< 1.5~)", "docker.io", "docker-cli", "docker-engine", "lxc-docker"),
            binaries={
                "/usr/bin/dockerd": f"{version}/dockerd",
                "/usr/bin/docker-proxy": f"{version}/docker-proxy",
            },
            texts={
                "/lib/systemd/system/docker.service": DOCKER_SERVICE,
                "/lib/systemd/system/docker.socket": DOCKER_SOCKET,
                "/etc/default/docker": '# Docker SysVinit configuration file\n\n#DOCKER_OPTS="--dns 8.8.8.8"\n',
            },
            configuration=("/etc/default/docker",),
            units=("docker.service", "docker.socket"),
        ),
        Package(
            "docker-ce-cli",
            version,
            epoch="5",
            rpm_epoch="1",
            depends=("libc6",),
            conflicts=("docker (<< 1.5~)", "docker.io", "docker-cli", "docker-engine", "lxc-docker"),
            binaries={"/usr/bin/docker": f"{version}/docker"},
        ),
        Package(
            "docker-ce-rootless-extras",
            version,
            epoch="5",
            rpm_epoch="0",
            depends=("docker-ce",),
            rpm_requires=("docker-ce",),
            texts={
                "/usr/bin/dockerd-rootless.sh": "#!/bin/sh\necho 'rootless mode is not part of these packages'\nexit 1\n"
            },
        ),
    )


PACKAGES = (
    *(package for version in ENGINES for package in _engine(version)),
    Package(
        "containerd.io",
        CONTAINERD,
        rpm_epoch="0",
        depends=("libc6", "libseccomp2"),
        rpm_obsoletes=("containerd", "runc"),
        conflicts=("containerd", "runc"),
        binaries={
            f"/usr/bin/{name}": f"containerd/{name}"
            for name in ("containerd", "containerd-shim-runc-v2", "ctr", "runc")
        },
        texts={
            "/lib/systemd/system/containerd.service": CONTAINERD_SERVICE,
            "/etc/containerd/config.toml": CONTAINERD_CONFIG,
        },
        configuration=("/etc/containerd/config.toml",),
        units=("containerd.service",),
    ),
    Package(
        "docker-buildx-plugin",
        BUILDX,
        rpm_epoch="0",
        texts={
            "/usr/libexec/docker/cli-plugins/docker-buildx": CLI_PLUGIN.format(version=BUILDX, title="Docker Buildx")
        },
    ),
    Package(
        "docker-compose-plugin",
        COMPOSE,
        rpm_epoch="0",
        depends=("docker-ce-cli",),
        rpm_requires=("docker-ce-cli",),
        texts={
            "/usr/libexec/docker/cli-plugins/docker-compose": CLI_PLUGIN.format(version=COMPOSE, title="Docker Compose")
        },
    ),
)

DISTRIBUTION = (
    Package(
        "docker-engine",
        ENGINES[0],
        rpm_epoch="0",
        rpm_requires=("containerd", "runc"),
        binaries={f"/usr/bin/{name}": f"{ENGINES[0]}/{name}" for name in ("dockerd", "docker-proxy", "docker")},
        texts={
            "/lib/systemd/system/docker.service": DOCKER_SERVICE,
            "/lib/systemd/system/docker.socket": DOCKER_SOCKET,
        },
        units=("docker.service", "docker.socket"),
        starts=True,
    ),
    Package(
        "containerd",
        CONTAINERD,
        rpm_epoch="0",
        rpm_requires=("runc",),
        binaries={
            f"/usr/bin/{name}": f"containerd/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")
        },
        texts={
            "/lib/systemd/system/containerd.service": CONTAINERD_SERVICE,
            "/etc/containerd/config.toml": CONTAINERD_CONFIG,
        },
        configuration=("/etc/containerd/config.toml",),
        units=("containerd.service",),
    ),
    Package("runc", "1.1.4", rpm_epoch="0", binaries={"/usr/bin/runc": "containerd/runc"}),
    Package("engine-watcher", "1.0", rpm_epoch="0", rpm_requires=("docker-engine",)),
    Package("engine-toolkit", "1.0", rpm_epoch="0", rpm_requires=("(docker-ce or docker-engine)",)),
)
"""An engine as an rpm distribution packages it, and what needs it: one that wants this engine, one that takes any."""
