"""Mirrors as many hosts see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.errors import ProvisionerError
from provisioner.mirror_probe import HUB
from provisioner.mirror_probe.answer import Image
from provisioner.mirror_probe.judge import Judged, judge
from provisioner.remote.mirror_probe import probe
from provisioner.runs.crash import as_error
from provisioner.runs.fleet import each
from provisioner.runs.target import Target


@dataclass(frozen=True, slots=True)
class View:
    """The mirrors as one host sees them, the best first; or why it could not be asked."""

    host: str
    mirrors: tuple[Judged, ...] = ()
    error: ProvisionerError | None = None


def views(
    targets: Sequence[Target],
    urls: Sequence[str],
    images: Sequence[Image] = (),
    *,
    forks: int,
    reference: str = HUB,
    keep_open: bool = False,
) -> list[View]:
    """Ask `urls` from every host at once; see `provisioner.remote.mirror_probe`."""

    def look(target: Target) -> View:
        try:
            probed = probe(target.transport, urls, images, become_password=target.become_password, reference=reference)
            return View(target.name, judge(probed, images))
        except ProvisionerError as error:
            return View(target.name, error=error)
        finally:
            if not keep_open:
                target.transport.close()

    return each(targets, look, forks=forks, instead=_stand_in)


def _stand_in(target: Target, error: Exception) -> View:
    return View(target.name, error=as_error(error, target.name))
