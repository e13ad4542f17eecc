"""Images to a host over its own connection: what it lacks, blob by blob, and then all at once to its engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from provisioner.errors import ApplyError, FactsError, VerifyError
from provisioner.facts.frames import frames, new_nonce
from provisioner.host_files.lines import lines
from provisioner.remote.answer import answer
from provisioner.remote.images import ask_engine, client
from provisioner.scripts.one_line import one_line
from provisioner.scripts.render import shell_text
from provisioner.transports import limits
from provisioner.transports.base import Transport

LOADING = 3600.0
"""Seconds that an engine may take to unpack what it is given."""

ZSTANDARD_SINCE = 23
"""The first engine that unpacks layers in zstandard: moby's pull request 41759."""

WRONG_CONTENT, ANOTHER_BEGIN = 65, 67
"""Statuses of images/receive.sh.j2."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A private directory of one run on a host: the bytes of each blob that are there, -1 for a whole one, and its free
    bytes.
    """

    path: str
    sizes: Mapping[str, int]
    room: int


@dataclass(frozen=True, slots=True)
class Stock:
    """The unpacked digests of the layers of each image that is there, by an engine of this `version`; no `layers` in a
    containerd image store, which takes whole images alone.
    """

    version: str
    layers: list[list[str]] | None

    @property
    def unpacks_zstandard(self) -> bool:
        major = self.version.partition(".")[0]
        return major.isdecimal() and int(major) >= ZSTANDARD_SINCE


def stock_there(transport: Transport, *, become_password: str | None) -> Stock:
    """Return what is there.

    Raises:
        ProvisionerError: see `ask_engine`.
    """
    found = ask_engine(transport, "images/layers.sh.j2", become_password=become_password)
    version = client(found).engine
    if "io.containerd.snapshotter" in found.get("store", ""):
        return Stock(version, None)
    return Stock(version, _layers(transport.name, found.get("layers", "")))


def stage(transport: Transport, blobs: Sequence[str]) -> Stage:
    """Make the directory, with what other runs have left of `blobs`, or have so far.

    Raises:
        ConnectError: see `Transport.run`.
        FactsError: the answer is incomplete.
        ApplyError: there can be no such directory.
    """
    nonce = new_nonce()
    completed = answer(transport, shell_text("images/stage.sh.j2", nonce=nonce, blobs=blobs), timeout=120)
    found = {frame.name: frame.body for frame in frames(completed.stdout, nonce)}
    if "trouble" in found:
        raise ApplyError(f"{transport.name}: no place for what is sent: {found['trouble'].strip()}")
    sizes = {}
    for line in lines(found.get("sizes", "")):
        blob, _, said = line.partition(" ")
        if blob in blobs:
            sizes[blob] = -1 if said == "whole" else _number(transport.name, said)
    return Stage(found.get("stage", ""), sizes, _number(transport.name, found.get("room", "").strip()) * 1024)


def send(transport: Transport, there: Stage, blob: str, *, begin: int, size: int, content: Iterable[bytes]) -> None:
    """Send what is left of a blob from its byte `begin` on; it is checked as it lands.

    Raises:
        ConnectError: see `Transport.stream`; what has landed stays for the next run.
        ApplyError: it is not what its digest says, and was taken away again.
    """
    said = bytearray()

    def hear(chunk: bytes) -> None:
        said.extend(chunk[: limits.STEP_LOG - len(said)])

    script = shell_text("images/receive.sh.j2", stage=there.path, digest=blob, begin=begin, size=size)
    status = transport.stream(one_line(script), out=hear, err=hear, content=content)
    if status == WRONG_CONTENT:
        raise ApplyError(
            f"{transport.name}: blob sha256:{blob} arrived with other content than its digest says; nothing was loaded",
            hint="run it again: that blob is sent anew",
        )
    if status == ANOTHER_BEGIN:
        raise ApplyError(
            f"{transport.name}: {there.path} is not as it was; nothing was loaded",
            hint="run it again: that blob is sent anew",
        )
    if status:
        words = said.decode("utf-8", "replace").strip() or f"status {status}"
        raise ApplyError(f"{transport.name}: blob sha256:{blob} could not be kept: {words}", hint="run it again")


def load(
    transport: Transport,
    there: Stage,
    blobs: Sequence[str],
    manifest: str,
    wanted: Mapping[str, Sequence[str]],
    *,
    become_password: str | None,
) -> str:
    """Have the engine load `blobs` as `manifest` says; return what it says. `wanted`: layers by the names of images.

    Raises:
        ProvisionerError: see `ask_engine`.
        ApplyError: a blob has changed, or the engine refuses.
        VerifyError: it has taken them, and shows something else.
    """
    found = ask_engine(
        transport,
        "images/load.sh.j2",
        become_password=become_password,
        timeout=LOADING,
        stage=there.path,
        blobs=blobs,
        manifest=manifest,
        ids=list(wanted),
    )
    host = transport.name
    if wrong := found.get("wrong"):
        raise ApplyError(f"{host}: blob sha256:{wrong.strip()} has changed on the host; nothing was loaded")
    if found.get("status") != "0":
        raise ApplyError(f"{host}: docker load: {found.get('said', '').strip() or 'it failed'}", hint="run it again")
    if wanted and _layers(host, found.get("loaded", "")) != [list(layers) for layers in wanted.values()]:
        raise VerifyError(f"{host}: the engine has loaded the images, and shows other layers than were sent")
    return found.get("shown", "").strip()


def _layers(host: str, text: str) -> list[list[str]]:
    try:
        found = [[str(layer) for layer in json.loads(line) or ()] for line in lines(text) if line.strip()]
    except (ValueError, RecursionError, TypeError) as cause:
        raise FactsError(f"{host}: docker image inspect does not say which layers there are") from cause
    return found


def _number(host: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > limits.DIGITS:
        raise FactsError(f"{host}: {text[:40]!r} is no number of bytes")
    return int(text)
