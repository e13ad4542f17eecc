"""Arguments -> hosts to work on."""

from __future__ import annotations

import getpass
import re
from typing import Any

from pydantic import ValidationError

from provisioner.errors import UsageError
from provisioner.pipeline import Target
from provisioner.spec import Spec
from provisioner.transports.local import LocalTransport
from provisioner.transports.ssh import SSHOptions, SSHTransport

TARGET = re.compile(r"(?:(?P<user>[^@]+)@)?(?:\[(?P<six>[0-9a-fA-F:%.]+)\]|(?P<host>[^@:\[\]]+))(?::(?P<port>\d+))?")


def spec(**wanted: Any) -> Spec:
    """Validate the wanted state before any host is contacted."""
    try:
        return Spec(**wanted)
    except ValidationError as cause:
        problems = "\n".join(
            (".".join(map(str, error["loc"])) + ": " if error["loc"] else "")
            + error["msg"].removeprefix("Value error, ")
            for error in cause.errors()
        )
        raise UsageError(problems, hint="nothing was contacted or changed") from cause


def targets(
    names: list[str] | None,
    wanted: Spec,
    *,
    user: str | None,
    port: int | None,
    private_key: str | None,
    ask_pass: bool,
    ask_become_pass: bool,
    known_hosts: str | None,
    accept_new: bool,
    ssh_config: str | None,
    jump: str | None,
    timeout: float,
) -> list[Target]:
    """Return the hosts of the command line; this machine when it names none."""
    password = getpass.getpass("SSH password: ") if ask_pass else None
    become = getpass.getpass("sudo password: ") if ask_become_pass else None
    if not names or names == ["localhost"]:
        return [Target(LocalTransport(), wanted, become)]
    found = []
    for name in dict.fromkeys(names):
        match = TARGET.fullmatch(name)
        if not match:
            raise UsageError(f"{name!r} is not a target", hint="write [user@]host[:port], IPv6 as [::1]:22")
        options = SSHOptions(
            host=match["six"] or match["host"],
            user=match["user"] or user,
            port=int(match["port"]) if match["port"] else port,
            key_files=(private_key,) if private_key else (),
            password=password,
            known_hosts=known_hosts,
            accept_new=accept_new,
            ssh_config=ssh_config,
            jump=jump,
            timeout=timeout,
        )
        found.append(Target(SSHTransport(options, name), wanted, become))
    return found
