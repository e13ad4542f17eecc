"""What every command shows of those hosts: check, facts, mirrors, drift, versions, history."""

from __future__ import annotations

from dataclasses import replace

from provisioner.checks.mirror_status import MirrorStatus
from provisioner.errors import (
    DifferenceError,
    VerifyError,
)
from provisioner.facts.configured_mirrors import Configured
from provisioner.mirror_probe.judge import Judged
from provisioner.plan.model import Check, FileDiff
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
from provisioner.runs.history import PastHost, PastRun
from provisioner.runs.mirror_status import HostMirrors
from provisioner.runs.mirrors import View
from provisioner.runs.outcome import Outcome
from tests.report.scenes import (
    AFTER,
    ALIYUN,
    DAEMON,
    DAOCLOUD,
    HOSTS,
    ONEMS,
    facts,
    outcome,
    outcomes,
    plans,
    unknown_key,
    unreachable,
)

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
        PastHost(row.host, "", row.status, row.succeeded, row.changed, "28.3.3" if row.facts else None,
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
    return PastRun(
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
