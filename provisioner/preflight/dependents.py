"""Packages that go along when others go: those that need them, unless a coming package satisfies them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provisioner.catalogue.package_versions import RELATIONS, deb_order, rpm_order
from provisioner.catalogue.packages import provided_by
from provisioner.errors import BlockedError
from provisioner.facts.dependencies import Requirement
from provisioner.facts.model import Facts


def dependents(facts: Facts, going: Iterable[str], coming: Mapping[str, str]) -> dict[str, str]:
    """Return the installed packages that cannot stay without `going`, each with what it needs.

    `coming` maps names to versions; "" is one that only the package manager can tell, and counts as enough.
    """
    deb = facts.package_manager == "apt"
    found: dict[str, str] = {}
    gone = set(going)
    changed = True
    while changed:
        changed = False
        for row in facts.package_state.dependencies:
            lost = row.providers <= gone and not any(_satisfied(each, coming, deb=deb) for each in row.alternatives)
            if lost and row.package not in gone and row.package not in coming:
                found[row.package] = str(row)
                gone.add(row.package)
                changed = True
    return found


def refuse_dependents(lost: Mapping[str, str], *, why: str, otherwise: str) -> None:
    """Refuse to take away what nobody asked for.

    Raises:
        BlockedError: something is in `lost`; `why` says what removes it, `otherwise` how to do without.
    """
    if lost:
        said = "; ".join(f"{name} needs {what}" for name, what in lost.items())
        raise BlockedError(
            f"{why}, and {said}: {'it' if len(lost) == 1 else 'they'} would be removed too",
            hint=f"--remove-dependents removes {'it' if len(lost) == 1 else 'them'} as well; {otherwise}",
        )


def _satisfied(wanted: Requirement, coming: Mapping[str, str], *, deb: bool) -> bool:
    version = coming.get(wanted.name)
    if version is not None:
        order = deb_order if deb else rpm_order
        return not (wanted.relation and version) or RELATIONS[wanted.relation](order(version, wanted.version))
    # What provides a name without a version is to dpkg no particular one, and to rpm any.
    return (not wanted.relation or not deb) and any(wanted.name in provided_by(name) for name in coming)
