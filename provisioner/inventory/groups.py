"""The tree of groups and hosts, with Ansible's order and precedence."""

from __future__ import annotations

import difflib
import graphlib

from provisioner.errors import UsageError
from provisioner.inventory.document import Entry
from provisioner.inventory.ranges import MOST_HOSTS, hosts_and_port

SECTIONS = ("hosts", "children", "vars")


class Group:
    """A group; `depth` is its longest way from `all`."""

    __slots__ = ("children", "depth", "hosts", "name", "parents", "variables")

    def __init__(self, name: str) -> None:
        self.name = name
        self.variables: dict[str, Entry] = {}
        self.children: dict[str, Group] = {}
        self.parents: dict[str, Group] = {}
        self.hosts: dict[str, ListedHost] = {}
        self.depth = 0

    def precedence(self) -> tuple[int, int, str]:
        """Ansible's order of groups: by depth, then ansible_group_priority, then name; later ones win."""
        priority = self.variables.get("ansible_group_priority")
        return (self.depth, (priority.number(-(10**9), 10**9) or 1) if priority else 1, self.name)


class ListedHost:
    """A host; `variables` are its own ones, `port` the one written behind its name."""

    __slots__ = ("groups", "name", "port", "variables")

    def __init__(self, name: str) -> None:
        self.name = name
        self.port: int | None = None
        self.variables: dict[str, Entry] = {}
        self.groups: dict[str, Group] = {}


class Tree:
    """All groups and hosts of a document; `warnings` says what Ansible would skip, too."""

    def __init__(self, document: Entry | None) -> None:
        self.groups = {name: Group(name) for name in ("all", "ungrouped")}
        self.hosts: dict[str, ListedHost] = {}
        self.warnings: list[str] = []
        self._file = document.position.file if document else ""
        for name, entry in document.entries().items() if document else ():
            self._add(name, entry, ())
        self._settle()

    def members(self, group: Group) -> list[ListedHost]:
        """Return the hosts of a group and of those below it: nearest groups first, each in the document's order."""
        found: dict[str, ListedHost] = {}
        seen = {group.name}
        level = [group]
        while level:
            below: list[Group] = []
            for each in level:
                found |= each.hosts
                for child in each.children.values():
                    if child.name not in seen:
                        seen.add(child.name)
                        below.append(child)
            level = below
        return list(found.values())

    def ancestry(self, host: ListedHost) -> tuple[Group, ...]:
        """Return all groups that a host is in, `all` first, the one that wins last."""
        found = {"all": self.groups["all"]}
        waiting = list(host.groups.values())
        while waiting:
            group = waiting.pop()
            if group.name not in found:
                found[group.name] = group
                waiting.extend(group.parents.values())
        return tuple(sorted(found.values(), key=Group.precedence))

    def _add(self, name: str, entry: Entry, above: tuple[str, ...]) -> Group | None:
        if not (entry.is_null or entry.is_mapping):
            self.warnings.append(f"{entry.position}: skipped: a group is a mapping, not {entry.kind}")
            return None
        if name in above:
            raise entry.error(f"the group {name} is below itself: {' > '.join((*above, name))}")
        group = self.groups.setdefault(name, Group(name))
        for key, section in entry.entries().items():  # in the document's order: later variables of a host win
            if key == "vars":
                group.variables.update(_section(key, section))
            elif key == "children":
                self._add_children(group, section, (*above, name))
            elif key == "hosts":
                for pattern, variables in _section(key, section).items():
                    self._add_hosts(pattern, variables, group)
            else:
                self._unknown(key, section)
        return group

    def _add_children(self, group: Group, section: Entry, above: tuple[str, ...]) -> None:
        for name, entry in _section("children", section).items():
            child = self._add(name, entry, above)
            if child is not None:
                group.children[child.name] = child
                child.parents[group.name] = group

    def _unknown(self, key: str, entry: Entry) -> None:
        if key == "docker":
            raise entry.error("docker: stands below vars: or below a host", hint="move it below vars: of this group")
        close = difflib.get_close_matches(key, SECTIONS, 1)
        self.warnings.append(
            f"{entry.position}: skipped: a group has hosts, children and vars"
            + (f"; did you mean {close[0]}?" if close else "")
        )

    def _add_hosts(self, pattern: str, entry: Entry, group: Group) -> None:
        if not (entry.is_null or entry.is_mapping):
            raise entry.error(
                f"the variables of a host are a mapping, not {entry.kind}", hint=f"write {pattern}: with nothing behind"
            )
        try:
            names, port = hosts_and_port(pattern)
        except ValueError as cause:
            raise entry.error(str(cause)) from cause
        if len(self.hosts) + len(names) > MOST_HOSTS:
            raise entry.error(f"the inventory has more than {MOST_HOSTS} hosts")
        variables = entry.entries()
        for name in names:
            host = self.hosts.get(name)
            if host is None:
                host = self.hosts[name] = ListedHost(name)
            host.variables.update(variables)
            host.port = port or host.port
            host.groups[group.name] = group
            group.hosts[name] = host

    def _settle(self) -> None:
        top = self.groups["all"]
        for group in self.groups.values():
            if group is not top and not group.parents:
                top.children[group.name] = group
                group.parents["all"] = top
        self._measure()
        ungrouped = self.groups["ungrouped"]
        for host in self.hosts.values():
            if host.groups.keys() <= {"all"}:
                host.groups["ungrouped"] = ungrouped
                ungrouped.hosts[host.name] = host
            elif "ungrouped" in host.groups and not host.groups.keys() <= {"all", "ungrouped"}:
                del host.groups["ungrouped"]
                del ungrouped.hosts[host.name]

    def _measure(self) -> None:
        """Set the depths; groups defined in several places may make a circle that no single place shows."""
        sorter = graphlib.TopologicalSorter({name: group.parents.keys() for name, group in self.groups.items()})
        try:
            for name in sorter.static_order():
                group = self.groups[name]
                group.depth = max((parent.depth + 1 for parent in group.parents.values()), default=0)
        except graphlib.CycleError as cause:
            circle = " > ".join(cause.args[1])
            raise UsageError(
                f"{self._file}: groups are below themselves: {circle}", hint="cut the circle of children:"
            ) from cause


def _section(key: str, entry: Entry) -> dict[str, Entry]:
    if entry.kind == "text":
        return entry.keyed()
    if not (entry.is_mapping or entry.is_null):
        raise entry.error(
            f"{key}: is a mapping, not {entry.kind}", hint="write one name a line, each with a colon: web1:"
        )
    return entry.entries()
