"""What happens meanwhile, on stderr: a live picture on a terminal, one plain line an event elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from provisioner.report.lines import Lines
from provisioner.report.live import Live
from provisioner.report.quiet import Progress
from provisioner.report.taste import Taste


@contextlib.contextmanager
def watching(taste: Taste) -> Iterator[Progress]:
    """The progress that suits this terminal and this taste; silent after the block."""
    if taste.quiet:
        progress = Progress(taste)
    elif os.environ.get("TERM", "dumb") == "dumb" or not sys.stderr.isatty():
        progress = Lines(taste)
    else:
        progress = Live(taste)
    try:
        yield progress
    finally:
        progress.close()
