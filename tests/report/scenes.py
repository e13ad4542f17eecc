"""What the reports show of 1, 3 and 60 hosts: names, versions and troubles as they are met."""

from __future__ import annotations

from dataclasses import replace

from provisioner.errors import (
    ApplyError,
    BlockedError,
    HostKeyError,
    SkippedError,
    UnreachableError,
)
from provisioner.facts.model import OperatingSystem
from provisioner.plan.model import FileDiff, Plan, Rejected, Restart, Step, StepResult
from provisioner.runs.outcome import Outcome
from tests.hosts import BARE, INFO, RUNNING

LONG = "registry-cache-blue-0001.prod.eu-central-1.internal.example.c"[:60]
SIX = "root@[2001:db8:0:7::15]:2222"
ODD = ["web01.hz.example.com", SIX, LONG, "数据库-上海-01"]
HOSTS = [*ODD, *(f"web{number:02}.hz.example.com" for number in range(2, 58))]
COUNTS = (1, 3, 60)
WIDTHS = (80, 120, 200)

ALIYUN, DAOCLOUD, ONEMS = (
    "https://x7k2m9qa.mirror.aliyuncs.com",
    "https://docker.m.daocloud.io",
    "https://docker.1ms.run",
)
DAEMON = "/etc/docker/daemon.json"
BEFORE = '{\n  "log-driver": "json-file",\n  "registry-mirrors": ["https://docker.mirrors.ustc.edu.cn"]\n}\n'
AFTER = BEFORE.replace('"https://docker.mirrors.ustc.edu.cn"', f'"{ALIYUN}", "{DAOCLOUD}"')
PORT = "check the address, -p/--port and whether sshd runs there"
REFUSED = """step daemon-config failed
the daemon says: unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives are \
specified both as a flag and in the configuration file: registry-mirrors: (from flag: [https://old.example], from file: \
[https://x7k2m9qa.mirror.aliyuncs.com https://docker.m.daocloud.io])"""
APT = """log: /var/lib/provisioner/runs/ on {host}
Err:7 https://mirrors.aliyun.com/docker-ce/linux/debian bookworm/stable amd64 containerd.io amd64 1.7.27-1
  Hash Sum mismatch
  Hashes of expected file:
   - Filesize:29956172 [weak]
E: Failed to fetch https://mirrors.aliyun.com/docker-ce/linux/debian/dists/bookworm/pool/stable/amd64/containerd.io_1.7.27-1_amd64.deb  Hash Sum mismatch
E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?"""


def _address(host):
    return "2001:db8:0:7::15" if host == SIX else f"10.20.{HOSTS.index(host)}.4"


def unreachable(host):
    return UnreachableError(f"{host}: {_address(host)} port 22: no answer within 10 s", hint=PORT)


def unknown_key(host):
    return HostKeyError(
        f"{host}: its host key is unknown: SHA256:dVq0ZjLz1vQz3R0eJm3yX5u7wNn6oV2b8kq1uVgWc3E",
        hint=f"compare it with the console of the machine, then --accept-new, or: ssh-keyscan -p 22 {_address(host)} >> "
        "/root/.ssh/known_hosts",
    )


def apply_failed(host):
    return ApplyError("step packages failed", hint=APT.format(host=host))


def rolled_back(host):
    return ApplyError(REFUSED, hint=f"log: /var/lib/provisioner/runs/ on {host}")


def blocked(host):
    return BlockedError(
        "the storage driver changes from overlay2 to overlayfs, which is read at the start alone: a restart would stop 14 "
        "running containers",
        hint="allow it with --allow-restart, or turn live-restore on first",
    )


def skipped(host):
    return SkippedError(
        "not begun: 20 failed (--max-failures)", hint="run it again with --resume to go on with the rest"
    )


