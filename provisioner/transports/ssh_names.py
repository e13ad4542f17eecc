"""Which names of hosts and users are taken from outside, and what a jump host looks like.

The rules are those of OpenSSH 9.6 and later (`valid_hostname`, `valid_ruser`; CVE-2023-51385): names end up in
ProxyCommand and `Match exec`, which a shell reads, and in arguments, where a leading dash makes them options.
Characters that act on a terminal are refused as well.
"""

from __future__ import annotations

import re
import socket

from provisioner.errors import UsageError

_IN_NO_HOST = re.compile(r"""['`"$\\;&<>|(){},\s]""")
_IN_NO_USER = re.compile(r"""['`";&<>|(){}]|\s-|\\\Z""")
_LONGEST = 1024  # NI_MAXHOST


def check_host(name: str) -> str:
    """Return the name of a host.

    Raises:
        UsageError: OpenSSH refuses it as well, or it cannot be shown as it is.
    """
    return _check(
        name, _IN_NO_HOST, "the name of a host", "letters, digits, dots and dashes, an IPv4 or an IPv6 address"
    )


def check_user(name: str) -> str:
    """Return a login name that came with a host or on the command line.

    Raises:
        UsageError: OpenSSH refuses it as well, or it cannot be shown as it is.
    """
    return _check(name, _IN_NO_USER, "a login name", "OpenSSH takes such a name from a User line of ~/.ssh/config only")


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
    if not host or (port and not is_port(port)):
        raise UsageError(f"{_shown(place)} is not a jump host", hint="write [user@]host[:port], several with commas")
    return check_user(user) if user else None, check_host(host), int(port) if port else None


def canonical(host: str) -> str:
    """Return a name in lower case and an address in its usual form, under which known_hosts has them."""
    try:
        address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0][4]
        return socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
    except (OSError, UnicodeError, ValueError):
        return host.lower()


def is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) < 65536


def _check(name: str, refused: re.Pattern[str], what: str, hint: str) -> str:
    if not name or name.startswith("-") or refused.search(name) or not name.isprintable() or len(name) > _LONGEST:
        raise UsageError(
            f"{_shown(name)} is not {what}: it is empty, begins with a dash, or has characters that a shell reads",
            hint=hint,
        )
    return name


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else f"{name[:80]}…")
