"""What the engine's programs, its process and `docker info` say -> Engine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from provisioner.facts.model import Engine, EngineInfo


def engine(single: Mapping[str, str], config_path: str) -> Engine:
    info, error = _info(single.get("docker-info"), single.get("docker-info-status", "0"))
    client_version = re.search(r"version ([^,\s]+)", single.get("docker-version", ""))
    if client_version:
        client = client_version.group(1)
    else:
        client = str((info.raw.get("ClientInfo") or {}).get("Version", "")) if info else ""
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
    )


def _info(body: str | None, status: str) -> tuple[EngineInfo | None, str]:
    if body is None:
        return None, ""
    document = _json_object(body)
    if not document or not document.get("ServerVersion") or document.get("ServerErrors"):
        errors = (document or {}).get("ServerErrors") or [body.strip()[-500:] or _silence(status)]
        return None, "; ".join(map(str, errors))
    registries = document.get("RegistryConfig") or {}
    return EngineInfo(
        version=str(document["ServerVersion"]),
        mirrors=tuple(url.rstrip("/") for url in registries.get("Mirrors") or ()),
        insecure_registries=_insecure_registries(registries),
        containers_running=int(document.get("ContainersRunning") or 0),
        live_restore=bool(document.get("LiveRestoreEnabled")),
        storage_driver=str(document.get("Driver", "")),
        containerd_store=any("io.containerd.snapshotter" in str(row) for row in document.get("DriverStatus") or ()),
        data_root=str(document.get("DockerRootDir", "")),
        debug=bool(document.get("Debug")),
        warnings=tuple(map(str, document.get("Warnings") or ())),
        raw=document,
    ), ""


def _silence(status: str) -> str:
    ended = (
        "does not answer: no word within 20 s" if status.strip() in {"124", "137", "143"} else f"ended with {status}"
    )
    return f"docker info {ended}"


def _json_object(body: str) -> dict[str, Any] | None:
    """The object on the last line that holds one; the client may print warnings before it."""
    for line in reversed(body.splitlines()):
        if line.startswith("{"):
            try:
                document = json.loads(line)
            except ValueError:
                continue
            if isinstance(document, dict):
                return document
    return None


def _insecure_registries(registries: Mapping[str, Any]) -> tuple[str, ...]:
    """The configured ones, without the loopback ranges that every engine adds by itself."""
    ranges = [net for net in registries.get("InsecureRegistryCIDRs") or () if net not in {"127.0.0.0/8", "::1/128"}]
    indexes = registries.get("IndexConfigs") or {}
    hosts = [name for name, index in indexes.items() if index and not index.get("Secure", True)]
    return tuple(sorted([*hosts, *ranges]))
