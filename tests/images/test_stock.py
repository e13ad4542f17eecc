"""What an engine prints about its images and containers."""

from __future__ import annotations

import pytest

from provisioner.errors import FactsError
from provisioner.images.stock import Container, stock

ID = "sha256:" + "ab" * 32
IMAGE = (
    f'"{ID}"\t"2026-11-26T21:45:00.5Z"\t"0001-01-01T00:00:00Z"\t1982305\t""\t["redis:7"]\t["redis@{ID}"]\t["{ID}"]\t'
    '{"a":"b"}\n'
)


def test_an_image():
    (image,) = stock(
        {"images": IMAGE, "files": f"1795758717 /var/lib/docker/image/x/imagedb/{ID[7:]}\n"}
    ).images.values()
    assert (image.tags, image.size, image.labels, image.name) == (("redis:7",), 1982305, {"a": "b"}, "redis:7")
    assert image.created.isoformat() == "2026-11-26T21:45:00.500000+00:00"
    assert image.got.isoformat() == "2026-11-27T05:51:57+00:00"
    assert image.tagged is None
    assert image.seen == f'"0001-01-01T00:00:00Z"\nredis:7\nredis@{ID}'


def test_when_it_came_is_when_it_was_tagged_where_nothing_else_is_known():
    (image,) = stock({"images": IMAGE.replace("0001-01-01", "2026-11-27")}).images.values()
    assert image.got == image.tagged
    (image,) = stock({"images": IMAGE}).images.values()
    assert image.got is None


def test_a_container():
    text = f'"{"c" * 64}"\t"{ID}"\t"/web"\t"running"\tnull\n'
    assert stock({"containers": text}).containers == (Container("c" * 64, ID, "web", "running"),)


def test_the_engine():
    info = '/var/lib/docker\n2026-11-27T06:00:00.123456789Z\n[["driver-type","io.containerd.snapshotter.v1"]]'
    found = stock({"info": info, "uses": '1795758717\t"redis:7"\n'})
    assert (found.containerd, found.time) == (True, "2026-11-27T06:00:00.123456789Z")
    assert found.uses == ((1795758717.0, "redis:7"),)
    assert stock({"info": "/x\n$(reboot)\n[]"}).time == ""


@pytest.mark.parametrize("text", ["Error: no\n", '"a"\t"b"\n', "\t".join(["x"] * 9)])
def test_something_else(text):
    with pytest.raises(FactsError):
        stock({"images": text})


def test_nonsense_in_the_right_shape_harms_nobody():
    row = '1\t2\t3\t"4"\t[]\t{}\t7\t[8]\t[9]'
    (image,) = stock(
        {"images": row, "files": "99999999999999999999 /x\nnonsense\n", "uses": '1e999\t"x"\n'}
    ).images.values()
    assert (image.id, image.size, image.tags) == ("", 0, ())
