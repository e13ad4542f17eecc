"""What is told of bytes on their way."""

from __future__ import annotations

import time

import pytest

from provisioner.runs.image_transfer import PATIENCE, Transfer, size


class Heard:
    def __init__(self):
        self.told = []

    def step(self, host, title):
        self.told.append(f"{host}: {title} ...")

    def detail(self, host, text, *, done):
        assert not done
        self.told.append(f"{host}: {text}")


def test_nothing_is_told_of_what_takes_a_moment():
    heard = Heard()
    assert b"".join(Transfer(heard, "web", "send", 6).counted([b"abc", b"def"])) == b"abcdef"
    assert heard.told == []


def test_what_takes_longer_is_told_now_and_then():
    heard = Heard()
    transfer = Transfer(heard, "web", "send", 4_000_000)
    transfer.add(1_000_000)
    time.sleep(PATIENCE + 0.05)
    transfer.add(1_000_000)
    transfer.add(1_000_000)
    step, detail = heard.told
    assert step == "web: send 4MB ..."
    assert detail.startswith("web: send: 2MB of 4MB, 1.")
    assert detail.endswith("MB/s")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0B"), (999, "999B"), (1000, "1kB"), (50_331_648, "50.3MB"), (1_500_000_000, "1.5GB"), (2 * 10**12, "2TB")],
)
def test_sizes(number, text):
    assert size(number) == text
