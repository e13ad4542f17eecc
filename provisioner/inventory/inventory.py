"""Load an inventory; ask it for hosts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from provisioner.errors import UsageError
from provisioner.inventory.document import Entry
from provisioner.inventory.groups import Group, ListedHost, Tree
from provisioner.inventory.host import InventoryHost, inventory_host
from provisioner.inventory.patterns import select
from provisioner.inventory.position import Position
from provisioner.inventory.sources import document
from provisioner.inventory.variable_files import VariableFiles
from provisioner.inventory.wanted import merged

DOCKER = "docker"
Layers = list[dict[str, Entry]]


class Inventory:
    """The hosts of one inventory. Made by `load`."""

    def __init__(self, path: str, tree: Tree, files: VariableFiles) -> None:
        self.path = path
        self._tree = tree
        self._files = files
        self._shared: dict[tuple[str, ...], tuple[Layers, dict[str, Entry]]] = {}
        self._wanted: dict[tuple[int, ...], tuple[dict[str, Any], dict[tuple[str, ...], Position]]] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was skipped, as Ansible would, as far as it has been read; each host has warnings of its own."""
        return (*self._tree.warnings, *self._files.warnings)

    def hosts(
        self, limit: str | None = None, *, among: str | None = None, supplied: Collection[str] = ()
    ) -> tuple[InventoryHost, ...]:
        """Return the hosts that `limit` (Ansible's -l/--limit) selects, in the inventory's order.

        `among` is a pattern of its own, such as the hosts named as arguments: a host has to match both.
        Only these hosts' variables are looked at. `supplied` names fields of InventoryHost that the command line
        sets (such as "password"): the inventory's values of them are not read, so that an encrypted one does no harm.

        Raises:
            UsageError: the limit matches nothing, or a variable that is needed cannot be used.
        """
        chosen = select(self._tree, limit if among is None else among)
        if limit is not None and among is not None:
            allowed = {host.name for host in select(self._tree, limit)}
            chosen = [host for host in chosen if host.name in allowed]
            if not chosen:
                raise UsageError(f"--limit {limit} leaves none of {among}", hint="no host matches both")
        return tuple(self._host(host, supplied) for host in chosen)

    def _host(self, host: ListedHost, supplied: Collection[str]) -> InventoryHost:
        groups = self._tree.ancestry(host)
        layers, shared = self._of_groups(groups)
        files = self._files.of_host(host.name)
        variables = {**shared, **host.variables, **files}
        sources = [layer[DOCKER] for layer in (*layers, host.variables, files) if DOCKER in layer]
        wanted, positions = self._merged(sources)
        return inventory_host(
            host,
            variables,
            groups=tuple(group.name for group in groups if group.name != "all"),
            wanted=wanted,
            positions=positions,
            supplied=supplied,
        )

    def _of_groups(self, groups: tuple[Group, ...]) -> tuple[Layers, dict[str, Entry]]:
        """Ansible's order: the inventory's variables of all groups, then the files' of all groups."""
        key = tuple(group.name for group in groups)
        if key not in self._shared:
            layers = [group.variables for group in groups] + [self._files.of_group(group.name) for group in groups]
            layers = [layer for layer in layers if layer]
            self._shared[key] = layers, {name: entry for layer in layers for name, entry in layer.items()}
        return self._shared[key]

    def _merged(self, sources: list[Entry]) -> tuple[dict[str, Any], dict[tuple[str, ...], Position]]:
        key = tuple(map(id, sources))  # the entries live as long as the tree
        if key not in self._wanted:
            self._wanted[key] = merged(sources)
        return self._wanted[key]


def load(path: str | Path) -> Inventory:
    """Read an inventory: Ansible's YAML, with group_vars and host_vars beside it; others through ansible-inventory.

    Raises:
        UsageError: the file cannot be read, is no YAML, has a key twice, or is no inventory; with line and column.
    """
    path = Path(path).expanduser()
    found, complete = document(path)
    return Inventory(str(path), Tree(found), VariableFiles(None if complete else path.parent))
