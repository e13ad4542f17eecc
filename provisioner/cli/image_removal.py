"""What went of images, as it is printed."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.cli.options import Output
from provisioner.report import gate
from provisioner.report.columns import sentence
from provisioner.report.failure import failures_text
from provisioner.report.image_prune import preview_document, preview_text, result_document, result_text
from provisioner.report.image_rm import left_lines, removed_document, removed_text
from provisioner.report.json_text import json_text
from provisioner.report.terminal import terminal_width
from provisioner.runs.fleet import worst
from provisioner.runs.image_prune import Looked, Pruned
from provisioner.runs.image_rm import RemovedImages


def removals(rows: Sequence[RemovedImages], output: Output, *, run: str) -> int:
    """Print what was removed on every host as docker says it, and why the rest stays; return the exit code."""
    code = worst(row.exit_code for row in rows)
    if output.as_json:
        gate.exact(json_text(removed_document(rows, run)))
        return code
    for row in rows:
        text = removed_text(row)
        if text and len(rows) > 1:
            gate.result(f"== {row.host}")
        gate.exact(text, end="")
        for line in left_lines(row):
            gate.remark(sentence(f"{row.host}: {line}", terminal_width("stderr")))
        if not row.answers and row.error is None:
            gate.remark(f"{row.host}: there is no such image")
    if wrong := [(row.host, row.error) for row in rows if row.error is not None]:
        gate.remark(failures_text(wrong, terminal_width("stderr")))
    return code


def prune_looked(looked: Sequence[Looked], output: Output, *, alone: bool, unused: bool) -> int:
    """Print what would go, on stdout where it is the result `alone`; return the exit code of the looking."""
    code = worst(row.exit_code for row in looked)
    wrong = [(row.host, row.error) for row in looked if row.error is not None]
    if output.as_json and alone:
        gate.exact(json_text(preview_document(looked)))
    elif not output.as_json:
        tell = gate.result if alone else gate.remark
        if len(wrong) < len(looked):
            tell(preview_text(looked, width=terminal_width("stdout" if alone else "stderr"), unused=unused))
        if wrong:
            gate.remark(failures_text(wrong, terminal_width("stderr")))
    return code


def pruned(looked: Sequence[Looked], after: Sequence[Pruned], output: Output, *, run: str | None) -> int:
    """Print what went, in `run` of the history unless nothing was begun; return the exit code of all of it."""
    if output.as_json:
        gate.exact(json_text(result_document(looked, after, run)))
    elif after:
        gate.result(result_text(after, width=terminal_width()))
        if wrong := [(row.host, row.error) for row in after if row.error is not None]:
            gate.remark(failures_text(wrong, terminal_width("stderr")))
    return worst([*(row.exit_code for row in looked), *(row.exit_code for row in after)])
