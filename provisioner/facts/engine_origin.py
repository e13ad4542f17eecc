"""Where an engine comes from: the package that brought it or none, and what starts it."""

from __future__ import annotations

from provisioner.facts.model import Facts

STATIC = "dockerd docker docker-init docker-proxy containerd containerd-shim-runc-v2 ctr runc"
"""The programs of Docker's archive of static binaries (28.5.2)."""


def origin(facts: Facts) -> str:
    """Return a phrase for people: its program, what brought it, what starts it; "" where there is no engine."""
    engine = facts.engine
    if not engine.installed:
        return ""
    if engine.snap:
        return f"{engine.dockerd}, a snap"
    brought = "" if engine.package is None else f", package {engine.package}" if engine.package else ", from no package"
    if engine.by_hand:
        return f"{engine.dockerd}{brought}, pid {engine.pid} was not started by {engine.unit}"
    unit = unit_file(facts)
    return f"{engine.dockerd}{brought}" + (f", started by {unit}" if unit else "")


def unit_file(facts: Facts) -> str:
    """Return the path of the unit of systemd that starts the engine; "" where there is none."""
    unit = facts.engine_unit
    paths = [file.asked or file.path for file in unit.files] if unit else []
    return next((path for path in paths if ".d/" not in path), "")


def way_to_a_package(facts: Facts) -> str:
    """Return the commands that take away an engine which no package brought; its images and volumes stay."""
    engine, folder = facts.engine, facts.engine.dockerd.rpartition("/")[0] or "/usr/local/bin"
    commands = [
        *([f"systemctl disable --now docker.socket {engine.unit}"] if facts.init == "systemd" else []),
        *([f"kill {engine.pid}"] if engine.running and (facts.init != "systemd" or engine.by_hand) else []),
        f"mkdir -p /root/docker-before && cd {folder} && mv {STATIC} /root/docker-before/",
    ]
    unit = unit_file(facts)
    if unit.startswith("/etc/"):
        commands.append(f"mv {unit} /root/docker-before/; systemctl daemon-reload")
    return "; ".join(commands)
