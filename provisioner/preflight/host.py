"""The machine as a whole: memory, clock, virtualization, services, accounts."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.facts.kernel_support import NET_ADMIN, SYS_ADMIN, SYS_RESOURCE
from provisioner.preflight.finding import Finding, Subject, failed, passed, warned
from provisioner.preflight.privilege import way_to_root

LITTLE_MEMORY = 512 * 2**20
SKEW_NOTICED, SKEW_FATAL = 30, 300
"""Seconds. Certificates and Release files are refused for being from the future; k0sctl warns from 30 s too."""

LIMIT_OF_INIT_SCRIPT = 1_048_576
"""`ulimit -n` in the init script of docker-ce and docker.io (moby contrib/init/sysvinit-debian)."""


def memory(subject: Subject) -> Iterator[Finding]:
    size = subject.facts.memory
    if size:
        said = f"{size / 2**20:.0f} MiB"
        yield (
            passed("memory", said) if size >= LITTLE_MEMORY else warned("memory", f"{said}; 512 MiB is little already")
        )


def clock(subject: Subject) -> Iterator[Finding]:
    skew = subject.facts.clock_skew
    if skew is None:
        return
    said = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this controller"
    way_out = "set the clock: timedatectl set-ntp true, chronyc makestep, or date -s"
    if abs(skew) > SKEW_FATAL:
        yield failed("clock", f"{said}: TLS and package signatures would be refused", way_out, "install")
    elif abs(skew) > SKEW_NOTICED:
        yield warned("clock", said, way_out)
    else:
        yield passed("clock", "agrees with this controller")


def privileges(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    if facts.as_root:
        yield passed(
            "privileges", "root" if facts.login.is_root else f"{facts.login.name} becomes root by {facts.login.method}"
        )
    else:
        yield failed(
            "privileges",
            f"{facts.login.name} cannot become root: {facts.login.sudo_message or facts.login.sudo}; some facts are "
            "missing",
            way_to_root(facts),
            "always",
        )


def virtualization(subject: Subject) -> Iterator[Finding]:
    facts, support = subject.facts, subject.facts.kernel_support
    kind = facts.virtualization
    lacks = [name for name, bit in (("CAP_SYS_ADMIN", SYS_ADMIN), ("CAP_NET_ADMIN", NET_ADMIN)) if not support.may(bit)]
    if facts.as_root and lacks and not subject.healthy:
        yield failed(
            "virtualization",
            f"root has no {' and '.join(lacks)} here{f' ({kind})' if kind else ''}: dockerd cannot start",
            "LXC: set security.nesting=true (Proxmox: features: nesting=1,keyctl=1); container: run it with these "
            "capabilities",
            "start",
        )
    elif kind == "wsl" and facts.kernel_version < (4, 19):
        yield failed(
            "virtualization", "WSL 1 has no Linux kernel", "wsl --set-version DISTRIBUTION 2", "start", unsupported=True
        )
    elif kind == "wsl" and facts.init == "none":
        yield warned(
            "virtualization",
            "WSL 2 without systemd: nothing starts the engine again",
            "[boot] systemd=true in /etc/wsl.conf, then wsl --shutdown; or use Docker Desktop",
        )
    elif kind == "openvz":
        yield warned("virtualization", "OpenVZ: engines work only where the provider allows bridge and netfilter")
    elif kind.startswith("lxc") and support.user_namespace and not subject.healthy:
        yield warned(
            "virtualization",
            "an unprivileged LXC container: it needs nesting and keyctl",
            "Proxmox: features: nesting=1,keyctl=1; LXD: security.nesting=true",
        )
    else:
        yield passed("virtualization", kind or "none seen")


def services(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    masked = [name for name, unit in facts.units.items() if "masked" in {unit.load_state, unit.unit_file_state}]
    if masked:
        yield warned("services", f"{', '.join(masked)} is masked", "apply unmasks it; somebody may have had a reason")
    elif facts.init == "none":
        yield warned("services", "there is no init system: nothing restarts the engine after a reboot")
    else:
        yield passed("services", facts.init)


def open_files(subject: Subject) -> Iterator[Finding]:
    limit, facts = subject.facts.kernel_support.open_files, subject.facts
    if limit is None or facts.init == "systemd":
        return
    needed = LIMIT_OF_INIT_SCRIPT if facts.init in {"sysvinit", "upstart"} else 4096
    if limit < needed and not facts.kernel_support.may(SYS_RESOURCE):
        yield warned(
            "open files",
            f"root's hard limit is {limit} and cannot be raised here; the service wants {needed}",
            "raise the limit where this host is started; the engine's init script ends at its ulimit line otherwise",
        )
    else:
        yield passed("open files", f"hard limit {limit}")


def accounts(subject: Subject) -> Iterator[Finding]:
    facts, login = subject.facts, subject.facts.login
    members = facts.docker_group or ()
    outside = [user for user in subject.spec.users if user not in members]
    missing = [user for user in outside if facts.users and user not in facts.users]
    if outside and facts.group_elsewhere:
        said = f"the group docker comes from a directory, and {', '.join(outside)} is no member"
        yield failed("accounts", said, "make them members there, or leave out --docker-user", "apply")
    elif missing:
        yield failed(
            "accounts", f"there is no user {', '.join(missing)} here", "create it, or correct --docker-user", "apply"
        )
    elif login.name in members and "docker" not in login.groups:
        yield warned("accounts", f"{login.name} is in group docker, but not in this session", "log in again")
    elif facts.docker_group:
        yield passed("accounts", f"may use docker, as good as root: {', '.join(facts.docker_group)}")


def other_runs(subject: Subject) -> Iterator[Finding]:
    if run := subject.facts.in_progress:
        yield warned("other runs", f"this host is being changed: {run.holder}", "wait until that has ended")


CHECKS = (memory, clock, privileges, virtualization, services, open_files, accounts, other_runs)
