"""The answer of templates/facts.sh -> Facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, get_args

from provisioner.errors import FactsError
from provisioner.facts.digest import digest
from provisioner.facts.engine import engine
from provisioner.facts.files import host_files
from provisioner.facts.frames import frames
from provisioner.facts.journal import host_journal
from provisioner.facts.kernel_support import kernel_support
from provisioner.facts.login import login
from provisioner.facts.model import Facts, Init, PackageManager, RunInProgress
from provisioner.facts.network import network
from provisioner.facts.os_release import FILES, operating_system
from provisioner.facts.other_engines import other_engines
from provisioner.facts.package_state import package_state
from provisioner.facts.record import record
from provisioner.facts.storage import disk_free, storage
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.lines import lines
from provisioner.host_files.systemd_unit import Unit

REQUIRED = ("login", "uname", "init", "package-manager", "dockerd", "config-path")


def parse(text: str, nonce: str) -> Facts:
    """Return the facts in a complete answer.

    Raises:
        FactsError: a frame is missing, unknown in form or cut off; the message names it.
        FileChangedError: see `host_files`; another answer may do.
    """
    answer = frames(text, nonce)
    single: dict[str, str] = {frame.name: frame.body for frame in answer}
    for name in REQUIRED:
        if name not in single:
            raise FactsError(f"the answer lacks its frame {name!r}")
    if not any(name in single for name in FILES):
        raise FactsError(
            "the host has none of /etc/os-release, lsb-release, redhat-release, debian_version",
            hint="this does not look like a Linux distribution that Docker Engine is packaged for",
        )
    hostname, kernel, arch = _words("uname", single["uname"], 3)
    files = tuple(dict.fromkeys(host_files(answer)))
    by_path = {path: file for file in files for path in (file.path, file.asked) if path}
    config_path = single["config-path"].strip()
    installed = engine(single, config_path, answer)
    certificates = single.get("certificates", "/etc/docker/certs.d").strip()
    return Facts(
        os=operating_system(single),
        arch=arch,
        package_arch=single.get("package-arch", arch).strip(),
        kernel=kernel,
        init=_one_of("init", single["init"], Init),
        hostname=hostname,
        login=login(single["login"]),
        package_manager=_one_of("package-manager", single["package-manager"], PackageManager),
        packages={name: version for name, version, state in _packages(single) if state[1:2] in {"i", "W", "t"}},
        half_configured=_half_configured(single),
        leftover_configuration=tuple(name for name, _, state in _packages(single) if state[1:2] == "c"),
        held=_held(single),
        rpm_keys=tuple(re.findall(r"(?m)^gpg-pubkey\t(?:\d+:)?(\S+)\t", single.get("rpm", ""))),
        engine=replace(installed, unit=_id_of(installed.unit, single.get("units", ""))),
        units=_units(single.get("units", ""), files),
        starts_at_boot="starts-at-boot" in single,
        daemon_json=by_path.get(config_path),
        options_file=by_path.get("/etc/default/docker"),
        manager_environment=frozenset(re.findall(r"(?m)^(\w+)=", single.get("manager-environment", ""))),
        sysconfig_files=_environment_files(single.get("units", ""), files),
        source_files=tuple(file for file in files if _is_source(file.asked or file.path)),
        binary_keys=tuple(frame.body for frame in answer if frame.name == "binary-key"),
        odd_files=tuple(frame.body for frame in answer if frame.name == "odd-file"),
        package_lists=int(single.get("package-lists", "0") or 0),
        ca_certificates="ca-certificates" in single,
        docker_group=_group(single.get("docker-group", "")),
        users=frozenset(single.get("users", "").split())
        | frozenset(filter(None, single.get("directory-users", "").split("\n"))),
        group_elsewhere=bool(single.get("docker-group-elsewhere", "").strip()),
        snap="snap" in single,
        virtualization=single.get("virtualization", "").replace("none", "").strip(),
        hardware=single.get("hardware", "").strip(),
        selinux={"1": "enforcing", "0": "permissive"}.get(single.get("selinux", "").strip(), ""),
        cgroup=single.get("cgroup", ""),
        apparmor=single.get("apparmor", "").strip() == "Y",
        disk_free=disk_free(single.get("disk", "")),
        memory=int(single.get("memory", "0") or 0) * 1024,
        clock=int(single.get("clock", "0") or 0),
        in_progress=RunInProgress(single["in-progress"].strip()) if "in-progress" in single else None,
        user_namespaces=int(single.get("user-namespaces", "0") or 0),
        kernel_support=kernel_support(single),
        storage=storage(single),
        network=network(single),
        package_state=package_state(single),
        registry_hosts=_below(files, certificates, "/hosts.toml"),
        registry_cas=_below(files, certificates, "/ca.crt"),
        other_engines=other_engines(answer, files),
        record=record(single, answer),
        journal=host_journal(answer),
        digest=digest(answer),
    )


def _words(frame: str, body: str, count: int) -> list[str]:
    words = body.split()
    if len(words) != count:
        raise FactsError(f"the answer's frame {frame!r} holds {body!r} instead of {count} words")
    return words


def _one_of(frame: str, body: str, literal: Any) -> Any:
    value = body.strip()
    if value not in get_args(literal):
        raise FactsError(f"the answer's frame {frame!r} holds {value!r}")
    return value


def _packages(single: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
    """(name, version, dpkg's status letters) of the packages we asked for; rpm lines are already `ii`."""
    for line in lines(single.get("dpkg") or single.get("rpm") or ""):
        fields = line.split("\t")
        if len(fields) == 3 and fields[1] and fields[0] != "gpg-pubkey":
            yield fields[0], fields[1].removeprefix("0:"), fields[2]


def _half_configured(single: Mapping[str, str]) -> tuple[str, ...]:
    """What dpkg says so of, and what rpm has in two versions since a transaction broke off."""
    rows = list(_packages(single))
    count = Counter(name for name, _, _ in rows if not single.get("dpkg"))
    return tuple(dict.fromkeys(name for name, _, state in rows if state[1:2] in {"U", "F", "H"} or count[name] > 1))


def _held(single: Mapping[str, str]) -> frozenset[str]:
    """Packages that dpkg holds, or that a line of yum's, dnf's or dnf5's versionlock names."""
    locks = single.get("version-locks", "")
    named = {name: rf"(?m)^(?:\d+:)?{re.escape(name)}-\d|\"{re.escape(name)}\"" for name, _, _ in _packages(single)}
    return frozenset(
        name
        for name, _, state in _packages(single)
        if state.startswith("h") or (locks and re.search(named[name], locks))
    )


def _is_source(path: str) -> bool:
    return path.startswith(("/etc/apt/", "/usr/share/keyrings/", "/etc/yum.repos.d/", "/etc/pki/rpm-gpg/"))


def _below(files: tuple[HostFile, ...], folder: str, name: str) -> tuple[HostFile, ...]:
    found = ((file, file.asked or file.path) for file in files)
    return tuple(file for file, path in found if path.startswith(f"{folder}/") and path.endswith(name))


def _environment_files(units: str, files: tuple[HostFile, ...]) -> tuple[HostFile, ...]:
    """/etc/sysconfig/docker and its like, and what units name, by patterns too, besides /etc/default/docker."""
    named = re.findall(r"(?m)^EnvironmentFiles=(.*?)(?: \(.*)?$", units)
    found = ((file, file.asked or file.path) for file in files)
    return tuple(
        file
        for file, path in found
        if path != "/etc/default/docker"
        and (path.startswith(("/etc/sysconfig/", "/etc/conf.d/")) or any(fnmatchcase(path, name) for name in named))
    )


def _unit_values(body: str) -> Iterator[dict[str, str]]:
    """What `systemctl show` said of each unit; of a property that stands on several lines the last."""
    for block in body.strip().split("\n\n"):
        values = dict(line.partition("=")[::2] for line in lines(block))
        if "Id" in values:
            yield values


def _id_of(unit: str, body: str) -> str:
    """The name of the unit that `unit` is an alias of, or `unit` itself."""
    return next((values["Id"] for values in _unit_values(body) if unit in values.get("Names", "").split()), unit)


def _units(body: str, files: tuple[HostFile, ...]) -> dict[str, Unit]:
    units = {}
    for values in _unit_values(body):
        paths = (values.get("FragmentPath", "") + " " + values.get("DropInPaths", "")).split()
        units[values["Id"]] = Unit(
            name=values["Id"],
            load_state=values.get("LoadState", ""),
            active_state=values.get("ActiveState", ""),
            unit_file_state=values.get("UnitFileState", ""),
            needs_reload=values.get("NeedDaemonReload") == "yes",
            result=values.get("Result", ""),
            arguments="".join(re.findall(r"argv\[\]=(.*?) ; ", values.get("ExecStart", ""))[:1]),
            files=tuple(file for file in files if _of_unit(file, values["Id"], paths)),
        )
    return units


def _of_unit(file: HostFile, unit: str, paths: list[str]) -> bool:
    path = file.asked or file.path
    return path in paths or path.startswith(f"/etc/systemd/system/{unit}.d/")


def _group(body: str) -> tuple[str, ...] | None:
    fields = body.strip().split(":")
    if len(fields) < 4:
        return None
    return tuple(filter(None, fields[3].split(",")))
