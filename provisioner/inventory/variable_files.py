"""group_vars/ and host_vars/ beside an inventory."""

from __future__ import annotations

from pathlib import Path

from provisioner.inventory.document import Entry, parse, read

_SUFFIXES = ("", ".yml", ".yaml", ".json")


class VariableFiles:
    """Variables that Ansible reads from files named after groups and hosts; without a folder there are none."""

    def __init__(self, folder: Path | None) -> None:
        self._folders = {
            kind: folder / kind for kind in ("group_vars", "host_vars") if folder and (folder / kind).is_dir()
        }
        self.warnings: list[str] = []
        self._groups: dict[str, dict[str, Entry]] = {}
        self._hosts: dict[str, dict[str, Entry]] = {}

    def of_group(self, name: str) -> dict[str, Entry]:
        if name not in self._groups:
            self._groups[name] = self._read("group_vars", name)
        return self._groups[name]

    def of_host(self, name: str) -> dict[str, Entry]:
        if "host_vars" not in self._folders:
            return {}
        if name not in self._hosts:
            self._hosts[name] = self._read("host_vars", name)
        return self._hosts[name]

    def _read(self, kind: str, name: str) -> dict[str, Entry]:
        folder = self._folders.get(kind)
        found: dict[str, Entry] = {}
        if folder is None or "/" in name or name in {".", ".."}:
            return found
        for file in _files(folder, name):
            text = read(file)
            if text.startswith("$ANSIBLE_VAULT"):
                self.warnings.append(f"{file}: skipped: it is encrypted with Ansible Vault")
                continue
            document = parse(text, str(file))
            if document is not None:
                found |= document.entries()
        return found


def _files(folder: Path, name: str) -> list[Path]:
    """Return the first of NAME, NAME.yml, NAME.yaml, NAME.json; of a folder NAME all such files in it, by name."""
    for suffix in _SUFFIXES:
        path = folder / f"{name}{suffix}"
        if path.is_dir():
            return sorted(
                inner
                for inner in path.rglob("*")
                if inner.is_file() and inner.suffix in _SUFFIXES and not inner.name.startswith(".")
            )
        if path.is_file():
            return [path]
    return []
