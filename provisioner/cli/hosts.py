"""Arguments -> hosts to work on."""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer
from pydantic import ValidationError

from provisioner.cli.options import Connection
from provisioner.errors import UsageError
from provisioner.runs.target import Target
from provisioner.transports.base import Transport
from provisioner.transports.local import LocalTransport
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.wanted.spec import Spec

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
    connection: Connection,
    wanted: Mapping[str, Any] | None = None,
    *,
    only_said: bool = False,
) -> list[Target]:
    """Return the hosts of the command line or of the inventory; this machine when neither names any.

    What is `wanted` goes on top of what the inventory says of a host; with `only_said` the inventory's wanted
    state is left out. With an inventory, `names` narrow it as --limit does.

    Raises:
        UsageError: a name, the inventory or the wanted state is not valid; no host has been contacted.
    """
    said = dict(wanted or {})
    state = spec(**said)
    if connection.inventory:
        return _of_inventory(names or [], connection, said, only_said=only_said)
    if connection.limit:
        raise UsageError("-l/--limit narrows an inventory, and there is none", hint="name one with -i/--inventory FILE")
    password, become = _passwords(connection)
    if not names or names == ["localhost"]:
        return [Target(LocalTransport(), state, become)]
    return [
        Target(_transport(name, _place(name), connection, password), state, become) for name in dict.fromkeys(names)
    ]


def _of_inventory(names: list[str], connection: Connection, said: dict[str, Any], *, only_said: bool) -> list[Target]:
    from provisioner.inventory import load, spec_of

    supplied = {
        name
        for name, given in (
            ("user", connection.user),
            ("port", connection.port),
            ("key_file", connection.private_key),
            ("password", connection.ask_pass),
            ("become_password", connection.ask_become_pass),
            ("jump", connection.jump),
        )
        if given
    }
    inventory = load(str(connection.inventory))
    limit = ",".join(names) + (f":&{connection.limit}" if names and connection.limit else connection.limit or "")
    hosts = inventory.hosts(limit or None, supplied=supplied)
    if not hosts:
        raise UsageError(f"{connection.inventory} names no hosts", hint="nothing was contacted or changed")
    states = [spec(**said) if only_said else spec_of(host, said) for host in hosts]
    for warning in dict.fromkeys([*inventory.warnings, *(warning for host in hosts for warning in host.warnings)]):
        typer.echo(f"warning: {warning}", err=True)
    password, become = _passwords(connection)
    found = []
    for host, state in zip(hosts, states, strict=True):
        if host.local:
            transport: Transport = LocalTransport(host.name)
        else:
            place = _Place(host.address, host.user, host.port, host.key_file, host.jump)
            transport = _transport(host.name, place, connection, password or host.password)
        found.append(Target(transport, state, become or host.become_password))
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a host is and how one logs in, as far as it was said with the host."""

    host: str
    user: str | None = None
    port: int | None = None
    key_file: str | None = None
    jump: str | None = None


def _place(name: str) -> _Place:
    match = TARGET.fullmatch(name)
    if not match:
        raise UsageError(f"{name!r} is not a target", hint="write [user@]host[:port], IPv6 as [::1]:22")
    return _Place(match["six"] or match["host"], match["user"], int(match["port"]) if match["port"] else None)


def _transport(name: str, place: _Place, connection: Connection, password: str | None) -> SSHTransport:
    key_file = connection.private_key or place.key_file
    options = SSHOptions(
        host=place.host,
        user=place.user or connection.user,
        port=place.port or connection.port,
        key_files=(key_file,) if key_file else (),
        password=password,
        known_hosts=connection.known_hosts,
        accept_new=connection.accept_new,
        ssh_config=connection.ssh_config,
        jump=connection.jump or place.jump,
        timeout=connection.timeout,
    )
    return SSHTransport(options, name)


def _passwords(connection: Connection) -> tuple[str | None, str | None]:
    """The passwords that were asked to be asked for: of the login, of sudo."""
    password = getpass.getpass("SSH password: ") if connection.ask_pass else None
    become = getpass.getpass("sudo password: ") if connection.ask_become_pass else None
    return password, become
