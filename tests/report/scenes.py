"""What the reports show of 1, 3 and 60 hosts: names, versions and troubles as they are met."""

from __future__ import annotations

from dataclasses import replace

from provisioner.checks.mirror_status import MirrorStatus
from provisioner.errors import (
    ApplyError,
    BlockedError,
    DifferenceError,
    HostKeyError,
    SkippedError,
    UnreachableError,
    VerifyError,
)
from provisioner.facts.configured_mirrors import Configured
from provisioner.facts.model import OperatingSystem
from provisioner.mirror_probe.judge import Judged
from provisioner.plan.model import Check, FileDiff, Plan, Rejected, Restart, Step, StepResult
from provisioner.preflight.finding import Finding, failed, passed, warned
from provisioner.report.facts import facts_text
from provisioner.report.failure import failures_text
from provisioner.report.findings import check_text
from provisioner.report.history import run_text, runs_text
from provisioner.report.mirror_status import mirror_status_text
from provisioner.report.mirrors import views_text
from provisioner.report.offers import versions_text
from provisioner.report.paint import plain
from provisioner.report.plans import planned_text
from provisioner.report.table import outcomes_text
from provisioner.runs.available import Offers
from provisioner.runs.check import Checked
from provisioner.runs.facts import Gathered
from provisioner.runs.history import HostRecord, RunRecord
from provisioner.runs.mirror_status import HostMirrors
from provisioner.runs.mirrors import View
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


FINE = [
    passed(name, f"{name} is as it should be")
    for name in ("kernel", "architecture", "memory", "data root", "disk space", "inodes", "clock", "DNS", "cgroups")
]
OLD = Finding(
    "kernel", "fail", "2.6.32-754.35.1.el6.x86_64 is older than 3.10, the oldest that any Docker Engine since 1.11 runs on",
    "upgrade the distribution; no engine that is still built runs there", unsupported=True,
)  # fmt: skip
BROKEN = failed(
    "daemon.json",
    f'{DAEMON}, line 3, column 57: expected a comma or a closing bracket\n      "registry-mirrors": ["https://a.example" '
    '"https://b.example"]\n                                              ^',
    f"Correct line 3 of {DAEMON} and run again; the file has not been touched.",
    "always",
)
FIREWALL = warned(
    "iptables",
    "the host has nftables alone, and Docker Engine below 29 needs the program iptables to publish the ports of containers",
    "install it before: apt-get install -y iptables && update-alternatives --set iptables /usr/sbin/iptables-nft",
)


def checked(count):
    rows = []
    for number, host in enumerate(HOSTS[:count]):
        if number == 0:
            rows.append(Checked(host, (*FINE, FIREWALL, BROKEN), "debian-12"))
        elif number % 9 == 1:
            rows.append(Checked(host, (OLD, *FINE[1:])))
        elif number % 9 == 5:
            rows.append(Checked(host, error=unreachable(host)))
        else:
            rows.append(Checked(host, (*FINE, FIREWALL), "debian-12"))
    return rows


def gathered(count):
    return [Gathered(host, facts(host, installed=number % 4 != 3)) for number, host in enumerate(HOSTS[:count])]


def mirror_states(count):
    rows = []
    for number, host in enumerate(HOSTS[:count]):
        by = Configured((ALIYUN, DAOCLOUD), DAEMON)
        found = MirrorStatus("28.3.3", by, (ALIYUN, DAOCLOUD))
        error = None
        if number % 9 == 0:
            problem = f"{DAEMON} says {ALIYUN} {DAOCLOUD}, and the engine has {ONEMS}: it was not reloaded"
            hint = f"provisioner mirror set {ALIYUN} {DAOCLOUD} {host!r} has the engine use those of its file"
            found, error = replace(found, shown=(ONEMS,), problems=(problem,)), DifferenceError(problem, hint=hint)
        elif number % 9 == 4:
            rows.append(HostMirrors(Outcome(host, "unreachable", error=unreachable(host))))
            continue
        rows.append(HostMirrors(Outcome(host, "drifted" if error else "verified", facts(host), error=error), found))
    return rows


def views(count):
    rows = []
    for number, host in enumerate(HOSTS[:count]):
        judged = (
            Judged(DAOCLOUD, "alive", "hello-world sha256:c41088499908", "curl", 0.061 + number / 1000, 9.3 * 2**20),
            Judged(ONEMS, "alive", "hello-world sha256:c41088499908", "curl", 0.148 + number / 1000, 4.1 * 2**20,
                   missing={"grafana/grafana:11.2.0": "answers 429 (too many requests) at cdn-registry.1ms.run"}),
            Judged("https://hub-mirror.c.163.com", "dead", "its name does not resolve: Could not resolve host: "
                   "hub-mirror.c.163.com; dead since 2024-06: 网易云镜像已停止服务\uff0c请改用其他镜像站点", "curl", hopeless=True),
            Judged("https://mirror.ccs.tencentyun.com", "restricted", "timed out: Connection timed out after 10001 "
                   "milliseconds; inside a cloud: answers from inside Tencent Cloud only", "curl"),
        )  # fmt: skip
        rows.append(View(host, error=unreachable(host)) if number % 20 == 1 else View(host, judged))
    return rows


