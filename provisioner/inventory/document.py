"""A YAML document as entries that know where they stand; values are built only when somebody needs them.

An inventory may hold anything in variables that are not ours (templates, vaults, tags of plugins): reading the
nodes and building values on demand is what lets such a file work as it is.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from provisioner.errors import UsageError
from provisioner.inventory.position import Position

_TAG = "tag:yaml.org,2002:"
_VAULT = ("!vault", "!vault-encrypted")
_MOST_VALUES = 100_000  # of one variable: aliases of aliases must not eat the memory


class Entry:
    """One value of a document."""

    __slots__ = ("_file", "_key", "node", "path")

    def __init__(self, node: yaml.Node, file: str, path: tuple[str, ...], key: yaml.Node | None = None) -> None:
        self.node = node
        self.path = path
        self._file = file
        self._key = key

    @property
    def position(self) -> Position:
        """Where the value stands; where its key stands, when there is no value."""
        node = self._key if self._key is not None and self.is_null and not self.node.value else self.node
        return self._position(node)

    @property
    def key_position(self) -> Position:
        return self._position(self._key or self.node)

    def _position(self, node: yaml.Node) -> Position:
        converted = self._file.endswith(CONVERTED)
        mark = node.start_mark
        return Position(self._file, 0 if converted else mark.line + 1, 0 if converted else mark.column + 1, self.path)

    def error(self, problem: str, *, hint: str = "") -> UsageError:
        return UsageError(f"{self.position}: {problem}", hint=hint)

    @property
    def is_null(self) -> bool:
        return self.node.tag == _TAG + "null"

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def kind(self) -> str:
        """What the value is, in words for an error."""
        if isinstance(self.node, yaml.ScalarNode):
            name = self.node.tag.removeprefix(_TAG)
            return {"str": "text", "null": "nothing", "bool": "true or false"}.get(name, f"a value of type {name}")
        return "a list" if isinstance(self.node, yaml.SequenceNode) else "a mapping"

    def entries(self) -> dict[str, Entry]:
        """Return the values of a mapping (nothing at all counts as an empty one), merge keys included.

        Raises:
            UsageError: it is no mapping, or a key stands there twice.
        """
        if self.is_null:
            return {}
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"a mapping is wanted here, not {self.kind}")
        found: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in self.node.value:
            if key.tag == _TAG + "merge":
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    for name, entry in self._merge(source).items():
                        merged.setdefault(name, entry)
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise UsageError(f"{self._position(key)}: a key is a word, not a list or a mapping")
            name = key.value
            if name in found:
                first = found[name]._key  # noqa: SLF001 # own class
                raise UsageError(
                    f"{self._position(key)._replace(path=(*self.path, name))}: {name!r} stands here twice, "
                    f"first in line {first.start_mark.line + 1 if first else '?'}",
                    hint="YAML would silently drop one of the two: remove it",
                )
            found[name] = Entry(value, self._file, (*self.path, name), key)
        return merged | found if merged else found

    def _merge(self, source: yaml.Node) -> dict[str, Entry]:
        if not isinstance(source, yaml.MappingNode) or source is self.node:
            raise UsageError(f"{self._position(source)}: << takes a mapping, or a list of mappings")
        try:
            return Entry(source, self._file, self.path).entries()
        except RecursionError:
            raise UsageError(f"{self._position(source)}: << refers to itself") from None

    def text(self, *, secret: bool = False) -> str | None:
        """Return a scalar as it is written (012 stays 012, yes stays yes), None for nothing.

        Raises:
            UsageError: it is no scalar, encrypted, or a template; the value of a secret is not quoted.
        """
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error(f"text is wanted here, not {self.kind}")
        if self.node.tag in _VAULT:
            raise self.error(
                "the value is encrypted with Ansible Vault, which provisioner does not open",
                hint="remove it and use -k/--ask-pass or -K/--ask-become-pass, or a key and ssh-agent"
                if secret
                else "write the value itself here",
            )
        if self.is_null:
            return None
        value = str(self.node.value)
        if self.node.tag == "!unsafe":
            return value
        if not self.node.tag.startswith(_TAG):
            raise self.error(f"the tag {self.node.tag} is not known here", hint="write the value itself")
        if "{{" in value or "{%" in value:
            raise self.error(
                "the value is a Jinja template, which only Ansible fills in" + ("" if secret else f": {value}"),
                hint="write the value itself here, or on the host; templates in other variables do no harm",
            )
        return value

    def number(self, lowest: int, highest: int) -> int | None:
        value = self.text()
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and lowest <= int(value) <= highest):
            raise self.error(f"{value!r} is not a whole number from {lowest} to {highest}")
        return int(value)

    def flag(self) -> bool | None:
        value = self.text()
        if value is None:
            return None
        if value.lower() not in _FLAGS:
            raise self.error(f"{value!r} is neither true nor false")
        return _FLAGS[value.lower()]

    def plain(self, *, typed: bool) -> Any:
        """Return the value with all that it holds, built of what JSON knows.

        `typed` gives numbers as numbers; else they stay as they are written, for a version 28.10 is not 28.1.

        Raises:
            UsageError: there is a template, a vault, an unknown tag, a number JSON cannot carry or an endless alias.
        """
        return self._plain(typed, iter(range(_MOST_VALUES)), ())

    def _plain(self, typed: bool, budget: Iterator[int], above: tuple[int, ...]) -> Any:  # noqa: FBT001 # internal
        if next(budget, None) is None or id(self.node) in above:
            raise self.error("the value has no end: its aliases refer to themselves or to too much")
        inside = (*above, id(self.node))
        if isinstance(self.node, yaml.MappingNode):
            return {key: entry._plain(typed, budget, inside) for key, entry in self.entries().items()}  # noqa: SLF001 # own class
        if isinstance(self.node, yaml.SequenceNode):
            return [entry._plain(typed, budget, inside) for entry in self.items()]  # noqa: SLF001 # own class
        value = self.text()
        name = self.node.tag.removeprefix(_TAG)
        if value is None or name not in {"bool", "int", "float"}:
            return value
        if name == "bool":
            return _FLAGS[value.lower()]
        return self._number(value) if typed else value

    def items(self) -> list[Entry]:
        return [
            Entry(node, self._file, (*self.path, str(index)))
            for index, node in enumerate(self.node.value if isinstance(self.node, yaml.SequenceNode) else ())
        ]

    def keyed(self) -> dict[str, Entry]:
        """Return a lone word as a mapping from it to nothing, as Ansible takes `hosts: web1`."""
        node = yaml.ScalarNode(_TAG + "null", "", self.node.start_mark, self.node.end_mark)
        return {self.node.value: Entry(node, self._file, (*self.path, self.node.value), self.node)}

    def _number(self, value: str) -> int | float:
        try:
            number = _constructor().construct_object(self.node)
        except ValueError:
            raise self.error(f"{value!r} is not a number", hint="put it in quotes, if it is text") from None
        if isinstance(number, float) and not math.isfinite(number):
            raise self.error(f"{value} is a number that JSON cannot carry")
        return number  # type: ignore[no-any-return] # the tag says int or float


_FLAGS = {"yes": True, "true": True, "on": True, "y": True, "1": True}
_FLAGS |= {"no": False, "false": False, "off": False, "n": False, "0": False}
CONVERTED = " (as ansible-inventory lists it)"


@functools.cache
def _constructor() -> Any:
    return yaml.constructor.SafeConstructor()


def read(path: Path) -> str:
    """Return the text of a file.

    Raises:
        UsageError: it cannot be read or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as cause:
        raise UsageError(f"{path}: {cause.strerror or cause}", hint="check -i/--inventory") from cause
    except UnicodeDecodeError as cause:
        raise UsageError(f"{path}: byte {cause.start} is not UTF-8", hint="save the file as UTF-8") from cause


def parse(text: str, file: str) -> Entry | None:
    """Return the one document of `text`, None when it is empty.

    Raises:
        UsageError: it is no YAML; line and column are named, the line is not quoted (it may hold a password).
    """
    if text.startswith("$ANSIBLE_VAULT"):
        raise UsageError(
            f"{file}: the whole file is encrypted with Ansible Vault, which provisioner does not open",
            hint=f"ansible-vault view {file} shows it; keep only the secrets encrypted, not the hosts",
        )
    try:
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        place = Position(file, mark.line + 1, mark.column + 1, ()) if mark else file
        began = f" (which began in line {cause.context_mark.line + 1})" if cause.context_mark else ""
        problem = f"{cause.context}{began} {cause.problem}" if cause.context else cause.problem
        raise UsageError(f"{place}: not YAML: {problem}", hint="check the indentation and the colons there") from cause
    except yaml.YAMLError as cause:
        raise UsageError(f"{file}: not YAML: {str(cause).splitlines()[0]}") from cause
    except RecursionError:
        raise UsageError(f"{file}: not readable: nested too deeply") from None
    return None if node is None or node.tag == _TAG + "null" else Entry(node, file, ())
