"""Ansible's variables of one host -> how to reach it and what it shall become."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.errors import UsageError
from provisioner.inventory.document import Entry
from provisioner.inventory.groups import ListedHost
from provisioner.inventory.position import Position
from provisioner.inventory.ssh_args import jump_host
from provisioner.transports.become import METHODS, method_of

# The variables of each setting, in Ansible's order: the last one that is set wins.
ADDRESS = ("ansible_host", "ansible_ssh_host")
PORT = ("ansible_port", "ansible_ssh_port")
USER = ("ansible_user", "ansible_ssh_user")
PASSWORD = ("ansible_password", "ansible_ssh_pass", "ansible_ssh_password")
KEY_FILE = ("ansible_private_key_file", "ansible_ssh_private_key_file")
BECOME_METHOD = ("ansible_become_method",)
BECOME_PASSWORD = ("ansible_sudo_pass", "ansible_become_password", "ansible_become_pass")
OTHER_PASSWORDS = {"doas": "ansible_doas_pass", "su": "ansible_su_pass"}
"""Instead of sudo's, where that method is named."""
ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
_OF_BECOME = {
    "ansible_become": {"true", "yes", "on", "y", "1"},
    "ansible_become_user": {"root"},
    "ansible_become_exe": set(METHODS),
    "ansible_become_flags": {""},
}
"""What else Ansible knows of it, with the values that say what is done anyhow."""
_SSH = {"ssh", "smart", "paramiko", "paramiko_ssh"}


@dataclass(frozen=True, slots=True)
class InventoryHost:
    """A host of the inventory. `port`, `user`, `key_file`, `jump`: None leaves it to ~/.ssh/config.

    `wanted` are the merged `docker:` mappings, not yet validated (see spec_of); `positions` tells where they stand.
    `groups` are all groups the host is in, without `all`, the one that wins last.
    """

    name: str
    address: str
    user: str | None = None
    port: int | None = None
    key_file: str | None = None
    password: str | None = field(default=None, repr=False)
    become_password: str | None = field(default=None, repr=False)
    become_method: str = ""
    local: bool = False
    jump: str | None = None
    wanted: Mapping[str, Any] = field(default_factory=dict, repr=False)
    groups: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    positions: Mapping[tuple[str, ...], Position] = field(default_factory=dict, repr=False, compare=False)


def inventory_host(
    host: ListedHost,
    variables: Mapping[str, Entry],
    *,
    groups: tuple[str, ...],
    wanted: Mapping[str, Any],
    positions: Mapping[tuple[str, ...], Position],
    supplied: Collection[str],
) -> InventoryHost:
    """Read the variables that matter; `supplied` names fields the command line sets, which are not read.

    Raises:
        UsageError: a variable that matters is a template, encrypted, or not allowed.
    """
    warnings: list[str] = []

    def text(names: tuple[str, ...], supplies: str, *, secret: bool = False) -> str | None:
        entry = _last(variables, names)
        return None if entry is None or supplies in supplied else entry.text(secret=secret)

    shared: dict[str, Any] = {"name": host.name, "groups": groups, "wanted": wanted, "positions": positions}
    local = _is_local(variables)
    user = None if local else text(USER, "user")
    if local or user != "root":
        method = "" if "become_method" in supplied else _become_method(variables)
        first, *others = BECOME_PASSWORD
        names = (OTHER_PASSWORDS.get(method, first), *others)
        shared |= {"become_method": method, "become_password": text(names, "become_password", secret=True)}
    _warn_of_become(variables, warnings)
    if local:
        return InventoryHost(address=host.name, local=True, warnings=tuple(warnings), **shared)
    port = _last(variables, PORT)
    return InventoryHost(
        address=_address(variables, host),
        user=user,
        port=None if "port" in supplied else (port.number(1, 65535) if port else None) or host.port,
        key_file=text(KEY_FILE, "key_file"),
        password=text(PASSWORD, "password", secret=True),
        jump=None if "jump" in supplied else _jump(variables, warnings),
        warnings=tuple(warnings),
        **shared,
    )


def _last(variables: Mapping[str, Entry], names: tuple[str, ...]) -> Entry | None:
    for name in reversed(names):
        entry = variables.get(name)
        if entry is not None and not entry.is_null:
            return entry
    return None


def _address(variables: Mapping[str, Entry], host: ListedHost) -> str:
    entry = _last(variables, ADDRESS)
    address = (entry.text() if entry else None) or host.name
    if entry and (not address.strip() or any(sign in address for sign in " /@,\t\n") or address.startswith("-")):
        raise entry.error(f"{address!r} is not an address", hint="write a name, an IPv4 or an IPv6 address")
    return address[1:-1] if address.startswith("[") and address.endswith("]") else address


def _is_local(variables: Mapping[str, Entry]) -> bool:
    entry = variables.get("ansible_connection")
    connection = entry.text() if entry else None
    if entry is None or connection is None:
        return False
    name = connection.rpartition(".")[2]
    if name in _SSH or name == "local":
        return name == "local"
    close = difflib.get_close_matches(connection, [*_SSH, "local"], 1)
    raise entry.error(
        f"{connection!r} is not a connection of provisioner: ssh or local"
        + (f"; did you mean {close[0]}?" if close else ""),
        hint="leave such hosts out with -l/--limit, for instance --limit 'all,!windows'",
    )


def _become_method(variables: Mapping[str, Entry]) -> str:
    entry = _last(variables, BECOME_METHOD)
    name = entry.text() if entry else None
    if entry is None or not name:
        return ""
    try:
        return method_of(name)
    except UsageError as cause:
        raise entry.error(cause.message, hint="--become-method names another for this run") from cause


def _warn_of_become(variables: Mapping[str, Entry], warnings: list[str]) -> None:
    """Templates do no harm here: nothing but a warning comes of these variables."""
    for name, allowed in _OF_BECOME.items():
        entry = variables.get(name)
        if entry is None or entry.is_null:
            continue
        value = str(entry.node.value)
        if value.lower() not in allowed:
            warnings.append(f"{entry.position}: {value!r} is not honoured: provisioner becomes root")


def _jump(variables: Mapping[str, Entry], warnings: list[str]) -> str | None:
    jump = None
    for name in ARGUMENTS:
        entry = variables.get(name)
        arguments = entry.text() if entry else None
        if entry is None or not arguments:
            continue
        try:
            found, ignored = jump_host(arguments)
        except ValueError as cause:
            raise entry.error(f"the arguments cannot be read: {cause}") from cause
        jump = found or jump
        warnings.extend(_ignored(entry, argument) for argument in ignored)
    return jump


def _ignored(entry: Entry, argument: str) -> str:
    compact = argument.lower().replace(" ", "")
    if "stricthostkeychecking" in compact or "userknownhostsfile" in compact:
        return f"{entry.position}: {argument} is not honoured: use --accept-new or --known-hosts"
    return f"{entry.position}: {argument} is not honoured: put it in ~/.ssh/config"
