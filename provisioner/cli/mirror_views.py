"""Mirrors as many hosts see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.cli.crash import expected
from provisioner.errors import ProvisionerError
from provisioner.fleet import each
from provisioner.mirrors import HUB
from provisioner.mirrors.answer import Image
from provisioner.mirrors.judge import Judged, judge
from provisioner.mirrors.probe import probe
from provisioner.pipeline import Target


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
    """Ask `urls` from every host at once; see `provisioner.mirrors.probe`."""

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
    return View(target.name, error=expected(error, target.name))
