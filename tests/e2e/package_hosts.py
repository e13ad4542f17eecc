"""Hosts on which packages change: engines of four origins, what stands in their way, and what must not have changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.testbed import Bed, Host

OLD, NEW = "20.10.24", "26.1.5"
ENGINES = ("absent", "distribution", "docker-ce", "static")
SLUGS = {"apt": "debian-13", "rpm": "centos-9-lookalike"}
PROGRAMS = "dockerd docker docker-proxy containerd containerd-shim-runc-v2 ctr runc"
SOURCE_FILES = (
    "/etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/keyrings /etc/apt/trusted.gpg.d /etc/yum.repos.d "
    "/etc/pki/rpm-gpg"
)
STATIC_UNIT = """[Unit]
Description=Docker from an archive
[Service]
Type=notify
ExecStart=/usr/local/bin/dockerd
ExecReload=/bin/kill -s HUP $MAINPID
KillMode=process
Delegate=yes
[Install]
WantedBy=multi-user.target
"""


def prepare(bed: Bed, family: str, engine: str) -> Host:
    """A host of `family` apt or rpm with an engine of that origin, in which the container `web` runs."""
    packaged = engine in {"distribution", "static"}
    host = bed.start(f"{SLUGS[family]}-engine" if packaged and family == "apt" else SLUGS[family])
    host.write("/etc/docker/daemon.json", f'{{"registry-mirrors": ["{bed.mirrors[0].url}"]}}\n')
    if family == "rpm" and packaged:
        host.write("/etc/yum.repos.d/distribution.repo", bed.source.distribution)
        host.sh("dnf -y -q install docker-engine && systemctl enable docker && systemctl start docker")
    if engine == "static":
        unpack(host)
    if engine == "docker-ce":
        install(host, bed, family)
    if engine != "absent":
        host.sh("systemctl restart docker && docker pull -q busybox", timeout=200)
        host.sh("docker run -d --name web --network none busybox sleep 1000000")
    return host


def install(host: Host, bed: Bed, family: str, version: str = OLD) -> None:
    """Docker's packages as its guides install them, from the source of the test bed."""
    if family == "apt":
        host.write(
            "/etc/apt/sources.list.d/docker.sources",
            f"Types: deb\nURIs: {bed.source.url}/linux/debian\nSuites: trixie\nComponents: stable\n"
            "Architectures: amd64\nSigned-By: /etc/apt/keyrings/docker.asc\n",
        )
        host.sh(
            f"curl -fsS {bed.source.url}/linux/debian/gpg -o /etc/apt/keyrings/docker.asc && apt-get -q update && "
            f"v=$(apt-cache madison docker-ce | tr -d ' ' | cut -d '|' -f 2 | grep {version}) && "
            "apt-get -y -q install --no-install-recommends docker-ce=$v docker-ce-cli=$v containerd.io"
        )
        return
    host.write(
        "/etc/yum.repos.d/docker-ce.repo",
        f"[docker-ce-stable]\nname=Docker CE\nbaseurl={bed.source.url}/linux/centos/9/$basearch/stable\nenabled=1\n"
        "gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-docker\n",
    )
    key = "/etc/pki/rpm-gpg/RPM-GPG-KEY-docker"
    host.sh(
        f"curl -fsS {bed.source.url}/linux/centos/gpg -o {key} && rpm --import {key} && "
        f"dnf -y -q install docker-ce-{version} docker-ce-cli-{version} containerd.io && systemctl enable --now docker"
    )


def unpack(host: Host) -> None:
    """Take the packaged engine away and leave its programs in /usr/local/bin, with a unit of its own."""
    host.sh(
        f"systemctl stop docker.socket docker containerd; for name in {PROGRAMS}; do "
        'cp -L "$(command -v "$name")" /usr/local/bin/; done; '
        "if command -v dpkg; then dpkg --purge docker.io docker-cli containerd runc; "
        "else rpm -e docker-engine containerd runc; fi"
    )
    host.write("/etc/systemd/system/docker.service", STATIC_UNIT)
    host.sh("rm -f /run/docker.sock; systemctl daemon-reload; systemctl reset-failed; systemctl enable --now docker")


@dataclass(frozen=True, slots=True)
class State:
    """What a refused or rolled back run leaves as it was; of units, which start at boot or must not."""

    packages: str
    sources: str
    holds: str
    units: str
    engine: str
    containers: str


def state(host: Host) -> State:
    def ask(script: str) -> str:
        return host.sh(script, check=False).stdout

    return State(
        packages=ask(
            "if command -v dpkg-query >/dev/null; then dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\\n' | "
            "grep '^.[iUFHWt]'; else rpm -qa | sort; fi"
        ),
        sources=ask(f"find {SOURCE_FILES} -type f -exec sha256sum {{}} + 2>/dev/null | sort"),
        holds=ask("apt-mark showhold 2>/dev/null; cat /etc/dnf/plugins/versionlock.list 2>/dev/null"),
        units=ask("systemctl is-enabled docker.service docker.socket containerd.service | sed s/not-found/disabled/"),
        engine=ask("docker version --format '{{.Server.Version}}' && systemctl is-active docker"),
        containers=ask("docker ps --format '{{.Names}} {{.State}}'"),
    )


