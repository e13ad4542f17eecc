"""Commands that people type on a host."""

from __future__ import annotations

from provisioner.facts.model import Init


def restart_command(init: Init, service: str) -> str:
    """Return the command that restarts a service."""
    commands = {"systemd": f"systemctl restart {service}", "openrc": f"rc-service {service} restart"}
    return commands.get(init, f"service {service} restart")
