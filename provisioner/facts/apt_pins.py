"""The pins of apt: what /etc/apt/preferences and the files beside it say of packages.

Sources: apt_preferences(5), and apt's apt-pkg/policy.cc and versionmatch.cc of 3.0: which pin counts, what it matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from provisioner.host_files.lines import lines

NEVER = -32768
"""What the priority `never` is to apt."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A record of `file`: the `packages` that it names, what of them it means, and their priority.

    `kind` and `what` are as written: the `what` of a release is o=Docker,c=stable.
    """

    file: str
    packages: tuple[str, ...]
    kind: Literal["version", "release", "origin"]
    what: str
    priority: int

    @property
    def of_all(self) -> bool:
        """It is of whole sources, and gives way to every pin that names a package."""
        return "*" in self.packages

    def names(self, package: str) -> bool | None:
        """Whether it is of `package`; None where only apt can tell."""
        found = [_names(word, package) for word in self.packages if word != "*"]
        return True if True in found else None if None in found else False


def apt_pins(text: str) -> tuple[Pin, ...]:
    """Read the frame: each line of the files after the name of its file and a colon, in the order of apt."""
    texts: dict[str, list[str]] = {}
    for line in lines(text):
        file, _, rest = line.partition(":")
        texts.setdefault(file, []).append(rest)
    return tuple(pin for file, rows in texts.items() if _is_read(file) for pin in _pins(file, "\n".join(rows)))


def _is_read(file: str) -> bool:
    name = file.rpartition("/")[2]
    return bool(re.fullmatch(r"[A-Za-z0-9_-]+|[A-Za-z0-9_.-]+\.pref", name))


def _pins(file: str, text: str) -> Iterator[Pin]:
    plain = re.sub(r"(?m)^#.*\n?", "", text)
    for stanza in re.split(r"\n[ \t]*(?=\n)", plain):
        joined = re.sub(r"\n[ \t]+", " ", stanza)
        fields = {name.lower(): value.strip() for name, value in re.findall(r"(?m)^([\w-]+)[ \t]*:(.*)$", joined)}
        kind, _, what = fields.get("pin", "").partition(" ")
        number = fields.get("pin-priority", "")
        if kind.lower() not in {"version", "release", "origin"} or not re.fullmatch(r"[+-]?\d{1,6}|never", number):
            continue
        priority = NEVER if number == "never" else int(number)
        packages = tuple(fields.get("package", "").split())
        yield Pin(file, packages, kind.lower(), what.strip(), priority)


def _names(word: str, package: str) -> bool | None:
    if word.startswith("src:"):
        return None
    bare, _, arch = word.partition(":") if not word.startswith("/") else (word, "", "")
    found = matches(bare, package)
    return None if found and arch not in {"", "any", "native"} else found


def matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern of apt, one of a shell or /an expression/, is of `text`; None where only apt can tell."""
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        inner = pattern[1:-1]
        if not re.fullmatch(r"\^?[\w.+*|-]*\$?", inner):
            return None
        try:
            return re.search(inner, text, re.IGNORECASE) is not None
        except re.error:
            return None
    return fnmatchcase(text, pattern)
