"""The package manager, and other engines that are in the way."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalogue.packages import holdable
from provisioner.preflight.finding import Finding, Subject, failed, passed, warned
from provisioner.sources.leftovers import leftovers
from provisioner.sources.reach import APT_SOURCES
from provisioner.wanted.strategies import takes_dockers_builds


def snap(subject: Subject) -> Iterator[Finding]:
    if subject.facts.snap:
        yield failed(
            "snap",
            "Docker is installed as a snap here, which keeps another configuration and would fight over the socket",
            "`snap remove docker` first (its images go with it), then run it again; mirror commands work with the snap",
            "apply",
            unsupported=True,
        )


def podman(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    removed = subject.platform.conflicts if subject.platform else ()
    if "podman-docker" in facts.packages and "podman-docker" not in removed:
        yield failed(
            "podman",
            "the command docker belongs to podman-docker, which docker-ce-cli cannot replace",
            f"{'apt-get' if facts.package_manager == 'apt' else facts.package_manager} remove podman-docker",
            "install",
        )
    elif facts.package_state.client_is_podman and "podman-docker" not in facts.packages:
        yield warned(
            "podman",
            f"{facts.engine.client} is podman under another name; it may stay before the real one on PATH",
            f"remove {facts.engine.client}",
        )


def conflicts(subject: Subject) -> Iterator[Finding]:
    facts, platform = subject.facts, subject.platform
    if not subject.installs or platform is None:
        return
    names = [name for name in platform.conflicts if name in facts.packages]
    if names:
        yield warned("conflicts", f"{', '.join(names)}: docker-ce replaces them; images, containers and volumes stay")


def kubernetes(subject: Subject) -> Iterator[Finding]:
    if subject.facts.package_state.kubernetes_node and subject.installs:
        yield warned(
            "Kubernetes",
            "this is a Kubernetes node: containerd.io replaces its containerd, with a configuration that turns CRI off",
            "drain the node first; afterwards remove cri from disabled_plugins in /etc/containerd/config.toml",
        )


def unfinished(subject: Subject) -> Iterator[Finding]:
    state = subject.facts.package_state
    names = list(dict.fromkeys([*subject.facts.half_configured, *state.broken]))
    if state.interrupted or names:
        what = ", ".join(names[:8]) or "an interrupted run"
        if subject.facts.package_manager == "apt":
            yield warned(
                "unfinished packages", f"dpkg left half done: {what}", "apply finishes it: dpkg --configure -a"
            )
        else:
            way_out = "apply finishes it" if names else "yum-complete-transaction --cleanup-only"
            yield warned("unfinished packages", f"a transaction left half done: {what}", way_out)


def apt_works(subject: Subject) -> Iterator[Finding]:
    """What keeps apt from doing anything stops an installation, unless apply mends it."""
    state = subject.facts.package_state
    if not state.apt_problems:
        return
    said, files = "; ".join(state.apt_problems), " and ".join(state.apt_files)
    rewritten, removed = leftovers(subject.facts, APT_SOURCES[1])
    if state.apt_files and {*state.apt_files} & {*rewritten, *removed, *APT_SOURCES}:
        yield warned("apt", f"{said}: {files}", "apply takes out what is not its own")
    elif files:
        way_out = f"leave one of {files}: mv {state.apt_files[0]} {state.apt_files[0]}.off, then apt-get update"
        yield failed("apt", f"apt does nothing: {said}", way_out, "install")
    else:
        yield failed("apt", f"apt does nothing: {said}", "apt-get update tells whether it is mended", "install")


def rpm_works(subject: Subject) -> Iterator[Finding]:
    if problems := subject.facts.package_state.rpm_problems:
        said = "; ".join(problems)
        way_out = "rpm --rebuilddb mends it; afterwards rpm -qa names all that is installed"
        yield failed("rpm", f"the database of rpm cannot be read: {said}", way_out, "install")


def as_it_is_told(subject: Subject) -> Iterator[Finding]:
    """Settings with which nothing would be installed, whatever is said on a command line."""
    facts = subject.facts
    if facts.package_manager == "apt":
        place, find = "apt's configuration", "grep -rn {} /etc/apt/apt.conf /etc/apt/apt.conf.d names the file"
    else:
        place, find = (
            f"the configuration of {facts.package_manager}",
            "grep -n {} /etc/dnf/dnf.conf /etc/yum.conf names it",
        )
    for setting, effect in facts.package_state.other_settings:
        word = setting.replace("=", " ").split()[0].rpartition("::")[2]
        yield failed(
            "settings", f"{place} has {setting}: {effect}", f"take it out: {find.format('-i ' + word)}", "install"
        )


def keys_are_read(subject: Subject) -> Iterator[Finding]:
    """The account with which apt checks signatures must be able to read the key that a package source brings."""
    closed = subject.facts.package_state.closed_folders
    if closed and subject.installs and takes_dockers_builds(subject.spec.strategy):
        said = f"apt's account _apt cannot go through {' and '.join(closed)}, so it could not read the key of a source"
        yield failed("keys", said, f"open it as it comes with apt: chmod o+x {' '.join(closed)}", "install")


def authorities(subject: Subject) -> Iterator[Finding]:
    """A package source is reached over https, unless the one that was asked for is not."""
    facts = subject.facts
    if facts.ca_certificates or not subject.installs or subject.spec.source.startswith("http://"):
        return
    if "ca-certificates" in facts.packages:
        again = "update-ca-certificates --fresh" if facts.package_manager == "apt" else "update-ca-trust"
        said = "the package ca-certificates is installed, and its list of authorities is not there: https does not work"
        yield failed("CA certificates", said, f"make it again: {again}", "install")
    elif facts.package_manager == "apt":
        yield warned("CA certificates", "there are none", "apply installs ca-certificates first")


def temporary_files(subject: Subject) -> Iterator[Finding]:
    if place := subject.facts.package_state.no_room:
        yield failed(
            "temporary files", f"there is no room for a megabyte in {place}", f"make some: df {place}", "install"
        )


def uncommitted(subject: Subject) -> Iterator[Finding]:
    changes = subject.facts.package_state.uncommitted
    if changes is not None:
        said = ", ".join(f"/etc/{line[3:]}" for line in changes if line[3:]) or "some"
        yield failed(
            "etckeeper",
            "etckeeper is told (AVOID_COMMIT_BEFORE_INSTALL) to refuse installations while /etc has changes that are "
            f"not committed: {said}",
            "commit them first: etckeeper commit",
            "install",
        )


def held(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    if (needed := facts.package_state.held_needed) and subject.installs:
        what = "it is" if len(needed) == 1 else "they are"
        yield failed(
            "held packages",
            f"an engine needs {' and '.join(needed)} in a state that {what} not in, and {what} held",
            f"release what is held: apt-mark unhold {' '.join(needed)}",
            "install",
        )
    names = sorted(facts.held & {*holdable()}) or list(facts.package_state.version_locks)
    if not names:
        return
    if subject.installs:
        yield warned("held packages", f"{', '.join(names)} are held; apply changes them all the same")
    else:
        yield passed("held packages", ", ".join(names))


def locks(subject: Subject) -> Iterator[Finding]:
    network = subject.facts.network
    holders = [str(lock) for lock in subject.facts.package_state.locks]
    if network.cloud_init_runs:
        holders.append("cloud-init has not finished yet")
    holders += [f"{unit} runs" for unit in sorted(network.running_units - {"firewalld"} - _CLOUD_INIT)]
    if holders:
        yield warned("package lock", "; ".join(dict.fromkeys(holders)), "apply waits for it; or wait and run again")
    elif subject.facts.as_root:
        yield passed("package lock", "nobody holds one")


_CLOUD_INIT = {"cloud-init", "cloud-config", "cloud-final"}


def selinux(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    if not facts.selinux:
        return
    if "container-selinux" in facts.packages or facts.selinux != "enforcing":
        yield passed(
            "SELinux", facts.selinux + (", container-selinux" if "container-selinux" in facts.packages else "")
        )
    elif facts.engine.installed:
        yield warned("SELinux", "enforcing, without the package container-selinux", "install container-selinux")
    else:
        yield passed("SELinux", "enforcing; container-selinux comes with docker-ce, from extras or AppStream")


def apparmor(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    if not facts.apparmor:
        return
    if facts.package_state.apparmor_parser:
        yield passed("AppArmor", "enabled, with its tools")
    else:
        yield warned(
            "AppArmor",
            "enabled in the kernel, and apparmor_parser is missing: containers do not start",
            "install the package apparmor",
        )


CHECKS = (
    snap,
    podman,
    conflicts,
    kubernetes,
    unfinished,
    apt_works,
    rpm_works,
    as_it_is_told,
    keys_are_read,
    authorities,
    temporary_files,
    uncommitted,
    held,
    locks,
    selinux,
    apparmor,
)
