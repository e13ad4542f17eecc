"""Whole versions of packages, epoch and revision included, in the order of the package manager that compares them.

Sources: deb-version(7) of dpkg 1.21; rpm-version(7) and rpmvercmp.c of rpm 4.18.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

RELATIONS: dict[str, Callable[[int], bool]] = {
    "<<": lambda order: order < 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "=": lambda order: order == 0,
    ">=": lambda order: order >= 0,
    ">": lambda order: order > 0,
    ">>": lambda order: order > 0,
}
"""dpkg's signs and rpm's; dpkg reads its old `<` and `>` as `<=` and `>=`, which no package of today has."""


def deb_order(one: str, other: str) -> int:
    """Return a number as dpkg compares: below 0 when `one` is older, 0 when both are equal, else above 0."""
    a, b = _deb_parts(one), _deb_parts(other)
    return _sign(a[0], b[0]) or _deb_text(a[1], b[1]) or _deb_text(a[2], b[2])


def rpm_order(one: str, other: str) -> int:
    """Return the same as rpm compares: a side without a release is equal to every release of its version."""
    a, b = _rpm_parts(one), _rpm_parts(other)
    order = _sign(a[0], b[0]) or _rpm_text(a[1], b[1])
    return order or (_rpm_text(a[2], b[2]) if a[2] and b[2] else 0)


def _sign(a: int, b: int) -> int:
    return (a > b) - (a < b)


def _deb_parts(version: str) -> tuple[int, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon or not epoch.isdecimal():
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return int(epoch), upstream if dash else rest, revision if dash else ""


def _deb_text(one: str, other: str) -> int:
    """Text and numbers by turns; in text letters come before all else, and `~` before the end."""
    a, b = _pieces(one), _pieces(other)
    for _ in range(max(len(one), len(other)) + 1):
        text, number = next(a, ("", 0)), next(b, ("", 0))
        order = _deb_words(text[0], number[0]) or _sign(text[1], number[1])
        if order:
            return order
    return 0


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    for match in re.finditer(r"(?=.)([^0-9]*)([0-9]*)", text, re.DOTALL):
        yield match[1], int(match[2] or 0)


def _deb_words(one: str, other: str) -> int:
    for position in range(max(len(one), len(other))):
        order = _sign(_deb_weight(one[position : position + 1]), _deb_weight(other[position : position + 1]))
        if order:
            return order
    return 0


def _deb_weight(char: str) -> int:
    if not char:
        return 0
    if char == "~":
        return -1
    return ord(char) if re.fullmatch("[A-Za-z]", char) else ord(char) + 256


def _rpm_parts(version: str) -> tuple[int, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon or not epoch.isdecimal():
        epoch, rest = "0", version
    name, _, release = rest.partition("-")
    return int(epoch), name, release


def _rpm_text(one: str, other: str) -> int:
    """Numbers are newer than words, `~` is older than the end, and `^` is newer than the end alone."""
    a, b = (re.findall(r"[0-9]+|[A-Za-z]+|~|\^", text) for text in (one, other))
    pairs: Iterator[tuple[str, str]] = zip([*a, ""], [*b, ""], strict=False)
    for x, y in pairs:
        if x == y:
            continue
        for sign, weight in (("~", -1), ("^", 1)):
            if sign in {x, y}:
                against_end = sign == "~" or "" in {x, y}
                return weight * ((x == sign) - (y == sign)) * (1 if against_end else -1)
        if not x or not y:
            return 1 if x else -1
        if x.isdigit() and y.isdigit():
            order = _sign(int(x), int(y))
            if order:
                return order
            continue
        if x.isdigit() != y.isdigit():
            return 1 if x.isdigit() else -1
        return 1 if x > y else -1
    return 0