def drifts(count):
    rows = []
    for number, host in enumerate(HOSTS[:count]):
        if number % 10:
            rows.append(outcome(host, "verified"))
            continue
        found = "configuration: the engine has log-driver json-file, and its file says local: it was not reloaded\n"
        found += f"files: {DAEMON} was edited after the run of 2026-03-01 14:02"
        hint = f"systemctl restart docker, on the host, has the engine read {DAEMON}; without live-restore it stops the containers\n"
        hint += f"provisioner status {host!r} -i fleet.yaml --accept takes what was changed as it is"
        edits = (FileDiff(DAEMON, AFTER, AFTER.replace("json-file", "local")),)
        rows.append(outcome(host, "drifted", DifferenceError(found, hint=hint), edits=edits))
    return rows


def verified(count):
    rows = [
        outcome(host, "verified", checks=(Check("proof", passed=True, detail=f"alpine came through {ALIYUN}"),))
        for host in HOSTS[:count]
    ]
    if count > 1:
        error = VerifyError("proof: no mirror served alpine; the engine went to registry-1.docker.io itself, which timed out",
                            hint=f"provisioner mirror probe {HOSTS[1]!r} asks the mirrors themselves")  # fmt: skip
        rows[1] = outcome(HOSTS[1], "failed", error)
    return rows


def offers(count):
    known = tuple(f"28.{minor}.{patch}" for minor in (3, 2, 1) for patch in (3, 1, 0))
    old = tuple(f"26.1.{patch}" for patch in (4, 3, 2))
    return [
        Offers(host, package="docker-ce", origin="https://mirrors.aliyun.com/docker-ce", versions=old if number % 5 == 2 else known,
               installed="28.3.1" if number % 5 != 2 else "25.0.5")
        for number, host in enumerate(HOSTS[:count])
    ]  # fmt: skip


def record(count):
    rows = outcomes(count)
    counts = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    hosts = tuple(
        HostRecord(row.host, "", row.status, row.succeeded, row.changed, "28.3.3" if row.facts else None,
                   (ALIYUN, DAOCLOUD) if row.facts else (), row.error and row.error.message, row.error and row.error.hint,
                   row.exit_code, row.seconds)
        for row in rows
    )  # fmt: skip
    argv = (
        "mirror",
        "set",
        ALIYUN,
        DAOCLOUD,
        "-i",
        "inventories/fleet.yaml",
        "--canary",
        "1",
        "--batch",
        "10%",
        "--max-failures",
        "5%",
        "--yes",
    )
    return RunRecord(
        "20260301T060210-9f1c2e", "mirror set", argv, "", None, 1772344930.0, 1772345000.5, counts, (6, 3), hosts
    )


def runs(count):
    one = record(count)
    return [
        replace(one, id=f"20260301T0602{number:02}-9f1c2e", ended=None if number == 2 else one.ended)
        for number in range(min(count, 20))
    ]


def refused(count):
    return [
        (host, unknown_key(host) if number in {1, 4} else unreachable(host))
        for number, host in enumerate(HOSTS[:count])
    ]


SHOWN = {
    "apply": lambda count, width, paint: outcomes_text(outcomes(count), width=width, paint=paint),
    "plan": lambda count, width, paint: planned_text(plans(count), width=width, paint=paint),
    "check": lambda count, width, paint: check_text(checked(count), width=width, paint=paint),
    "status": lambda count, width, paint: outcomes_text(drifts(count), width=width, paint=paint),
    "verify": lambda count, width, paint: outcomes_text(verified(count), width=width, paint=paint),
    "facts": lambda count, width, _: facts_text(gathered(count), width=width),
    "mirror-status": lambda count, width, _: mirror_status_text(mirror_states(count), width=width),
    "mirror-probe": lambda count, width, _: views_text(views(count), width=width),
    "versions": lambda count, width, _: versions_text(offers(count), width=width),
    "history": lambda count, width, _: runs_text(runs(count), width=width),
    "history-run": lambda count, width, _: run_text(record(count), width=width),
    "errors": lambda count, width, _: failures_text(refused(count), width),
}
"""What a command shows: the number of hosts, the width and the colours -> its text."""


def shown(name, count, width, paint=plain):
    return SHOWN[name](count, width, paint)
