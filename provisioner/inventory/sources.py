"""What kind of inventory a path is, and its text in the one shape we read."""

from __future__ import annotations

import re
from pathlib import Path

from provisioner.errors import UsageError
from provisioner.inventory.document import CONVERTED, Entry, parse, read

_YAML = {".yml", ".yaml", ".json"}
_OTHERS = {".ini", ".cfg", ".toml", ".conf"}
_INI = re.compile(
    r"^[ \t]*(?:[#;].*)?$|^[ \t]*(?P<section>\[[^\]\n]+\])[ \t]*(?:[#;].*)?$|^(?P<other>.*)$", re.MULTILINE
)


def document(path: Path) -> tuple[Entry | None, bool]:
    """Return the document, and whether ansible-inventory read it (with group_vars and host_vars already in it).

    Raises:
        UsageError: there is no such file, it is none we can read, or ansible-inventory is needed and missing.
    """
    if path.is_dir():
        return _converted(path, "is a directory"), True
    if not path.exists():
        raise UsageError(f"{path}: no such file", hint="check -i/--inventory")
    kind = _foreign(path)
    if kind:
        return _converted(path, kind), True
    found = parse(read(path), str(path))
    if found is not None and not found.is_mapping:
        if path.suffix in _YAML:
            raise found.error(f"an inventory is a mapping of groups, not {found.kind}", hint="begin with all:")
        return _converted(path, "is not a YAML mapping"), True
    if found is not None and "plugin" in (entries := found.entries()) and entries["plugin"].kind == "text":
        return _converted(path, "configures a plugin"), True
    return found, False


def _foreign(path: Path) -> str:
    if path.suffix in _YAML:
        return ""
    try:
        with path.open("rb") as file:
            beginning = file.read(65536)
    except OSError as cause:
        raise UsageError(f"{path}: {cause.strerror or cause}", hint="check -i/--inventory") from cause
    if beginning.startswith(b"#!"):
        return "is a program"
    if path.suffix in _OTHERS:
        return f"is a {path.suffix[1:].upper()} file"
    for match in _INI.finditer(beginning.decode("utf-8", "replace")):
        if match["section"]:
            return "is an INI file"
        if match["other"]:
            break
    return ""


def _converted(path: Path, kind: str) -> Entry | None:
    from provisioner.transports.controller import ansible_inventory

    text = ansible_inventory(path)
    if text is None:
        raise UsageError(
            f"{path} {kind}; only ansible-inventory can read it, and that is not installed",
            hint=f"install ansible-core, or convert it where that is installed: "
            f"ansible-inventory -i {path} --list --yaml --export > hosts.yaml",
        )
    return parse(text, f"{path}{CONVERTED}")
