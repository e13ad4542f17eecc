"""Wait for something to come about."""

from __future__ import annotations

import time


def until(condition, patience=60.0):
    limit = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < limit, "it did not come to that"
        time.sleep(0.1)
