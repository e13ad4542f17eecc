"""What would go, for one host and for many; text of hosts gets no line of its own."""

from __future__ import annotations

from datetime import datetime, timezone

from provisioner.errors import UnreachableError
from provisioner.images.prune import Going, Pruning, Staying
from provisioner.images.stock import Image
from provisioner.report.bytes import human
from provisioner.report.image_prune import preview_document, preview_text, question_text, result_text
from provisioner.runs.image_prune import Gone, Looked, Pruned

DAY = datetime(2026, 11, 20, 8, tzinfo=timezone.utc)
OLD = Image("sha256:" + "ab" * 32, created=DAY, got=DAY, size=100, tags=("shop:1",))
OTHER = Image("sha256:" + "cd" * 32, created=None, got=None, size=100)


def looked(host, *images, staying=(), exact=True):
    going = tuple(Going(image, "no container uses it") for image in images)
    return Looked(host, pruning=Pruning(going, tuple(staying)), bytes=tuple(1500 for _ in images), exact=exact)


def test_one_host():
    lines = preview_text([looked("web01", OLD, OTHER)]).splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["IMAGE", "WHY", "BUILT", "HERE", "SINCE", "FREED"],
        ["shop:1", "no", "container", "uses", "it", "2026-11-20", "08:00", "2026-11-20", "08:00", "1.5kB"],
        ["cdcdcdcdcdcd", "no", "container", "uses", "it", "unknown", "unknown", "1.5kB"],
    ]
    assert "2 images on web01 would go, which frees 3kB (3000 bytes)" in lines


def test_many_hosts_are_told_once_and_summed_up():
    rows = [looked("web01", OLD), looked("web02", OLD, OTHER), Looked("web03", error=UnreachableError("no route"))]
    text = preview_text(rows)
    assert text.count("shop:1") == 1
    assert "2 of 2" in text
    assert "3 images on 2 hosts would go, which frees 4.5kB (4500 bytes)" in text
    assert question_text(rows) == "3 images will be removed on 2 hosts; 1 could not be asked and are left out."


def test_what_is_not_exact_is_about():
    assert "frees about 1.5kB" in preview_text([looked("web01", OLD, exact=False)])


def test_nothing():
    assert preview_text([looked("web01")]) == "nothing to remove on web01"


def test_a_label_gets_no_line_of_its_own():
    claimed = Staying(OLD, "compose claims it: com.docker.compose.x=a\nweb02: 9 images removed\x1b[2J", "claimed")
    lines = preview_text([looked("web01", staying=[claimed])]).splitlines()
    assert len(lines) == 3
    assert "\\nweb02" in lines[2]
    assert "\x1b" not in lines[2]


def test_what_went_and_what_stayed():
    row = looked("web01", OLD)
    left = Pruned("web01", row, (Gone(row.pruning.going[0], left="a container uses it by now"),))
    assert result_text([left]).splitlines() == [
        "web01: 0 images removed, 0B freed",
        "  shop:1 stays: a container uses it by now",
    ]


def test_the_document():
    (host,) = preview_document([looked("web01", OLD)])["hosts"]
    assert host["going"][0]["built"] == "2026-11-20T08:00:00+00:00"
    assert (host["bytes"], host["exact"], host["store"]) == (1500, True, "graph driver")


def test_bytes_as_docker_writes_them():
    assert [human(number) for number in (0, 999, 1000, 109000, 1982305, 10**18)] == [
        *("0B", "999B", "1kB", "109kB", "1.982MB", "1000PB")
    ]
