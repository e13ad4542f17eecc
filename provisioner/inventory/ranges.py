"""Host names with ranges -> the names, by the rules of Ansible's expand_hostname_range and parse_address."""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Sequence

_BRACKETED_PORT = re.compile(r"\[([^\[\]]+)\]:(\d+)")
_PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):(\d+)")
_RANGE = re.compile(r"\[([^\[\]]*)\]")
MOST_HOSTS = 100_000


def hosts_and_port(pattern: str) -> tuple[list[str], int | None]:
    """Return the names that `pattern` stands for and the port behind it, if there is one.

    `web[01:03]`, `db-[a:f]`, `n[0:10:5]`, several ranges in one name, `host:2222`, `[2001:db8::1]:2222`, `2001:db8::1`.

    Raises:
        ValueError: a range cannot be read.
    """
    name, port = pattern, None
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    if is_ipv6(bare):
        return [bare], None
    if (match := _BRACKETED_PORT.fullmatch(name)) and is_ipv6(match[1]):
        return [match[1]], _port(match[2])
    if match := _PORT.fullmatch(name):
        name, port = match[1], _port(match[2])
    return expand(name), port


def expand(pattern: str) -> list[str]:
    """Return the names in order, the rightmost range running fastest."""
    names = [""]
    rest = pattern
    while match := _RANGE.search(rest):
        values = _values(match[1], match[0])
        if len(names) * len(values) > MOST_HOSTS:
            raise ValueError(f"{pattern!r} stands for more than {MOST_HOSTS} hosts")
        head = rest[: match.start()]
        names = [name + head + value for name in names for value in values]
        rest = rest[match.end() :]
    if "[" in rest or "]" in rest:
        raise ValueError(f"{pattern!r} has a bracket without its partner; a range is [01:50] or [a:f]")
    return [name + rest for name in names]


def _values(bounds: str, shown: str) -> Sequence[str]:
    parts = bounds.split(":")
    if len(parts) not in {2, 3}:
        raise ValueError(f"{shown} is not a range: write [begin:end] or [begin:end:step], such as [01:50]")
    begin, end, step = parts[0] or "0", parts[1], parts[2] if len(parts) == 3 else "1"
    if not end:
        raise ValueError(f"{shown} needs an end, such as [{begin}:9]")
    if not (_is_number(step) and int(step) > 0):
        raise ValueError(f"the step of {shown} is not a whole number above 0")
    if len(begin) == 1 and len(end) == 1 and begin in string.ascii_letters and end in string.ascii_letters:
        first, last = string.ascii_letters.index(begin), string.ascii_letters.index(end)
        if first > last:
            raise ValueError(f"{shown} begins after its end")
        return string.ascii_letters[first : last + 1 : int(step)]
    if not (_is_number(begin) and _is_number(end)):
        raise ValueError(f"{shown} runs neither over numbers nor over single letters")
    width = len(begin) if begin[0] == "0" and len(begin) > 1 else 0
    if width and len(end) != width:
        raise ValueError(f"{shown} needs a begin and an end of equal length, such as [01:50]")
    if int(begin) > int(end):
        raise ValueError(f"{shown} begins after its end")
    numbers = range(int(begin), int(end) + 1, int(step))
    if len(numbers) > MOST_HOSTS:
        raise ValueError(f"{shown} stands for more than {MOST_HOSTS} hosts")
    return [str(number).zfill(width) for number in numbers]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _port(text: str) -> int:
    if not 0 < int(text) < 65536:
        raise ValueError(f"{text} is not a port")
    return int(text)


def is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
