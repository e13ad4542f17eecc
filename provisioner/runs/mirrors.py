"""Registry mirrors as many hosts see them, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from provisioner.catalogue.registry_mirrors import alive_mirrors
from provisioner.errors import ProvisionerError, VerifyError
from provisioner.facts.configured_mirrors import KEY
from provisioner.facts.host import Host
from provisioner.mirror_probe import DOCKER_HUB_URL
from provisioner.mirror_probe.answer import Image
from provisioner.mirror_probe.judge import Judged, fastest, judge
from provisioner.mirror_probe.proxies import shown_proxies
from provisioner.remote import mirror_probe
from provisioner.remote.wanted_mirrors import ask_wanted
from provisioner.runs.answers import answers
from provisioner.runs.fleet import worst
from provisioner.runs.target import Target
from provisioner.runs.wanted_state import spec


@dataclass(frozen=True, slots=True)
class View:
    """The mirrors as one host sees them, the best first; or why it could not be asked."""

    host: str
    mirrors: tuple[Judged, ...] = ()
    error: ProvisionerError | None = None

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0


def views(
    targets: Sequence[Target],
    urls: Sequence[str],
    images: Sequence[Image] = (),
    *,
    forks: int,
    reference: str = DOCKER_HUB_URL,
    keep_open: bool = False,
) -> list[View]:
    """Ask `urls` from every host at once; see `provisioner.remote.mirror_probe`."""

    def ask(target: Target) -> View:
        probed = mirror_probe.probe_mirrors(
            target.transport, urls, images, become_password=target.become_password, reference=reference
        )
        return View(target.name, judge(probed, images))

    return answers(targets, ask, failed, forks=forks, keep_open=keep_open)


def new_mirrors(target: Target, host: Host) -> tuple[Judged, ...]:
    """Return how the mirrors that the host is to get, and does not have yet, answer there.

    Raises:
        ConnectError, FactsError: see `provisioner.remote.wanted_mirrors`.
    """
    stand = host.daemon_json.values.get(KEY)
    there = {url.rstrip("/") for url in stand if isinstance(url, str)} if isinstance(stand, list) else set()
    there |= {url for row in host.registries for url in row.urls}
    there |= set(host.info.mirrors if host.info else ())
    return ask_wanted(
        target.transport,
        target.spec,
        become_password=target.become_password,
        there=there,
        proxies=shown_proxies(host.info.raw) if host.info else None,
    )


def failed(name: str, error: ProvisionerError) -> View:
    """A host that could not be asked, or whose answer is of no use."""
    return View(name, error=error)


def candidates(urls: Sequence[str]) -> list[str]:
    """Return the mirrors to ask: those that were named, else those of the list that are alive."""
    return list(urls or alive_mirrors())


def with_mirrors(target: Target, urls: Sequence[str]) -> Target:
    """The target whose wanted mirrors are these, which it was just asked about; what else is wanted of it stays."""
    said = target.spec.model_dump(exclude_unset=True)
    return replace(target, spec=spec(**{**said, "registry_mirrors": urls}), force=True)


def exit_code(seen: Sequence[View], *, every: bool) -> int:
    """The worst of the hosts'; 7 where not `every` mirror can be used, else where none can."""
    codes = [view.exit_code for view in seen]
    enough = all if every else any
    if not all(enough(mirror.usable for mirror in view.mirrors) for view in seen if not view.error):
        codes.append(VerifyError.exit_code)
    return worst(codes)


def pick(seen: Sequence[View], count: int) -> list[str]:
    """Return the `count` fastest mirrors that are alive on all hosts, fewer when fewer are.

    Hosts that cannot be asked are left out here; the change reports them.

    Raises:
        VerifyError: no mirror is alive on every host.
    """
    picked = fastest({view.host: view.mirrors for view in seen if not view.error}, count)
    if not picked:
        raise VerifyError(
            "no mirror is alive on every host; nothing was changed",
            hint="provisioner mirror list shows others; name them",
        )
    return picked
