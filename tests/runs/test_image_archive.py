"""Files of `docker save`, in both of its layouts."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import pytest

from provisioner.errors import UsageError
from provisioner.runs.image_archive import ZSTANDARD, read_archive

LOWER, UPPER = b"lower" * 50_000, b"upper" * 70_000


def digest(content):
    return hashlib.sha256(content).hexdigest()


def config(*layers):
    return json.dumps(
        {"rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest(layer)}" for layer in layers]}}
    ).encode()


def write(path, files, links=()):
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for name, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return path


def manifest(config_path, *layers, tags=("one:1",)):
    return json.dumps([{"Config": config_path, "RepoTags": list(tags), "Layers": list(layers)}]).encode()


def legacy(path):
    text = config(LOWER, UPPER, LOWER)
    files = {"a/layer.tar": LOWER, "b/layer.tar": UPPER, f"{digest(text)}.json": text}
    files["manifest.json"] = manifest(f"{digest(text)}.json", "a/layer.tar", "b/layer.tar", "c/layer.tar")
    return write(path, files, [("c/layer.tar", "../a/layer.tar")])


def oci(path):
    packed, text = gzip.compress(UPPER, mtime=0), config(LOWER, UPPER)
    files = {f"blobs/sha256/{digest(blob)}": blob for blob in (LOWER, packed, text)}
    paths = [f"blobs/sha256/{digest(blob)}" for blob in (text, LOWER, packed)]
    return write(path, {**files, "oci-layout": b"{}", "index.json": b"{}", "manifest.json": manifest(*paths)})


@pytest.mark.parametrize(
    ("layout", "layers"), [(legacy, [LOWER, UPPER, LOWER]), (oci, [LOWER, gzip.compress(UPPER, mtime=0)])]
)
def test_blobs_are_found_by_their_digests(tmp_path, layout, layers):
    archive = read_archive(layout(tmp_path / "images.tar"))
    (image,) = archive.images
    assert image.tags == ("one:1",)
    assert [b"".join(archive.content(blob)) for blob in image.layers] == layers
    assert [blob.digest for blob in image.layers] == [digest(layer) for layer in layers]
    assert digest(b"".join(archive.content(image.config))) == image.config.digest
    assert b"".join(archive.content(image.layers[0], 7)) == layers[0][7:]


@pytest.mark.parametrize("layout", [legacy, oci])
@pytest.mark.parametrize("what", ["lowerlower", "diff_ids"])
def test_a_flipped_byte_is_refused_with_the_blob_named(tmp_path, layout, what):
    path = layout(tmp_path / "images.tar")
    content = bytearray(path.read_bytes())
    at = content.index(what.encode())
    content[at] ^= 1
    path.write_bytes(content)
    named = r"blobs/sha256/[0-9a-f]{64}|a/layer\.tar|[0-9a-f]{64}\.json"
    with pytest.raises(UsageError, match=rf"({named}): its content is not what its digest says"):
        read_archive(path)


def test_zstandard_is_passed_on_as_it_is_when_it_is_what_its_name_says(tmp_path):
    packed, text = ZSTANDARD + b"whatever", config(LOWER, UPPER)
    paths = [f"blobs/sha256/{digest(blob)}" for blob in (text, LOWER, packed)]
    files = dict(zip(paths, (text, LOWER, packed), strict=True))
    (image,) = read_archive(write(tmp_path / "good.tar", {**files, "manifest.json": manifest(*paths)})).images
    assert [blob.zstandard for blob in image.layers] == [False, True]
    assert image.layers[1].digest == digest(packed)
    files[paths[2]] = packed + b"more"
    with pytest.raises(UsageError, match="its content is not what its digest says"):
        read_archive(write(tmp_path / "wrong.tar", {**files, "manifest.json": manifest(*paths)}))
    files["a/layer.tar"] = packed
    named = manifest(paths[0], paths[1], "a/layer.tar")
    with pytest.raises(UsageError, match="packed with zstandard, and not called by its digest"):
        read_archive(write(tmp_path / "unnamed.tar", {**files, "manifest.json": named}))


def test_a_link_to_a_file_outside_is_none(tmp_path):
    text = config(LOWER)
    files = {f"{digest(text)}.json": text, "manifest.json": manifest(f"{digest(text)}.json", "a/layer.tar")}
    path = write(tmp_path / "images.tar", files, [("a/layer.tar", "/etc/passwd")])
    with pytest.raises(UsageError, match=r"a/layer\.tar is not in it"):
        read_archive(path)


@pytest.mark.parametrize("content", [b"", b"text" * 500, b"\0" * 10240])
def test_what_is_no_archive(tmp_path, content):
    path = tmp_path / "images.tar"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"images\.tar"):
        read_archive(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_archive(tmp_path / "none.tar")


def test_an_archive_that_is_cut_off(tmp_path):
    path = legacy(tmp_path / "images.tar")
    path.write_bytes(path.read_bytes()[:400_000])
    with pytest.raises(UsageError):
        read_archive(path)
