"""Arguments -> hosts to work on."""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from provisioner.cli.options import Connection
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


def targets(names: list[str] | None, connection: Connection, wanted: Mapping[str, Any] | None = None) -> list[Target]:
    """Return the hosts of the command line with what is `wanted` of each; this machine when it names none.

    Raises:
        UsageError: a name or the wanted state is not valid; no host has been contacted.
    """
    state = spec(**(wanted or {}))
    password = getpass.getpass("SSH password: ") if connection.ask_pass else None
    become = getpass.getpass("sudo password: ") if connection.ask_become_pass else None
    if not names or names == ["localhost"]:
        return [Target(LocalTransport(), state, become)]
    found = []
    for name in dict.fromkeys(names):
        match = TARGET.fullmatch(name)
        if not match:
            raise UsageError(f"{name!r} is not a target", hint="write [user@]host[:port], IPv6 as [::1]:22")
        options = SSHOptions(
            host=match["six"] or match["host"],
            user=match["user"] or connection.user,
            port=int(match["port"]) if match["port"] else connection.port,
            key_files=(connection.private_key,) if connection.private_key else (),
            password=password,
            known_hosts=connection.known_hosts,
            accept_new=connection.accept_new,
            ssh_config=connection.ssh_config,
            jump=connection.jump,
            timeout=connection.timeout,
        )
        found.append(Target(SSHTransport(options, name), state, become))
    return found
