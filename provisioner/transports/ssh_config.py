"""How to reach a host: options, then ~/.ssh/config, then /etc/ssh/ssh_config, then OpenSSH's defaults.

The files are read here; the ssh of this machine is asked where they alone do not tell (`Match exec`, canonical names).
"""

from __future__ import annotations

import getpass
from pathlib import Path

from provisioner.errors import UsageError
from provisioner.transports.ssh_config_answer import answered
from provisioner.transports.ssh_config_file import Line
from provisioner.transports.ssh_config_include import ConfigFile
from provisioner.transports.ssh_config_match import UndecidedError
from provisioner.transports.ssh_config_rules import GIVEN, look_up
from provisioner.transports.ssh_names import jump_place
from provisioner.transports.ssh_settings import Settings, SSHOptions
from provisioner.transports.ssh_settled import settled

__all__ = ["SSHOptions", "Settings", "jump_place", "resolve"]

_SYSTEM_CONFIG = "/etc/ssh/ssh_config"


def resolve(options: SSHOptions) -> Settings:
    """Return the settings of a host.

    Raises:
        UsageError: the SSH configuration cannot be read, or a value in it is not allowed.
    """
    account = _account()
    config_files = _config_files(options)
    given = _given(options)
    try:
        return settled(options, look_up(options.host, account, config_files, given), account)
    except UndecidedError as why:
        return settled(options, answered(options.host, config_files, given, why), account)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError) as cause:
        raise UsageError("this account has no name", hint="set LOGNAME, or name a user with -u/--user") from cause


def _config_files(options: SSHOptions) -> list[ConfigFile]:
    """Return the files as OpenSSH chains them; one that is named stands alone, and `none` is no file at all."""
    if options.ssh_config:
        if options.ssh_config.lower() == "none":
            return []
        path = Path(options.ssh_config).expanduser()
        if not path.exists():
            raise UsageError(f"{path}: no such file", hint="check --ssh-config")
        return [ConfigFile(path, _home(), named=True)]
    return [ConfigFile(_home() / "config", _home()), ConfigFile(Path(_SYSTEM_CONFIG), Path("/etc/ssh"), users=False)]


def _home() -> Path:
    return Path("~/.ssh").expanduser()


def _given(options: SSHOptions) -> list[Line]:
    """What was given goes in front: %p and %r in a ProxyCommand and `Match user` speak of it."""
    said = [("port", str(options.port) if options.port else None), ("user", options.user), ("proxyjump", options.jump)]
    said += [("identityfile", file) for file in options.key_files]
    return [Line(keyword, (value,), value, GIVEN, keyword) for keyword, value in said if value]
