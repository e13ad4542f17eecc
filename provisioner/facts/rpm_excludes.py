"""What the configuration of dnf and yum keeps from being installed: exclude, excludepkgs and includepkgs.

Source: dnf.conf(5). In [main] they are of every repository, elsewhere of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from provisioner.host_files.lines import lines


@dataclass(frozen=True, slots=True)
class Exclude:
    """A setting of `file` that begins in line `number`, as `text`, of the section `section`.

    `only` is true for includepkgs, which names all that may come.
    """

    file: str
    number: int
    section: str
    text: str
    patterns: tuple[str, ...]
    only: bool

    @property
    def of_all(self) -> bool:
        return self.section == "main"

    def keeps(self, package: str) -> bool:
        """True when it certainly keeps every version of `package` from being installed."""
        if not self.only:
            return any(fnmatchcase(package, pattern) for pattern in self.patterns)
        # What is written for one version or architecture lets that pass: the beginnings are compared.
        firm = [re.split(r"[*?\[]", pattern)[0] for pattern in self.patterns]
        return not any(package.startswith(begin) or begin.startswith(package) for begin in firm)


def rpm_excludes(text: str) -> tuple[Exclude, ...]:
    """Read the frame: the path of a file, then of each line that counts its number and, on the next line, its text.

    Where the excludes are switched off there are none.
    """
    if re.search(r"(?m)^disable_excludes[ \t]*=[ \t]*\S", text):
        return ()
    return tuple(_excludes(text))


def _excludes(text: str) -> Iterator[Exclude]:
    file = section = ""
    found: Exclude | None = None
    rows = iter(lines(text))
    for head in rows:
        if head.startswith("/"):
            file, section = head, ""
            continue
        line = next(rows, "")
        if found and line[:1] in {" ", "\t"}:
            found = replace(found, patterns=(*found.patterns, *_words(line)))
            continue
        if found and found.patterns:
            yield found
        found = None
        if title := re.match(r"\[([^]]*)\]", line):
            section = title[1]
        elif setting := re.match(r"(exclude|excludepkgs|includepkgs)[ \t]*=(.*)", line):
            number = int(head) if head.isdecimal() else 0
            only = setting[1] == "includepkgs"
            found = Exclude(file, number, section, line.strip(), tuple(_words(setting[2])), only)
    if found and found.patterns:
        yield found


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()
