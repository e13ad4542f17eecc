"""The page of --report: one file that needs nothing else, for people who were not there."""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from provisioner import __version__
from provisioner.masking import masked, visible
from provisioner.report.envelope import overall
from provisioner.report.history import status_words
from provisioner.report.merged import merged_status, trouble_lines
from provisioner.report.paint import status_colour
from provisioner.report.table import state
from provisioner.runs.history_merge import Merged
from provisioner.runs.outcome import Outcome
from provisioner.scripts.render import template_text


def page(command: str, outcomes: Sequence[Outcome], run: str | None) -> str:
    """Return the HTML. Everything that came from hosts is escaped, and secrets in it are masked, value by value."""
    return _template("report.html.j2").render(
        command=command,
        run=run,
        status=overall([outcome.succeeded for outcome in outcomes]),
        counts=Counter(state(outcome) for outcome in outcomes).items(),
        outcomes=outcomes,
        written=time.strftime("%Y-%m-%d %H:%M %Z"),
        version=__version__,
    )


def run_page(merged: Merged, command: str) -> str:
    """Return the HTML about a run whose parts `command` has put together; escaped and masked as `page` is."""
    run = merged.run
    return _template("report_run.html.j2").render(
        command=command,
        run=run,
        status=merged_status(merged),
        counts=[(status_words(status), number) for status, number in run.counts.items()],
        trouble=trouble_lines(merged),
        written=time.strftime("%Y-%m-%d %H:%M %Z"),
        version=__version__,
    )


@functools.cache
def _template(name: str) -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    environment.filters |= {"state": state, "colour": status_colour, "words": status_words}
    return environment.from_string(template_text(name))


def _shown(value: Any) -> Any:
    return (
        visible(masked(value)) if type(value) is str else value
    )  # what the engine has escaped is of a kind of its own
