"""What is said about how to reach a host, and everything that is settled before it is reached."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioner.errors import UsageError
from provisioner.transports.known_hosts import host_name
from provisioner.transports.ssh_algorithms import Algorithms
from provisioner.transports.ssh_names import check_host, check_user, jump_place


@dataclass(frozen=True, slots=True)
class SSHOptions:
    """How to reach a host; None and () leave it to the SSH configuration, then to OpenSSH's defaults.

    `become_method` is no matter of SSH: how the account that logs in becomes root, "" for any way.

    Raises:
        UsageError: a name that OpenSSH would not take, or a number that is none.
    """

    host: str
    user: str | None = None
    port: int | None = None
    key_files: tuple[str, ...] = ()
    password: str | None = field(default=None, repr=False)
    known_hosts: str | None = None
    accept_new: bool = False
    ssh_config: str | None = None
    jump: str | None = None
    timeout: float | None = None
    become_method: str = ""

    def __post_init__(self) -> None:
        check_host(self.host)
        if self.user:
            check_user(self.user)
        if self.port is not None and not 0 < self.port < 65536:
            raise UsageError(f"port {self.port} of {self.host} is not a number from 1 to 65535")
        if self.timeout is not None and not (self.timeout >= 0 and math.isfinite(self.timeout)):
            raise UsageError(f"a timeout of {self.timeout} s for {self.host} is not possible")
        if self.jump and self.jump.lower() != "none" and "%" not in self.jump:
            for place in self.jump.split(","):
                jump_place(place)


@dataclass(frozen=True, slots=True)
class HostKeyRules:
    """How strictly a host's key is looked at, beside known_hosts."""

    alias: bool = False
    """HostKeyAlias: known_hosts has the name as it is, without a port."""
    new_keys_file: str | None = None
    """Takes the key of a new host, when that may be."""
    revoked_files: tuple[str, ...] = ()
    smallest_rsa: int = 1024
    check_address: bool = False
    trust_localhost: bool = False
    lax: str = ""
    """The option that lets changed keys in with OpenSSH, with its place."""
    not_honoured: tuple[str, ...] = ()
    """Options that might let an unknown key in with OpenSSH, with their places."""


@dataclass(frozen=True, slots=True)
class LoginRules:
    """What the configuration says of logging in, beside the keys."""

    off: Mapping[str, str]
    """Methods that must not be tried, with the option that says so."""
    certificates: tuple[str, ...] = ()
    agent: str | None = None
    """The socket of the agent; "" for none, None for that of the environment."""
    not_used: Mapping[str, str] = field(default_factory=dict)
    """Methods for which OpenSSH has more than there is here, with the option and its place."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The outcome. `keys` are the user's choice, `default_keys` are tried when they exist.

    `jump` is `[user@]host[:port]`, several with commas; `proxy_command` is ready for a shell.
    """

    host: str
    port: int
    user: str
    keys: tuple[str, ...]
    default_keys: tuple[str, ...]
    agent_for_others: bool
    known_hosts: tuple[str, ...]
    known_as: str
    accept_new: bool
    jump: str | None
    proxy_command: str | None
    timeout: float
    family: int
    """An AF_… of module socket."""
    bind_address: str | None
    host_key: HostKeyRules
    login: LoginRules
    algorithms: Algorithms

    @property
    def known_name(self) -> str:
        """The name in known_hosts, with the port unless that is 22 or there is an alias."""
        return self.known_as if self.host_key.alias else host_name(self.known_as, self.port)
