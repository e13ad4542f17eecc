"""Images from here to hosts, and from a host to here: what `provisioner image push`, `save` and `load` do."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioner.errors import TARGET, ApplyError, ProvisionerError, UsageError
from provisioner.images.archive import manifest, missing
from provisioner.remote.engine_client import find_way, run_streaming
from provisioner.remote.image_delivery import Stock, load, send, stage, stock_there
from provisioner.runs.audience import Audience
from provisioner.runs.image_archive import Archive, Blob, read_archive
from provisioner.runs.image_history import on_each, outcome
from provisioner.runs.image_transfer import Transfer
from provisioner.runs.named_run import WHOLE, Part
from provisioner.runs.outcome import Outcome
from provisioner.runs.target import Target
from provisioner.transports import limits

RESERVE = 64 * limits.MiB
"""Bytes that stay free on a host besides what is sent."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of images for one host: layers that travelled, and that were there; the bytes that were sent."""

    host: str
    sent: tuple[str, ...] = ()
    kept: int = 0
    there: int = 0
    bytes: int = 0
    said: str = ""
    error: ProvisionerError | None = None
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0


def deliver(
    command: str,
    archive: Archive,
    targets: Sequence[Target],
    audience: Audience,
    *,
    argv: Sequence[str],
    forks: int,
    part: Part = WHOLE,
) -> list[Delivered]:
    """Load the images of `archive` into the engine of every host; each is sent what it lacks.

    Raises:
        UsageError: see `provisioner.runs.image_history.on_each`; no host was contacted.
    """

    def work(target: Target) -> Delivered:
        begun = time.monotonic()
        audience.step(target.name, "")
        try:
            return _deliver(archive, target, audience, begun)
        except ProvisionerError as error:
            target.address(error)
            return Delivered(target.name, error=error, seconds=time.monotonic() - begun)
        finally:
            target.transport.close()

    def became(row: Delivered) -> Outcome:
        return outcome(row.host, command, seconds=row.seconds, error=row.error)

    audience.begin("sending to", len(targets))
    return on_each(
        *(command, argv, targets, work),
        failed=failed,
        became=became,
        warn=audience.warn,
        told=audience.done,
        part=part,
        forks=forks,
        waiting=audience.waiting,
    )


def failed(name: str, error: ProvisionerError) -> Delivered:
    """A host that has not got the images."""
    return Delivered(name, error=error)


def save(source: Target, names: Sequence[str], path: Path, audience: Audience) -> None:
    """Write the images of a host's engine to the file `path`, which is there only once that is whole.

    Raises:
        ProvisionerError: the engine cannot be asked, or has no such image; the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    said = bytearray()
    audience.begin("saving from", 1)
    transfer = Transfer(audience, source.name, f"docker save {' '.join(names)}")

    def keep(chunk: bytes) -> None:
        _write(file.fileno(), chunk)
        transfer.add(len(chunk))

    try:
        with contextlib.closing(source.transport), part.open("wb") as file:
            part.chmod(0o600)
            way = find_way(source.transport, become_password=source.become_password)
            status = run_streaming(
                source.transport,
                way,
                ("save", *names),
                become_password=source.become_password,
                out=keep,
                err=lambda chunk: said.extend(chunk[: limits.STEP_LOG - len(said)]),
            )
        if status:
            words = said.decode("utf-8", "replace").strip() or f"status {status}"
            raise ApplyError(f"{source.name}: docker save: {words}")
        part.replace(path)
    except OSError as cause:
        raise UsageError(f"{path}: {cause.strerror or cause}") from cause
    except ProvisionerError as error:
        source.address(error)
        raise
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def saved(source: Target, names: Sequence[str], audience: Audience) -> Iterator[Archive]:
    """The images of a host's engine in a private file of this machine, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="provisioner-images-") as folder:
        path = Path(folder) / "images.tar"
        save(source, names, path, audience)
        yield read_archive(path)


def _write(file: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(file, rest) :]


def _deliver(archive: Archive, target: Target, audience: Audience, begun: float) -> Delivered:
    transport, password = target.transport, target.become_password
    stock = stock_there(transport, become_password=password)
    needed: dict[str, Blob] = {}
    layers: dict[str, Blob] = {}
    for image in archive.images:
        needed[image.config.digest] = image.config
        lacking = range(len(image.layers)) if stock.layers is None else missing(image.diffs, stock.layers)
        layers |= {image.layers[number].digest: image.layers[number] for number in lacking}
    _check(target, stock, layers.values())
    needed |= layers
    staged = stage(transport, list(needed))
    begins = {digest: _begin(staged.sizes.get(digest, 0), blob) for digest, blob in needed.items()}
    left = sum(blob.size - begins[digest] for digest, blob in needed.items())
    if left + RESERVE > staged.room:
        raise ApplyError(
            f"{target.name}: {left // limits.MiB + 1} MiB are to be sent, and {staged.path} has room for "
            f"{staged.room // limits.MiB} MiB; nothing was loaded",
            hint="make room there, as with docker image prune",
        )
    transfer = Transfer(audience, target.name, "send", left)
    for digest, blob in needed.items():
        if staged.sizes.get(digest) != -1:
            begin = begins[digest]
            content = transfer.counted(archive.content(blob, begin))
            send(transport, staged, digest, begin=begin, size=blob.size, content=content)
    audience.detail(target.name, "docker load", done=False)
    rows = [(image.tags, image.config.digest, [layer.digest for layer in image.layers]) for image in archive.images]
    wanted = {image.tags[0]: image.diffs for image in archive.images if image.tags}
    said = load(transport, staged, list(needed), manifest(rows), wanted, become_password=password)
    every = {layer.digest for image in archive.images for layer in image.layers}
    sent = tuple(digest for digest in layers if staged.sizes.get(digest) != -1)
    seconds = time.monotonic() - begun
    return Delivered(target.name, sent, len(layers) - len(sent), len(every) - len(layers), left, said, seconds=seconds)


def _check(target: Target, stock: Stock, layers: Iterable[Blob]) -> None:
    if not stock.unpacks_zstandard and any(layer.zstandard for layer in layers):
        raise ApplyError(
            f"{target.name}: a layer is packed with zstandard, which Docker Engine {stock.version} cannot unpack; "
            "nothing was sent",
            hint=f"provisioner versions {TARGET} shows newer engines: 23.0 can; or push from an engine without the "
            "containerd image store, whose layers are not packed",
        )


def _begin(there: int, blob: Blob) -> int:
    """From which byte on a blob is sent; one of which more is there than it has begins anew by failing its check."""
    return blob.size if there == -1 else min(there, blob.size)
