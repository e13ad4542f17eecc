"""How to reach a host: options, then ~/.ssh/config, then /etc/ssh/ssh_config, then OpenSSH's defaults."""

from __future__ import annotations

import functools
import getpass
import glob
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provisioner.errors import UsageError

if TYPE_CHECKING:
    import paramiko

DEFAULT_TIMEOUT = 15.0
_SYSTEM_CONFIG = "/etc/ssh/ssh_config"
_SYSTEM_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts"
_DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
_DEEPEST = 16  # nested Include, as in OpenSSH


@dataclass(frozen=True, slots=True)
class SSHOptions:
    """How to reach a host; None and () leave it to the SSH configuration, then to OpenSSH's defaults."""

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


@dataclass(frozen=True, slots=True)
class Settings:
    """The outcome. `keys` are the user's choice, `default_keys` are tried when they exist.

    The first of `known_hosts` takes new keys. `jump` is `[user@]host[:port]`, several with commas.
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


def resolve(options: SSHOptions) -> Settings:
    """Return the settings of a host.

    Raises:
        UsageError: the SSH configuration cannot be read, or a value in it is not allowed.
    """
    path, found = _looked_up(options)

    def number(key: str, default: float) -> float:
        value = found.get(key)
        if value is None or str(value).lower() == "none":
            return default
        try:
            return float(value)
        except ValueError:
            raise UsageError(f"{path}: {key} {value!r} of host {options.host} is not a number") from None

    configured = tuple(_expanded(str(key)) for key in found.get("identityfile", ()) if str(key).lower() != "none")
    host = str(found.get("hostname") or options.host)
    files = _files(found.get("userknownhostsfile"), ("~/.ssh/known_hosts", "~/.ssh/known_hosts2"))
    files += _files(found.get("globalknownhostsfile"), (_SYSTEM_KNOWN_HOSTS, _SYSTEM_KNOWN_HOSTS + "2"))
    # `no` would take changed keys as well; that is never done, new ones are what it is set for.
    strict = str(found.get("stricthostkeychecking", "ask")).lower()
    jump = options.jump or found.get("proxyjump")
    return Settings(
        host=host,
        port=options.port or int(number("port", 22)),
        user=options.user or str(found.get("user") or getpass.getuser()),
        keys=tuple(_expanded(key) for key in options.key_files) + configured,
        default_keys=() if configured or options.key_files else tuple(map(_expanded, _DEFAULT_KEYS)),
        agent_for_others=str(found.get("identitiesonly", "no")).lower() != "yes",
        known_hosts=(_expanded(options.known_hosts),) if options.known_hosts else files,
        known_as=str(found.get("hostkeyalias") or host),
        accept_new=options.accept_new or strict in {"accept-new", "no", "off"},
        jump=str(jump) if jump and str(jump).lower() != "none" else None,
        proxy_command=None if options.jump else found.get("proxycommand") or None,
        timeout=options.timeout or number("connecttimeout", DEFAULT_TIMEOUT),
    )


def jump_place(place: str) -> tuple[str | None, str, int | None]:
    """`[user@]host[:port]`, also as ssh://…, IPv6 in brackets -> user, host, port.

    Raises:
        UsageError: it is none.
    """
    user, _, rest = place.strip().removeprefix("ssh://").rstrip("/").rpartition("@")
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    elif rest.count(":") > 1:
        host, port = rest, ""
    else:
        host, _, port = rest.partition(":")
    if not host or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
        raise UsageError(f"{place!r} is not a jump host", hint="write [user@]host[:port], several with commas")
    return user or None, host, int(port) if port else None


def _looked_up(options: SSHOptions) -> tuple[str, dict[str, Any]]:
    import paramiko

    path = Path(options.ssh_config or "~/.ssh/config").expanduser()
    if options.ssh_config and not path.exists():
        raise UsageError(f"{path}: no such file", hint="check --ssh-config")
    try:
        return str(path), dict(_config(path, options).lookup(options.host))
    except paramiko.SSHException as cause:
        problem = str(cause)
    except ImportError:
        problem = "Match exec needs the Python package invoke: pip install invoke"
    except KeyError as cause:
        problem = f"{cause} is missing"
    except ValueError as cause:
        problem = str(cause)
    except OSError as cause:
        problem = cause.strerror or str(cause)
    raise UsageError(
        f"{path}: {problem}", hint=f"ssh -G {options.host} shows how OpenSSH reads it; --ssh-config FILE takes another"
    )


def _config(path: Path, options: SSHOptions) -> paramiko.SSHConfig:
    """Return the configuration as OpenSSH chains it: what was given, the user's file, the system's.

    What was given goes in front, for %p and %r in a ProxyCommand and `Match user` speak of it.
    """
    given = ["Host *"] + [f"Port {options.port}"] * bool(options.port) + [f"User {options.user}"] * bool(options.user)
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    return _parsed(path, stamp, not options.ssh_config, "\n".join(given))


@functools.lru_cache(maxsize=32)
def _parsed(path: Path, stamp: int, system: bool, given: str) -> paramiko.SSHConfig:  # noqa: FBT001 # for the cache
    import paramiko

    text = f"{given}\nHost *\n" + (_with_includes(path, Path("~/.ssh").expanduser(), 0) if stamp else "")
    if system and Path(_SYSTEM_CONFIG).exists():
        try:
            behind = f"{text}\nHost *\n{_with_includes(Path(_SYSTEM_CONFIG), Path('/etc/ssh'), 0)}"
            return paramiko.SSHConfig.from_text(behind)
        except (OSError, ValueError, UsageError, paramiko.SSHException):
            pass  # nothing the user could change; their own file decides
    return paramiko.SSHConfig.from_text(text)


def _with_includes(path: Path, folder: Path, depth: int) -> str:
    """Return the text with Include lines replaced by the files' own: paramiko's reader passes over them."""
    if depth > _DEEPEST:
        raise UsageError(f"{path}: Include is nested too deeply", hint="does a file include itself?")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as cause:
        raise UsageError(f"{path}: byte {cause.start} is not UTF-8", hint="save the file as UTF-8") from cause
    lines, block = [], "Host *"
    for number, line in enumerate(text.splitlines(), 1):
        key, _, value = line.strip().replace("=", " ", 1).partition(" ")
        if key.lower() == "include":
            place = f"{path}, line {number}"
            for file in _included(place, value, folder):
                inner = _with_includes(file, folder, depth + 1)
                if block != "Host *" and _has_blocks(inner):
                    raise UsageError(
                        f"{place}: Include below {block.strip()!r} of a file with Host or Match blocks ({file}) "
                        "is not supported",
                        hint="move that Include to the top of the file",
                    )
                lines += [inner, block]
            continue
        if key.lower() == "match":
            _check_match(f"{path}, line {number}", value)
        if key.lower() in {"host", "match"}:
            block = line
        lines.append(line)
    return "\n".join(lines) + "\n"


def _included(place: str, patterns: str, folder: Path) -> list[Path]:
    try:
        words = shlex.split(patterns)
    except ValueError as cause:
        raise UsageError(f"{place}: Include {patterns}: {cause}") from cause
    found = [sorted(glob.glob(str(folder / Path(word).expanduser()))) for word in words]  # noqa: PTH207 # absolute ones
    return [Path(file) for files in found for file in files]


def _check_match(place: str, criteria: str) -> None:
    """Paramiko's reader takes an unknown criterion for one that is fulfilled."""
    words = iter(criteria.split())
    for word in words:
        name = word.lstrip("!").lower()
        if name in {"host", "originalhost", "user", "localuser", "exec"}:
            if name == "exec":
                return  # a command may follow with blanks in it
            next(words, None)
        elif name not in {"all", "canonical", "final"}:
            raise UsageError(
                f"{place}: Match {name} is not supported", hint="--ssh-config FILE takes another configuration"
            )


def _has_blocks(text: str) -> bool:
    return any(line.split()[:1] and line.split()[0].lower() in {"host", "match"} for line in text.splitlines())


def _files(value: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    if not value or str(value).lower() == "none":
        return () if value else tuple(map(_expanded, default))
    return tuple(_expanded(word) for word in shlex.split(str(value)))


def _expanded(path: str) -> str:
    home = str(Path.home())
    return str(Path(path.replace("%d", home).replace("%%", "%")).expanduser())
