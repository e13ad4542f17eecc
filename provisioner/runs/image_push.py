"""Images from here to hosts, and from a host to here: what `provisioner image push`, `save` and `load` do."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioner.errors import ApplyError, ProvisionerError, UsageError
from provisioner.images.archive import manifest, missing
from provisioner.remote.engine_client import find_way, run_streaming
from provisioner.remote.image_delivery import layers_there, load, send, stage
from provisioner.runs.crash import as_error
from provisioner.runs.fleet import each
from provisioner.runs.image_archive import Archive, Blob, read_archive
from provisioner.runs.image_history import outcome, recorded
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
    *,
    argv: Sequence[str],
    forks: int,
    warn: Callable[[str], None],
) -> list[Delivered]:
    """Load the images of `archive` into the engine of every host; each is sent what it lacks."""

    def work(target: Target) -> Delivered:
        begun = time.monotonic()
        try:
            return _deliver(archive, target, begun)
        except ProvisionerError as error:
            target.address(error)
            return Delivered(target.name, error=error, seconds=time.monotonic() - begun)
        finally:
            target.transport.close()

    def done(row: Delivered) -> None:
        journal.add(outcome(row.host, command, seconds=row.seconds, error=row.error))

    with recorded(command, argv, targets, warn) as journal:
        return each(
            targets,
            work,
            forks=forks,
            instead=lambda target, error: failed(target.name, as_error(error, target.name)),
            done=done,
        )


def failed(name: str, error: ProvisionerError) -> Delivered:
    """A host that has not got the images."""
    return Delivered(name, error=error)


def save(source: Target, names: Sequence[str], path: Path) -> None:
    """Write the images of a host's engine to the file `path`, which is there only once that is whole.

    Raises:
        ProvisionerError: the engine cannot be asked, or has no such image; the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    said = bytearray()
    try:
        with contextlib.closing(source.transport), part.open("wb") as file:
            part.chmod(0o600)
            way = find_way(source.transport, become_password=source.become_password)
            status = run_streaming(
                source.transport,
                way,
                ("save", *names),
                become_password=source.become_password,
                out=lambda chunk: _write(file.fileno(), chunk),
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
def saved(source: Target, names: Sequence[str]) -> Iterator[Archive]:
    """The images of a host's engine in a private file of this machine, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="provisioner-images-") as folder:
        path = Path(folder) / "images.tar"
        save(source, names, path)
        yield read_archive(path)


def _write(file: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(file, rest) :]


def _deliver(archive: Archive, target: Target, begun: float) -> Delivered:
    transport, password = target.transport, target.become_password
    stock = layers_there(transport, become_password=password)
    needed: dict[str, Blob] = {}
    layers: dict[str, Blob] = {}
    for image in archive.images:
        needed[image.config.digest] = image.config
        lacking = range(len(image.layers)) if stock is None else missing(image.diffs, stock)
        layers |= {image.layers[number].digest: image.layers[number] for number in lacking}
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
    for digest, blob in needed.items():
        if staged.sizes.get(digest) != -1:
            send(transport, staged, digest, blob.size, archive.content(blob, begins[digest]))
    rows = [(image.tags, image.config.digest, [layer.digest for layer in image.layers]) for image in archive.images]
    wanted = {image.tags[0]: image.diffs for image in archive.images if image.tags}
    said = load(transport, staged, list(needed), manifest(rows), wanted, become_password=password)
    every = {layer.digest for image in archive.images for layer in image.layers}
    sent = tuple(digest for digest in layers if staged.sizes.get(digest) != -1)
    seconds = time.monotonic() - begun
    return Delivered(target.name, sent, len(layers) - len(sent), len(every) - len(layers), left, said, seconds=seconds)


def _begin(there: int, blob: Blob) -> int:
    """From which byte on a blob is sent; one of which more is there than it has begins anew by failing its check."""
    return blob.size if there == -1 else min(there, blob.size)
