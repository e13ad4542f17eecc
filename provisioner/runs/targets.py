"""What was said of hosts -> hosts to work on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from provisioner.errors import UsageError
from provisioner.runs.shards import Shard, keys
from provisioner.runs.target import Target
from provisioner.runs.wanted_state import spec
from provisioner.transports.base import Transport
from provisioner.transports.become import method_of
from provisioner.transports.local import LocalTransport
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.wanted.spec import MIRROR_FIELDS

TARGET = re.compile(r"(?:(?P<user>.+)@)?(?:\[(?P<six>[0-9a-fA-F:%.]+)\]|(?P<host>[^@:\[\]]+))(?::(?P<port>[0-9]+))?")
LONGEST = 86_400.0
"""Seconds that a connection may take."""


class Access(Protocol):
    """Which hosts, and how one gets there. None means "not said"; `ask_...`: somebody types that password."""

    @property
    def inventory(self) -> str | None: ...
    @property
    def limit(self) -> str | None: ...
    @property
    def shard(self) -> str | None: ...
    @property
    def keep_together(self) -> str | None: ...
    @property
    def user(self) -> str | None: ...
    @property
    def port(self) -> int | None: ...
    @property
    def private_key(self) -> str | None: ...
    @property
    def ask_pass(self) -> bool: ...
    @property
    def ask_become_pass(self) -> bool: ...
    @property
    def become_method(self) -> str | None: ...
    @property
    def known_hosts(self) -> str | None: ...
    @property
    def accept_new(self) -> bool: ...
    @property
    def ssh_config(self) -> str | None: ...
    @property
    def jump(self) -> str | None: ...
    @property
    def timeout(self) -> float | None: ...


class Person(Protocol):
    """The person at the terminal."""

    def password(self, prompt: str) -> str:
        """Return the password that the person types unseen after `prompt`."""

    def warn(self, text: str) -> None:
        """Show a warning, such as what was passed over in the inventory."""


@dataclass(frozen=True, slots=True)
class _Address:
    """Where a host is and how one logs in, as far as it was said with the host."""

    host: str
    user: str | None = None
    port: int | None = None
    key_file: str | None = None
    jump: str | None = None
    become_method: str = ""


def targets(
    names: Sequence[str] | None,
    access: Access,
    wanted: Mapping[str, Any] | None = None,
    *,
    person: Person,
    only_said: bool = False,
) -> list[Target]:
    """Return the hosts that were named, or those of the inventory; this machine when neither names any. Of a shard
    those that are in it, which may be none.

    What is `wanted` goes on top of what the inventory says of a host; with `only_said` the inventory's wanted
    state is left out. With an inventory, `names` narrow it as --limit does.

    Raises:
        UsageError: a name, the inventory or the wanted state is not valid; no host has been contacted.
    """
    said = dict(wanted or {})
    state = spec(**said)
    if access.timeout is not None and not 0 < access.timeout <= LONGEST:
        raise UsageError(f"--timeout {access.timeout:g} is no time to connect in", hint="write a number of seconds")
    _method(access)
    if access.inventory:
        return _of_inventory(names or (), access, said, person, only_said=only_said)
    if access.limit:
        raise UsageError("-l/--limit narrows an inventory, and there is none", hint="name one with -i/--inventory FILE")
    if access.keep_together:
        raise UsageError("--keep-together is about groups of an inventory", hint="name one with -i/--inventory FILE")
    addresses = {name: _address(name) for name in names or ["localhost"]}
    found = [name for name, _ in of_shard([(name, ()) for name in addresses], access)]
    password, become = passwords(access, person) if found else (None, None)
    if list(addresses) == ["localhost"]:
        return [Target(LocalTransport(become_method=_method(access)), state, become) for _ in found]
    return [Target(_transport(name, addresses[name], access, password), state, become) for name in found]


def of_shard(hosts: Sequence[tuple[str, Sequence[str]]], access: Access) -> list[tuple[str, Sequence[str]]]:
    """Return those `hosts`, names with their groups, that are in the shard; all of them when there is none.

    Raises:
        UsageError: the shard is none, or hosts are to be kept together that are in no group.
    """
    if access.shard is None:
        if access.keep_together:
            raise UsageError("--keep-together says how hosts are divided", hint="divide them with --shard K/N")
        return list(hosts)
    shard = Shard.parse(access.shard)
    by = keys(dict(hosts), access.keep_together or "")
    return [(name, groups) for name, groups in hosts if shard.has(by[name])]


def mirrors_alone(target: Target) -> Target:
    """The target with that part of its wanted state which says mirrors.

    Raises:
        UsageError: the inventory says nothing about them.
    """
    state = target.spec
    if state.registry_mirrors is None and not state.other_registry_mirrors:
        raise UsageError(
            f"the inventory has no registry_mirrors for {target.name}; nothing was contacted",
            hint="write them below docker:, name URLs, or narrow the hosts with --limit",
        )
    wanted = {name: getattr(state, name) for name in MIRROR_FIELDS}
    return replace(target, spec=spec(**wanted, install=False))


def _of_inventory(
    names: Sequence[str], access: Access, said: dict[str, Any], person: Person, *, only_said: bool
) -> list[Target]:
    from provisioner.inventory import load, spec_of

    supplied = {
        name
        for name, given in (
            ("user", access.user),
            ("port", access.port),
            ("key_file", access.private_key),
            ("password", access.ask_pass),
            ("become_password", access.ask_become_pass),
            ("become_method", access.become_method),
            ("jump", access.jump),
        )
        if given
    }
    try:
        inventory = load(str(access.inventory))
    except OSError as cause:
        raise UsageError(f"{access.inventory}: {cause.strerror or cause}", hint="check -i/--inventory") from cause
    limit = ",".join(names) + (f":&{access.limit}" if names and access.limit else access.limit or "")
    hosts = inventory.hosts(limit or None, supplied=supplied)
    if not hosts:
        raise UsageError(f"{access.inventory} names no hosts", hint="nothing was contacted or changed")
    mine = {name for name, _ in of_shard([(host.name, host.groups) for host in hosts], access)}
    hosts = tuple(host for host in hosts if host.name in mine)
    states = [spec(**said) if only_said else spec_of(host, said) for host in hosts]
    for warning in dict.fromkeys([*inventory.warnings, *(warning for host in hosts for warning in host.warnings)]):
        person.warn(warning)
    password, become = passwords(access, person) if hosts else (None, None)
    found = []
    for host, state in zip(hosts, states, strict=True):
        if host.local:
            transport: Transport = LocalTransport(host.name, become_method=_method(access) or host.become_method)
        else:
            address = _Address(host.address, host.user, host.port, host.key_file, host.jump, host.become_method)
            transport = _transport(host.name, address, access, password or host.password)
        found.append(Target(transport, state, become or host.become_password))
    return found


def _address(name: str) -> _Address:
    match = TARGET.fullmatch(name)
    port = match["port"] if match else None
    if not match or (port and not (len(port) <= 5 and 1 <= int(port) <= 65535)):
        raise UsageError(f"{name!r} is not a target", hint="write [user@]host[:port], IPv6 as [::1]:22")
    return _Address(match["six"] or match["host"], match["user"], int(port) if port else None)


def _transport(name: str, address: _Address, access: Access, password: str | None) -> SSHTransport:
    key_file = access.private_key or address.key_file
    options = SSHOptions(
        host=address.host,
        user=address.user or access.user,
        port=address.port or access.port,
        key_files=(key_file,) if key_file else (),
        password=password,
        known_hosts=access.known_hosts,
        accept_new=access.accept_new,
        ssh_config=access.ssh_config,
        jump=access.jump or address.jump,
        timeout=access.timeout,
        become_method=_method(access) or address.become_method,
    )
    return SSHTransport(options, name)


def _method(access: Access) -> str:
    """The way to become root that was named, "" for none.

    Raises:
        UsageError: it is not known here.
    """
    return "" if access.become_method is None else method_of(access.become_method)


def passwords(access: Access, person: Person) -> tuple[str | None, str | None]:
    """The passwords that were asked to be asked for: of the login, and to become root."""
    password = person.password("SSH password: ") if access.ask_pass else None
    become = person.password(f"{_method(access) or 'sudo'} password: ") if access.ask_become_pass else None
    return password, become
