from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.report.cells import cells, cut, filled, told, wrapped
from provisioner.report.columns import aligned, hanging

TEXT = st.text(st.sampled_from("ab -`/云镜\uff0c。e\u0301"), max_size=60)


@pytest.mark.parametrize(
    ("text", "width"),
    [("web01", 5), ("数据库-01", 9), ("e\u0301", 1), ("\uff46", 2), ("", 0)],
    ids=["ascii", "wide", "combining", "fullwidth", "empty"],
)
def test_cells(text, width):
    assert cells(text) == width
    assert cells(filled(text, 12)) == cells(filled(text, 12, right=True)) == 12


@given(TEXT, st.integers(1, 30))
def test_what_is_cut_fits(text, room):
    shown = cut(text, room)
    assert cells(shown) <= room
    assert shown == text or text.startswith(shown[:-1])


@given(TEXT, st.integers(4, 30))
def test_wrapping_loses_nothing(text, room):
    lines = wrapped(text, room)
    assert "".join("".join(lines).split()) == "".join(text.split())
    if not text.startswith(" ") and "-" not in text and "`" not in text:
        assert all(cells(line) <= room or len(line.split()) == 1 for line in lines)


@pytest.mark.parametrize(
    "line",
    [
        "provisioner apply web01 -i fleet.yaml --registry-mirror https://a.example brings back what is wanted",
        "systemctl restart docker, on the host, has the engine read /etc/docker/daemon.json; it stops the containers",
        "kill -HUP $(pidof dockerd), on the host, has the engine read /etc/docker/daemon.json, which is all it takes",
        "docker --context web01 system prune throws away what nothing needs; `docker system df` says how much it is",
        "    quoted lines of a file keep their blanks, and the caret below them its place, however long the line is",
    ],
    ids=lambda line: line.split()[0],
)
def test_what_is_pasted_stays_whole(line):
    assert told(line, 60) == [line]


def test_prose_that_names_a_command_is_prose():
    line = "docker build keeps the earlier mirrors until the engine restarts; docker pull uses the new ones at once"
    assert max(map(len, told(line, 60))) <= 60


def test_a_command_behind_prose_has_a_line_of_its_own():
    line = "compare it with the console, then --accept-new, or: ssh-keyscan -p 22 192.0.2.7 >> /root/.ssh/known_hosts"
    assert told(line, 40) == [
        "compare it with the console, then",
        "--accept-new, or:",
        "ssh-keyscan -p 22 192.0.2.7 >> /root/.ssh/known_hosts",
    ]
    assert told(line, None) == [line]


def test_options_keep_their_values_and_backquotes_their_command():
    line = "put the data root on a disk of its own: --daemon data-root=/srv, `dockerd --help` lists what there is"
    assert told(line, 50) == [
        "put the data root on a disk of its own:",
        "--daemon data-root=/srv, `dockerd --help` lists",
        "what there is",
    ]


def test_quoted_values_are_not_broken():
    line = """turn it on with --daemon features='{"containerd-snapshotter": true}' (a restart; it begins anew)"""
    assert told(line, 30)[1] == """--daemon features='{"containerd-snapshotter": true}'"""


def test_a_colon_in_a_command_does_not_part_it():
    line = "take its programs away first: systemctl stop docker; printf 'engine: gone' && mv /opt/docker /root"
    assert told(line, 40) == ["take its programs away first:", line.partition(": ")[2]]


def test_an_item_goes_on_below_itself():
    assert told("no way:\n- one: so and so, and more of it\n- two", 20) == [
        "no way:", "- one: so and so,", "  and more of it", "- two",
    ]  # fmt: skip


def test_wide_characters_stay_in_their_columns():
    rows = [("HOST", "NOTE"), ("数据库", "a"), ("web0001", "b")]
    assert aligned(rows).split("\n") == ["HOST     NOTE", "数据库   a", "web0001  b"]
    assert hanging("镜像: ", "a b\nc").split("\n") == ["镜像: a b", "      c"]


def test_prose_stands_below_its_row_where_it_cannot_be_read_beside_it():
    rows = [("MIRROR", "WHY"), ("https://a.example", "it answers nobody who is not inside of that cloud")]
    assert aligned(rows, width=60, wrap=1).split("\n") == [
        "MIRROR             WHY",
        "https://a.example  it answers nobody who is not inside of",
        "                   that cloud",
    ]
    assert aligned(rows, width=44, wrap=1).split("\n")[1:] == [
        "    WHY",
        "https://a.example",
        "    it answers nobody who is not inside of",
        "    that cloud",
    ]
