"""What keeps a package manager from working, or from being left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.facts.apt_pins import Pin, apt_pins
from provisioner.facts.dependencies import Dependency, dependencies
from provisioner.facts.other_settings import other_settings
from provisioner.facts.package_ways import Way, package_ways
from provisioner.facts.rpm_excludes import Exclude, rpm_excludes
from provisioner.host_files.lines import lines


@dataclass(frozen=True, slots=True)
class PackageLock:
    """A lock and the process that holds it now."""

    path: str
    pid: int
    command: str

    def __str__(self) -> str:
        return f"{self.command.strip()[:60] or 'a process'} (pid {self.pid}) holds {self.path}"


@dataclass(frozen=True, slots=True)
class PackageState:
    """`version_locks` are lines of dnf's versionlock that name Docker. `kubernetes_node`: a kubelet is set up here.

    `client_is_podman`: the command called docker is podman's. `interrupted`: a run of dpkg or yum broke off; `broken`
    are packages that dpkg left half done. `sourceless`: no package source is set up that could have docker-ce;
    `missing_keys` are files that package sources name as keys and that are not there. `uncommitted` are changes in
    /etc, as git tells them, for the sake of which etckeeper refuses installations; None when it refuses none.
    `apt_problems` are the errors with which apt does nothing at all, `apt_files` those of its sources that they name;
    `no_room` is the directory for temporary files when there is none in it for a megabyte. `pins` are those of apt, in
    its order and only where one of them forbids something; `excludes` those of dnf or yum. `rpm_problems` are the
    errors with which rpm reads its database. `held_needed` are held packages of others that would have to change for an
    engine; `ways` lead to where packages come from, and are told where a proxy is set. `other_settings` are those that
    keep the package manager from doing what it is asked for, with what they do; `closed_folders` those on the way to
    the keys of sources that apt's account cannot go through.
    """

    locks: tuple[PackageLock, ...] = ()
    interrupted: bool = False
    broken: tuple[str, ...] = ()
    version_locks: tuple[str, ...] = ()
    kubernetes_node: bool = False
    apparmor_parser: bool = False
    client_is_podman: bool = False
    dependencies: tuple[Dependency, ...] = ()
    sourceless: bool = False
    missing_keys: tuple[str, ...] = ()
    uncommitted: tuple[str, ...] | None = None
    apt_problems: tuple[str, ...] = ()
    apt_files: tuple[str, ...] = ()
    no_room: str = ""
    pins: tuple[Pin, ...] = ()
    excludes: tuple[Exclude, ...] = ()
    rpm_problems: tuple[str, ...] = ()
    held_needed: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    other_settings: tuple[tuple[str, str], ...] = ()
    closed_folders: tuple[str, ...] = ()


def package_state(single: Mapping[str, str]) -> PackageState:
    """Read the frames by name."""
    locks = [line.split("\t") for line in lines(single.get("package-locks", ""))]
    return PackageState(
        locks=tuple(PackageLock(row[0], int(row[1]), row[2]) for row in locks if len(row) == 3 and row[1].isdecimal()),
        interrupted=bool({"dpkg-interrupted", "yum-interrupted"} & single.keys()),
        broken=tuple(dict.fromkeys(single.get("broken-packages", "").replace("Package: ", "").split())),
        version_locks=tuple(filter(None, map(str.strip, lines(single.get("version-locks", ""))))),
        kubernetes_node="kubelet" in single,
        apparmor_parser="apparmor-parser" in single,
        client_is_podman="podman" in single.get("docker-version", "").lower(),
        dependencies=dependencies(single),
        sourceless="no-source" in single,
        missing_keys=tuple(filter(None, lines(single.get("missing-keys", "")))),
        uncommitted=tuple(lines(single["etckeeper"])) if "etckeeper" in single else None,
        apt_problems=tuple(line.removeprefix("E: ") for line in lines(single.get("apt-problems", ""))),
        apt_files=tuple(filter(None, lines(single.get("apt-files", "")))),
        no_room=single.get("no-room", "").strip(),
        pins=apt_pins(single.get("preferences", "")),
        rpm_problems=tuple(line.removeprefix("error: ") for line in lines(single.get("rpm-problems", ""))),
        excludes=rpm_excludes(single.get("excludes", "")),
        held_needed=tuple(single.get("held-needed", "").split()),
        ways=package_ways(single.get("ways", "")),
        other_settings=other_settings(single.get("other-settings", "")),
        closed_folders=tuple(single.get("closed-folders", "").split()),
    )
