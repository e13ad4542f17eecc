"""What people type on a host to do what its init does."""

from __future__ import annotations

from provisioner.facts.model import Init


def restart_command(init: Init, service: str) -> str:
    """Return what restarts a service."""
    commands = {"systemd": f"systemctl restart {service}", "openrc": f"rc-service {service} restart"}
    return commands.get(init, f"service {service} restart")
