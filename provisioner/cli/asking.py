"""Ask many hosts what can be installed on them: what `source probe` and `versions` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from provisioner.cli.crash import as_bug
from provisioner.errors import ProvisionerError
from provisioner.fleet import each
from provisioner.offers import Offers
from provisioner.pipeline import Target


def ask(targets: Sequence[Target], work: Callable[[Target], Offers], forks: int) -> list[Offers]:
    """Return the answer of every host; a host that fails has its error in it."""

    def instead(target: Target, error: Exception) -> Offers:
        known = error if isinstance(error, ProvisionerError) else as_bug(error, target.name)
        return Offers(target.name, error=known)

    return each(targets, work, forks=forks, instead=instead)