def litter(host: Host) -> str:
    """What a run has left besides its records."""
    return host.sh(
        "ls -d /usr/sbin/policy-rc.d /run/systemd/system/docker.*.d /var/lib/provisioner/runs/*/packages "
        "/var/lib/provisioner/runs/*/candidate 2>/dev/null; find /etc /run -name '*.provisioner' 2>/dev/null",
        check=False,
    ).stdout


def consistent(host: Host) -> str:
    """What is wrong with packages and sources taken together; "" when nothing is."""
    installed = host.sh(
        "dpkg-query -W -f '${db:Status-Abbrev}' docker-ce 2>/dev/null | grep -q '^.i' || rpm -q docker-ce >/dev/null 2>&1",
        check=False,
    )
    source = host.sh(
        "{ test -s /etc/apt/sources.list.d/docker.sources && test -s /etc/apt/keyrings/docker.asc; } || "
        "{ test -s /etc/yum.repos.d/docker-ce.repo && test -s /etc/pki/rpm-gpg/RPM-GPG-KEY-docker; }",
        check=False,
    )
    if installed.returncode == 0 and source.returncode != 0:
        return "docker-ce is installed, and its source or key is not set up"
    if host.sh("command -v dpkg >/dev/null && dpkg --audit", check=False).stdout:
        return "dpkg has left something half done"
    doubled = host.sh("rpm -qa --qf '%{NAME}\\n' 2>/dev/null | grep -v gpg-pubkey | sort | uniq -d", check=False)
    return f"twice in rpm's database: {doubled.stdout}" if doubled.stdout else ""


def _pin(host: Host, family: str, engine: str) -> str:
    del engine
    if family == "apt":
        host.write("/etc/apt/preferences.d/no-docker", "Package: docker-ce\nPin: version *\nPin-Priority: -1\n")
        return "rm /etc/apt/preferences.d/no-docker"
    host.sh("cp /etc/dnf/dnf.conf /etc/dnf/dnf.conf.kept && echo 'includepkgs=bash*' >>/etc/dnf/dnf.conf")
    return "mv /etc/dnf/dnf.conf.kept /etc/dnf/dnf.conf"


def _exclude(host: Host, family: str, engine: str) -> str:
    del engine
    if family == "apt":
        host.write(
            "/etc/apt/preferences.d/no-containerd", "Package: containerd.io\nPin: version *\nPin-Priority: -10\n"
        )
        return "rm /etc/apt/preferences.d/no-containerd"
    host.sh("cp /etc/dnf/dnf.conf /etc/dnf/dnf.conf.kept && echo 'exclude=docker-ce*,foo' >>/etc/dnf/dnf.conf")
    return "mv /etc/dnf/dnf.conf.kept /etc/dnf/dnf.conf"


def _hold(host: Host, family: str, engine: str) -> str:
    """The engine's own packages are held; what is no package cannot be."""
    if family == "rpm" or engine not in {"distribution", "docker-ce"}:
        return ":"
    held = {"distribution": "docker.io containerd", "docker-ce": "docker-ce docker-ce-cli"}[engine]
    host.sh(f"apt-mark hold {held}")
    return f"apt-mark unhold {held}"


def _full(host: Host, family: str, engine: str) -> str:
    """/usr is a file system of its own, with less room than the packages need, and more than a change must have."""
    del family, engine
    host.sh(
        "size=$(($(du -sxm /usr | cut -f 1) + 60)) && mkdir -p /mnt/usr && mount -t tmpfs -o size=${size}m usr /mnt/usr && "
        "cp -a /usr/. /mnt/usr/ && mount --bind /mnt/usr /usr"
    )
    return "umount -l /usr && umount -l /mnt/usr"


def _full_cache(host: Host, family: str, engine: str) -> str:
    """Where packages are fetched to there is less room than they need, and more than a change must have."""
    del engine
    place = "/var/cache/apt/archives" if family == "apt" else "/var/cache/dnf"
    host.sh(f"mount -t tmpfs -o size=20m cache {place} && mkdir -p {place}/partial")
    return f"umount -l {place}"


WAYS = {
    "none": lambda *_: ":",
    "pin": _pin,
    "exclude": _exclude,
    "hold": _hold,
    "full": _full,
    "full-cache": _full_cache,
}


@contextmanager
def obstacle(host: Host, name: str, family: str, engine: str) -> Iterator[None]:
    """What is called `name` in WAYS stands in the way of packages on `host`."""
    undo = WAYS[name](host, family, engine)
    try:
        yield
    finally:
        host.sh(undo, check=False)


def said_of(text: str) -> str:
    """A message on one line, for a table."""
    return re.sub(r"\s+", " ", text).strip()[:110]
