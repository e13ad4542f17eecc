"""Pull images on a host, as the account there may, with its own logins to registries."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from provisioner.errors import ConnectionLostError, FactsError
from provisioner.images.listing import DETAILS, Details, details
from provisioner.images.name import ImageName
from provisioner.images.pull_output import PullOutput
from provisioner.images.pull_trouble import LEAVING, LIMIT
from provisioner.remote.images import ask_engine
from provisioner.transports.base import Transport

SLACK = 300.0
"""Seconds beside those of the pulls: to log in, to ask the engine."""

OnPull = Callable[[ImageName, str, bool], None]
"""Called with an image, what there is to tell of its pull, and whether that is something done for good; "" at first."""


@dataclass(frozen=True, slots=True)
class PullAnswer:
    """How one pull ended: docker's `status`, what it `said` on stderr, and the image where it is here.

    After a failure, `mirrors` are the engine's, and `log` says how they failed, as far as this account may know.
    """

    name: ImageName
    output: PullOutput
    status: int
    said: str
    image: Details | None = None
    mirrors: tuple[str, ...] = ()
    log: str = ""


def pull_images(
    transport: Transport,
    names: Sequence[ImageName],
    platform: str,
    *,
    become_password: str | None,
    on_pull: OnPull,
    over: Sequence[str] = (),
) -> list[PullAnswer]:
    """Pull `names` one after another; a pull that fails keeps none of the others from its turn. The host has the first
    of the files `over` that can be made there once all have ended.

    Raises:
        ConnectError: see `Transport.run`. Pulls that have begun go on without a connection, and so do the next ones.
        FactsError, UnsupportedError, PrivilegeError: see `ask_engine`.
    """
    outputs = [PullOutput() for _ in names]
    begun = False

    def hear(frame: str, line: str) -> None:
        nonlocal begun
        verb, _, number = frame.partition(" ")
        if verb != "pull" or not number.isdecimal() or int(number) >= len(names):
            return
        begun = True
        told, done = outputs[int(number)].hear(line)
        if told or not line:
            on_pull(names[int(number)], told, done)

    try:
        found = ask_engine(
            transport,
            "images/pull.sh.j2",
            become_password=become_password,
            timeout=LIMIT * len(names) + SLACK,
            hear=hear,
            limit=LIMIT,
            leaving=LEAVING,
            how=("--platform", platform) if platform else (),
            details=DETAILS,
            over=over,
            images=[{"name": name.pulled, "found": _found(name)} for name in names],
        )
    except ConnectionLostError as lost:
        raise type(lost)(f"{lost.message}. {_WHEREABOUTS[begun]}", hint=_AGAIN) from lost
    return [_answer(found, str(number), name, outputs[number]) for number, name in enumerate(names)]


_WHEREABOUTS = {
    True: "The pull goes on there to its end, by itself",
    False: "Whether the pull has begun there was not heard; if it has, it goes on to its end, by itself",
}
_AGAIN = "run the same command again: it waits for what is on its way, and tells the digest"


def _found(name: ImageName) -> str:
    """What the image is found by afterwards: a tag beside a digest is not written by a pull."""
    return f"{name.familiar}@{name.digest}" if name.digest else name.pulled


def _answer(found: dict[str, str], number: str, name: ImageName, output: PullOutput) -> PullAnswer:
    status = found.get(f"status {number}", "")
    if not status.isdecimal() or len(status) > 3:
        raise FactsError(f"how the pull of {name.pulled} ended was not said")
    try:
        image = next(iter(details(found.get(f"image {number}", "")).values()), None)
        mirrors = json.loads(found.get(f"mirrors {number}") or "[]")
    except (FactsError, ValueError, RecursionError):  # they would be good to know, and decide nothing
        image, mirrors = None, []
    said = tuple(str(url) for url in mirrors) if isinstance(mirrors, list) else ()
    log = found.get(f"log {number}", "")
    return PullAnswer(name, output, int(status), found.get(f"said {number}", ""), image, said, log)
