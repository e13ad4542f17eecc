"""A file that `docker save` wrote: every digest in it is checked before anything of it goes to a host."""

from __future__ import annotations

import hashlib
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from provisioner.errors import UsageError
from provisioner.images.archive import MANIFEST, Entry, diff_ids, entries
from provisioner.transports import limits

CHUNK = 1 << 18
GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
"""How packed content begins."""
MEMBERS = 100_000


@dataclass(frozen=True, slots=True)
class Blob:
    """A file in an archive that begins at `offset` of it: its content's digest in hexadecimal digits, and its size.

    One in zstandard goes as it is: the engine that unpacks it checks what comes out.
    """

    digest: str
    offset: int
    size: int
    zstandard: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """An image in an archive. `diffs` are the digests of its layers when unpacked."""

    tags: tuple[str, ...]
    config: Blob
    layers: tuple[Blob, ...]
    diffs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of `docker save` whose digests are right."""

    path: Path
    images: tuple[Image, ...]

    def content(self, blob: Blob, begin: int = 0) -> Iterator[bytes]:
        """Yield a blob from its byte `begin` on."""
        with self.path.open("rb") as file:
            file.seek(blob.offset + begin)
            left = blob.size - begin
            while left > 0 and (chunk := file.read(min(left, CHUNK))):
                left -= len(chunk)
                yield chunk


def read_archive(path: Path) -> Archive:
    """Return what is in the file, after its digests were checked.

    Raises:
        UsageError: it is none of `docker save`, or a digest in it is wrong, with the blob that it is of.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            names = _names(tar, path)
            text = _text(tar, names, MANIFEST, path)
            layers: dict[str, tuple[Blob, str]] = {}
            return Archive(path, tuple(_image(tar, names, entry, path, layers) for entry in entries(text)))
    except UsageError as error:
        raise UsageError(f"{path}: {error.message.removeprefix(f'{path}: ')}", hint=error.hint) from error
    except tarfile.TarError as cause:
        raise UsageError(f"{path}: it is no archive of docker save: {cause}") from cause
    except OSError as cause:
        raise UsageError(f"{path}: {cause.strerror or cause}") from cause


def _names(tar: tarfile.TarFile, path: Path) -> dict[str, tarfile.TarInfo]:
    names: dict[str, tarfile.TarInfo] = {}
    for member in tar:
        names[member.name.removeprefix("./")] = member
        if len(names) > MEMBERS:
            raise UsageError(f"{path}: it has more than {MEMBERS} files")
    return names


def _file(tar: tarfile.TarFile, names: dict[str, tarfile.TarInfo], name: str) -> tuple[tarfile.TarInfo, IO[bytes]]:
    member = names.get(name)
    for _ in range(8):  # older engines write a layer that they have written before as a link to it
        if member is None or member.isfile():
            break
        target = member.linkname if member.islnk() else str(Path(member.name).parent / member.linkname)
        member = names.get(_plain(target))
    content = tar.extractfile(member) if member is not None and member.isfile() else None
    if member is None or content is None:
        raise UsageError(f"{name} is not in it", hint="write it anew with docker save")
    return member, content


def _plain(target: str) -> str:
    parts: list[str] = []
    for part in target.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {"", ".", ".."}:
            parts.append(part)
    return "/".join(parts)


def _text(tar: tarfile.TarFile, names: dict[str, tarfile.TarInfo], name: str, path: Path) -> str:
    member, content = _file(tar, names, name)
    if member.size > limits.FACTS:
        raise UsageError(f"{path}: {name} has more than {limits.FACTS // limits.MiB} MiB")
    return content.read().decode("utf-8", "surrogateescape")


def _image(
    tar: tarfile.TarFile,
    names: dict[str, tarfile.TarInfo],
    entry: Entry,
    path: Path,
    seen: dict[str, tuple[Blob, str]],
) -> Image:
    text = _text(tar, names, entry.config, path)
    member, _ = _file(tar, names, entry.config)
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    named = entry.config.rpartition("/")[2].removesuffix(".json")
    if named != digest:
        raise _wrong(entry.config, named, digest)
    diffs = diff_ids(text, len(entry.layers))
    layers = []
    for name, diff in zip(entry.layers, diffs, strict=True):
        blob, unpacked = seen[name] = seen.get(name) or _digests(*_file(tar, names, name))
        _check(name, blob, diff.removeprefix("sha256:"), unpacked)
        layers.append(blob)
    return Image(entry.tags, Blob(digest, member.offset_data, member.size), tuple(layers), diffs)


def _check(name: str, blob: Blob, diff: str, unpacked: str) -> None:
    """What cannot be unpacked here must be what the file is called."""
    said, found = (name.rpartition("/")[2], blob.digest) if blob.zstandard else (diff, unpacked)
    if blob.zstandard and not re.fullmatch(r"[0-9a-f]{64}", said):
        raise UsageError(
            f"{name}: it is packed with zstandard, and not called by its digest; nothing was loaded",
            hint="write it anew with docker save",
        )
    if said != found:
        raise _wrong(name, said, found)


def _wrong(name: str, said: str, found: str) -> UsageError:
    return UsageError(
        f"{name}: its content is not what its digest says: sha256 {found[:12]}, not {said[:12]}; nothing was loaded",
        hint="the file is damaged; write it anew with docker save",
    )


def _digests(member: tarfile.TarInfo, content: IO[bytes]) -> tuple[Blob, str]:
    """The blob, and the digest of its content when unpacked: some engines write layers in gzip, or as they came."""
    packed, unpacked = hashlib.sha256(), hashlib.sha256()
    gzip, begin = None, b""
    try:
        while chunk := content.read(CHUNK):
            if not begin:
                begin = chunk[: len(ZSTANDARD)]
                gzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if begin.startswith(GZIP) else None
            packed.update(chunk)
            while gzip is not None and chunk:
                unpacked.update(gzip.decompress(chunk, CHUNK))
                chunk = gzip.unconsumed_tail
    except zlib.error:
        return Blob(packed.hexdigest(), member.offset_data, member.size), "of nothing: it cannot be unpacked"
    blob = Blob(packed.hexdigest(), member.offset_data, member.size, zstandard=begin == ZSTANDARD)
    return blob, unpacked.hexdigest() if gzip is not None else blob.digest
