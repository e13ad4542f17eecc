"""Pull images on many hosts, so many at once as registries can bear: what `provisioner image pull` does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from provisioner.errors import TARGET, ApplyError, ProvisionerError, VerifyError
from provisioner.images.agreement import Agreement, agreement
from provisioner.images.name import ImageName
from provisioner.images.pull_output import digests_of
from provisioner.images.pull_trouble import trouble
from provisioner.remote.image_pull import PullAnswer
from provisioner.remote.image_pull import pull_images as pull_on
from provisioner.runs.audience import Audience
from provisioner.runs.brakes import Brake
from provisioner.runs.crash import as_error
from provisioner.runs.fleet import each
from provisioner.runs.image_history import begun
from provisioner.runs.image_proof import Pull, proven
from provisioner.runs.named_run import WHOLE, Part
from provisioner.runs.pulled import Pulled, PulledHost, PulledImage
from provisioner.runs.target import Target

_POLL = 0.2


def pull_images(
    targets: Sequence[Target],
    names: Sequence[ImageName],
    platform: str,
    audience: Audience,
    *,
    forks: int,
    pulls: int,
    proof: bool,
    argv: Sequence[str],
    part: Part = WHOLE,
) -> Pulled:
    """Pull `names` on every host, on at most `pulls` of them at once; then compare what they have.

    With `proof`, a host on which no mirror serves an image that it pulled has failed.

    Raises:
        KeyboardInterrupt: a second Ctrl-C; what has begun goes on to its end on its host.
    """
    journal = begun("image pull", argv, targets, audience.warn, part)
    brake, turns = Brake(), threading.BoundedSemaphore(pulls)

    def work(target: Target) -> PulledHost:
        audience.step(target.name, f"pull {names[0].pulled}" if len(targets) == len(names) == 1 else "")
        try:
            target.transport.connect()
            audience.detail(target.name, "waits for its turn", done=False)
            with _turn(turns, brake):
                return _pull(target, names, platform, audience, proof=proof)
        except ProvisionerError as error:
            return PulledHost(target.name, error=_addressed(target, error))
        finally:
            target.transport.close()

    def done(host: PulledHost) -> None:
        journal.add(host.outcome)
        audience.done(host.outcome)

    audience.begin("pulling on", len(targets))
    try:
        hosts = each(
            targets,
            work,
            forks=forks,
            instead=lambda target, error: PulledHost(target.name, error=as_error(error, target.name)),
            done=done,
            brake=brake,
            waiting=audience.waiting,
        )
    except KeyboardInterrupt:
        audience.interrupted(journal.run)
        raise
    agreements = tuple(_agreement(name.pulled, hosts) for name in names)
    words = {target.name: target for target in targets}
    compared = [_compared(words[host.host], host, agreements) for host in hosts]
    for before, host in zip(hosts, compared, strict=True):
        if host is not before:
            journal.add(host.outcome)
    journal.end()
    audience.ended(journal.run, len(targets))
    return Pulled(journal.run, compared, agreements)


def failed(name: str, error: ProvisionerError) -> PulledHost:
    """A host whose result cannot be shown."""
    return PulledHost(name, error=error)


@contextmanager
def _turn(turns: threading.BoundedSemaphore, brake: Brake) -> Iterator[None]:
    while not turns.acquire(timeout=_POLL):
        if brake.reason:
            raise brake.error()
    try:
        if brake.reason:
            raise brake.error()
        yield
    finally:
        turns.release()


def _pull(target: Target, names: Sequence[ImageName], platform: str, audience: Audience, *, proof: bool) -> PulledHost:
    began = time.monotonic()

    def on_pull(name: ImageName, told: str, done: bool) -> None:  # noqa: FBT001 # as its type
        text = told or f"pull {name.pulled}"
        audience.detail(target.name, text if len(names) == 1 else f"{name.pulled}: {text}", done=done)

    def pull(some: Sequence[ImageName], over: tuple[str, ...] = ()) -> list[PullAnswer]:
        password = target.become_password
        return pull_on(target.transport, some, platform, become_password=password, on_pull=on_pull, over=over)

    def pull_one(name: ImageName, over: tuple[str, ...]) -> PullAnswer:
        return pull([name], over)[0]

    if proof:
        images = [_proven(target, partial(pull_one, name), platform) for name in names]
    else:
        images = [_image(target, answer, platform) for answer in pull(names)]
    return PulledHost(target.name, tuple(images), _of_all(images), time.monotonic() - began)


def _proven(target: Target, pull: Pull, platform: str) -> PulledImage:
    found = proven(target, pull)
    image = _image(target, found.pull, platform)
    if image.error:
        return image
    return replace(image, proof=found.said, error=_addressed(target, found.error) if found.error else None)


def _of_all(images: Sequence[PulledImage]) -> ProvisionerError | None:
    """The errors of a host's images as one."""
    errors = [image.error for image in images if image.error]
    if len(errors) < 2:
        return next(iter(errors), None)
    kind = VerifyError if all(isinstance(error, VerifyError) for error in errors) else ApplyError
    hints = dict.fromkeys(error.hint for error in errors if error.hint)
    return kind("\n".join(error.message for error in errors), hint="\n".join(hints))


def _image(target: Target, answer: PullAnswer, platform: str) -> PulledImage:
    name = answer.name.pulled
    if answer.status:
        what, hint = trouble(answer.name, answer.said, answer.status, answer.mirrors, platform, log=answer.log)
        return PulledImage(name, "failed", error=_addressed(target, ApplyError(f"{name}: {what}", hint=hint)))
    digest, image = answer.output.digest, answer.image
    known = digests_of(name, image.digests) if image else ()
    if not digest and len(known) == 1:
        digest = known[0]
    return PulledImage(
        name,
        answer.output.arrival or "pulled",
        digest,
        image.id if image else "",
        image.platform if image else "",
        tuple(answer.output.closing),
    )


def _agreement(name: str, hosts: Sequence[PulledHost]) -> Agreement:
    here = {host.host: image for host in hosts for image in host.images if (image.name, image.here) == (name, True)}
    return agreement(name, {host: image.digest for host, image in here.items()})


def _compared(target: Target, host: PulledHost, agreements: Sequence[Agreement]) -> PulledHost:
    unlike = [why for found in agreements if (why := found.against(host.host))]
    if not unlike or host.error:
        return host
    error = VerifyError(
        "\n".join(unlike),
        hint="the tag moved meanwhile, or mirrors do not agree: run the same command again, or pull by digest;"
        f" provisioner mirror status {TARGET} asks the mirrors",
    )
    return replace(host, error=_addressed(target, error))


def _addressed(target: Target, error: ProvisionerError) -> ProvisionerError:
    target.address(error)
    return error
