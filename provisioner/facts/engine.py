"""What the engine's programs, its process and `docker info` say -> Engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.facts.frames import Frame
from provisioner.facts.model import Engine, EngineInfo
from provisioner.facts.normal_form import ALWAYS_INSECURE
from provisioner.facts.other_dockerd import other_dockerd
from provisioner.host_files.lines import lines

PID_FILE = "/var/run/docker.pid"
UNIT = "docker.service"


def engine(single: Mapping[str, str], config_path: str, answer: Iterable[Frame] = ()) -> Engine:
    """Read the frames about the engine, by name; `answer` are all frames, of which several may have one name."""
    info, error = _info(single)
    package = single.get("dockerd-package")
    client = _version(single.get("docker-version", ""))
    if not client and info:
        client = str(_object(info.raw.get("ClientInfo")).get("Version", ""))
    if not info and "socket-gone" in single:
        error = f"the file of its socket, {single['socket-gone'].strip()}, is gone"
    elif not info and single.get("docker-info-status") == "127" and not single.get("docker", "").strip():
        error = "there is no docker client, and neither curl, python, perl nor socat that could ask instead"
    access = single.get("user-access")
    return Engine(
        dockerd=single["dockerd"].strip(),
        client=single.get("docker", "").strip(),
        client_version=client,
        pid=int(single.get("pid", "0") or 0),
        command_line=tuple(filter(None, single.get("command-line", "").split("\n"))),
        info=info,
        error=error,
        user_access="" if access is None else "ok" if access.endswith("\nstatus 0") else "denied",
        config_path=config_path,
        certificates=single.get("certificates", "/etc/docker/certs.d").strip(),
        unit=single.get("engine-unit", UNIT).strip(),
        by_hand="by-hand" in single,
        pid_file=single.get("pid-file", "").strip() or PID_FILE,
        package=None if package is None else package.strip(),
        version=_version(single.get("dockerd-version", "")),
        containers_alive=_number(single.get("containers-alive", "")),
        host=single.get("engine-host", "").strip(),
        asked=single.get("docker-info-by", "client").strip(),
        others=tuple(other_dockerd(frame.body) for frame in answer if frame.name == "other-dockerd"),
    )


def _number(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 0


def _version(said: str) -> str:
    """What a program answers to --version: Docker version 26.1.5, build a72d7cd."""
    found = re.search(r"version ([^,\s]+)", said)
    return found.group(1) if found else ""


def _info(single: Mapping[str, str]) -> tuple[EngineInfo | None, str]:
    """What the engine answered, or why it did not. A client whose daemon is silent prints an empty document (28.5)."""
    if "docker-info" not in single:
        return None, ""
    document = _json_object(single["docker-info"])
    if not document or not document.get("ServerVersion") or document.get("ServerErrors"):
        said = single.get("docker-info-errors", "").strip() or ("" if document else single["docker-info"].strip())
        errors = _list((document or {}).get("ServerErrors")) or [said[-500:]]
        silence = _silence(single.get("docker-info-status", "0"))
        return None, "; ".join(filter(None, map(str, errors))) or silence
    registries = _object(document.get("RegistryConfig"))
    running = document.get("ContainersRunning")
    return EngineInfo(
        version=str(document["ServerVersion"]),
        mirrors=tuple(url.rstrip("/") for url in _list(registries.get("Mirrors")) if isinstance(url, str)),
        insecure_registries=_insecure_registries(registries),
        containers_running=running if isinstance(running, int) else 0,
        live_restore=bool(document.get("LiveRestoreEnabled")),
        storage_driver=str(document.get("Driver", "")),
        containerd_store=any("io.containerd.snapshotter" in str(row) for row in _list(document.get("DriverStatus"))),
        data_root=str(document.get("DockerRootDir", "")),
        debug=bool(document.get("Debug")),
        warnings=tuple(map(str, _list(document.get("Warnings")))),
        raw=document,
    ), ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _silence(status: str) -> str:
    ended = (
        "does not answer: no word within 20 s" if status.strip() in {"124", "137", "143"} else f"ended with {status}"
    )
    return f"docker info {ended}"


def _json_object(body: str) -> dict[str, Any] | None:
    """The object on the last line that holds one; the client may print warnings before it."""
    for line in reversed(lines(body)):
        if line.startswith("{"):
            try:
                document = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(document, dict):
                return document
    return None


def _insecure_registries(registries: Mapping[str, Any]) -> tuple[str, ...]:
    """The configured ones, without the loopback ranges that every engine adds by itself."""
    ranges = [net for net in _list(registries.get("InsecureRegistryCIDRs")) if isinstance(net, str)]
    indexes = _object(registries.get("IndexConfigs"))
    hosts = [name for name, index in indexes.items() if not _object(index).get("Secure", True)]
    return tuple(sorted([*hosts, *(net for net in ranges if net not in ALWAYS_INSECURE)]))
