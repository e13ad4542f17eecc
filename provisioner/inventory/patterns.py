"""-l/--limit: the patterns of Ansible."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Sequence

from provisioner.errors import UsageError
from provisioner.inventory.groups import ListedHost, Tree
from provisioner.inventory.ranges import is_ipv6

_SUBSCRIPT = re.compile(r"(?P<name>.+)\[(?:(?P<one>-?\d+)|(?P<first>\d*):(?P<last>\d*))\]")
_PIECE = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")
_SHOWN = 12


def select(tree: Tree, limit: str | None) -> list[ListedHost]:
    """Return the hosts that `limit` names, in the inventory's order of each piece; all of them for None.

    Pieces are separated by commas or colons: names, globs, groups, `~regex`, a subscript of a group (`web[0]`,
    `web[0:2]`), `!` in front takes away, `&` keeps what is in both.

    Raises:
        UsageError: a piece matches nothing (a typo behind `!` would do the opposite of what is meant), or
            nothing is left over.
    """
    everything = tree.members(tree.groups["all"])
    if limit is None:
        return everything
    pieces = split(limit)
    if not pieces or any(piece in {"!", "&"} for piece in pieces):
        raise UsageError(f"--limit {limit!r} names nothing", hint=_known(tree))
    wanted = [piece for piece in pieces if piece[0] not in "!&"]
    chosen = dict.fromkeys(host.name for piece in wanted or ["all"] for host in _matching(tree, everything, piece))
    for sign in "&!":
        for piece in pieces:
            if piece[0] == sign:
                those = {host.name for host in _matching(tree, everything, piece[1:].lstrip())}
                chosen = {name: None for name in chosen if (name in those) == (sign == "&")}
    if not chosen:
        raise UsageError(f"--limit {limit}: no host is left over", hint=_known(tree))
    return [tree.hosts[name] for name in chosen]


def split(limit: str) -> list[str]:
    """Return the pieces of a pattern; a colon inside brackets or an IPv6 address separates nothing."""
    if "," in limit:
        found = limit.split(",")
    elif limit.startswith("~") or is_ipv6(limit.lstrip("!&")):
        found = [limit]
    else:
        found = _PIECE.findall(limit)
    return [piece.strip() for piece in found if piece.strip()]


def _matching(tree: Tree, everything: list[ListedHost], piece: str) -> Sequence[ListedHost]:
    if piece in tree.hosts:
        return [tree.hosts[piece]]
    match = None if piece.startswith("~") else _SUBSCRIPT.fullmatch(piece)
    whole = _find(tree, everything, match["name"]) if match else []
    # `web[1:2]` is a part of web as in Ansible, unless nothing is called web: then it is a glob.
    found = _part(whole, match) if match and whole else _find(tree, everything, piece)
    if not found:
        close = difflib.get_close_matches(piece, [*tree.groups, *tree.hosts], 1)
        raise UsageError(
            f"--limit: {piece!r} matches no host and no group" + (f"; did you mean {close[0]}?" if close else ""),
            hint=_known(tree),
        )
    return found


def _find(tree: Tree, everything: list[ListedHost], name: str) -> list[ListedHost]:
    if name in {"all", "*"}:
        return everything
    groups = [tree.groups[each] for each in _names(tree.groups, name)]
    found = {host.name: host for group in groups for host in tree.members(group)}
    if not groups or name.startswith("~") or any(sign in name for sign in ".?*["):
        names = set(_names(tree.hosts, name))
        found |= {host.name: host for host in everything if host.name in names}
    return list(found.values())


def _names(known: Iterable[str], pattern: str) -> list[str]:
    if pattern.startswith("~"):
        try:
            compiled = re.compile(pattern[1:])
        except re.error as cause:
            raise UsageError(f"--limit: {pattern[1:]!r} is not a regular expression: {cause}") from cause
    else:
        compiled = re.compile(fnmatch.translate(pattern))
    return [name for name in known if compiled.match(name)]


def _part(hosts: list[ListedHost], match: re.Match[str]) -> list[ListedHost]:
    if match["one"] is not None:
        index = int(match["one"])
        return [hosts[index]] if -len(hosts) <= index < len(hosts) else []
    return hosts[int(match["first"] or 0) : int(match["last"]) + 1 if match["last"] else None]


def _known(tree: Tree) -> str:
    groups = [name for name in tree.groups if tree.members(tree.groups[name])]
    hosts = list(tree.hosts)
    more = f" and {len(hosts) - _SHOWN} more" if len(hosts) > _SHOWN else ""
    return f"groups: {', '.join(groups) or 'none'}; hosts: {', '.join(hosts[:_SHOWN]) or 'none'}{more}"
