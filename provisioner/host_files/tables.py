"""Tables of TOML and YAML files of a host: their values, or why their program cannot read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.catalogue.rows import toml
from provisioner.host_files.host_file import HostFile


class UnreadableError(ValueError):
    """The message says what is wrong with the file, as the rest of a sentence."""


def document(file: HostFile) -> dict[str, Any]:
    """Return the tables of `file`.

    Raises:
        UnreadableError: it is no TOML.
    """
    try:
        file.text.encode()
        return toml(file.text)
    except UnicodeEncodeError:
        raise UnreadableError("is not UTF-8, as TOML is") from None
    except RecursionError:
        raise UnreadableError("is nested too deep") from None
    except ValueError as error:
        raise UnreadableError(str(error)) from error


def table(value: Any, *path: str) -> Mapping[str, Any]:
    """Return the table at `path` below `value`; an empty one where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def strings(value: Any) -> tuple[str, ...]:
    """Return the strings of a list, or the one that a string is; others are left out."""
    return tuple(_strings(value))


def _strings(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield each