def steps(host):
    return (
        Step(
            "packages",
            "install docker-ce=5:28.3.3-1~debian.12~bookworm, docker-ce-cli=5:28.3.3-1~debian.12~bookworm, containerd.io, "
            "docker-buildx-plugin, docker-compose-plugin",
            "from https://mirrors.aliyun.com/docker-ce, the fastest source that carries bookworm; docker.io 20.10.24 goes "
            "in the same transaction, its images and volumes stay",
            "+",
            "packages",
        ),
        Step(
            "daemon-config",
            f"set registry-mirrors in {DAEMON}",
            "2 mirrors in the place of 1; all other keys stay as they are",
            "~",
            "write_files",
            {},
            (FileDiff(DAEMON, BEFORE, AFTER),),
        ),
        Step("start", "restart docker.service", "", "!", "service"),
    )


def plan(host, **changes):
    return replace(
        Plan(
            host,
            "debian-12",
            "apt-repo",
            steps(host),
            rejected=(Rejected("distro-packages", "docker.io is 20.10.24, and 28.3 is wanted"),),
            warnings=(
                f"{DAOCLOUD} is known: restricted since 2024-07: images of a list of its own alone (2025-11-02)",
                "the host has 480 MiB of memory, and 512 MiB is little already for an engine with a handful of containers",
            ),
            restart=Restart("restart", "the packages bring another dockerd, and live-restore is off", 14),
        ),
        **changes,
    )


def facts(host, *, mirrors=(ALIYUN, DAOCLOUD), version="28.3.3", installed=True):
    number = HOSTS.index(host)
    system = OperatingSystem("debian", "12", "Debian GNU/Linux 12 (bookworm)", "bookworm")
    if number % 5 == 2:
        system = OperatingSystem("openEuler", "24.03", "openEuler 24.03 (LTS-SP1)")
    engine = replace(RUNNING.engine, info=replace(INFO, version=version, mirrors=tuple(mirrors), containers_running=14))
    kernel = "6.1.0-38-amd64" if number % 5 != 2 else "6.6.0-72.0.0.76.oe2403sp1.x86_64"
    base = RUNNING if installed else BARE
    disk = {"/var/lib/docker": 41.5 * 2**30, "/": 7.25 * 2**30}
    return replace(
        base,
        os=system,
        kernel=kernel,
        hostname=host,
        memory=8 * 2**30,
        disk_free=disk,
        engine=engine if installed else BARE.engine,
    )


def outcome(host, status, error=None, **more):
    results = (StepResult("packages", "ok", 31.0),) if status == "changed" else ()
    known = None if status in {"unreachable", "skipped"} else facts(host)
    seconds = {"unreachable": 10.0, "skipped": 0.0}.get(status, 41.3 + HOSTS.index(host) % 7)
    return Outcome(host, status, known, results=results, error=error, timings={"all": seconds}, **more)


def outcomes(count):
    """One failure; all kinds of it; 19 that failed alike among many."""
    rows = [outcome(HOSTS[0], "rolled_back", rolled_back(HOSTS[0]))]
    if count == 1:
        return rows
    rows += [outcome(HOSTS[1], "unreachable", unknown_key(HOSTS[1])), outcome(HOSTS[2], "changed")]
    for number, host in enumerate(HOSTS[3:count], 3):
        if number == 3:
            rows.append(outcome(host, "blocked", blocked(host)))
        elif number < 23:
            rows.append(outcome(host, "unreachable", unreachable(host)))
        elif number < 25:
            rows.append(outcome(host, "failed", apply_failed(host)))
        elif number < 52:
            rows.append(outcome(host, "changed" if number % 3 else "converged"))
        else:
            rows.append(outcome(host, "skipped", skipped(host)))
    return rows


def plans(count):
    rows = [replace(outcome(host, "planned"), plan=plan(host)) for host in HOSTS[:count]]
    for number, row in enumerate(rows):
        if number % 7 == 2:
            rows[number] = replace(row, status="converged", plan=Plan(row.host, "debian-12", "apt-repo"))
        elif number % 7 == 5:
            rows[number] = outcome(row.host, "unreachable", unreachable(row.host))
    return rows
