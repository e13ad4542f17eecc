"""Mirrors as hosts see them, for people and for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from provisioner.mirror_probe.judge import Judged, fastest
from provisioner.report.columns import aligned, sentence
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document, failures_text
from provisioner.report.groups import WIDEST, grouped, names
from provisioner.runs.mirrors import View, exit_code


def views_document(seen: Sequence[View], *, every: bool) -> dict[str, Any]:
    """The JSON document of `mirror probe`; its keys are a contract. ok: `every` mirror can be used, or one can."""
    return document("mirror probe", status=overall([exit_code(seen, every=every) == 0]), hosts=list(map(_host, seen)))


def views_text(seen: Sequence[View], *, width: int | None = None) -> str:
    """The mirrors as each host sees them, what is the same for many but for times once; of several hosts, at the end
    which mirrors all of them can use.

    `width` is what the terminal has, if it is one.
    """
    lines = [
        line for group in grouped([view for view in seen if not view.error], _look) for line in _group(group, width)
    ]
    wrong = [(view.host, view.error) for view in seen if view.error]
    lines += [failures_text(wrong, width)] if wrong else []
    if len(seen) > 1:
        lines += ["", sentence(_summary(seen), width)]
    return "\n".join(lines)


def _look(view: View) -> Hashable:
    """All that is shown of a view but its host, its order and its times."""
    return frozenset((mirror.verdict, mirror.tool, mirror.url, _evidence(mirror)) for mirror in view.mirrors)


def _group(views: Sequence[View], width: int | None) -> Iterator[str]:
    first = views[0]
    who = first.host if len(views) == 1 else f"{len(views)} hosts"
    tool = first.mirrors[0].tool if first.mirrors else ""
    yield who + (f" (asked with {tool})" if tool not in {"none", ""} else "")
    if len(views) > 1:
        yield names([view.host for view in views], width=min(WIDEST, width or WIDEST))
    answers = {
        mirror.url: [same for view in views for same in view.mirrors if same.url == mirror.url]
        for mirror in first.mirrors
    }
    rows = [("VERDICT", "FIRST BYTE", "MIB/S", "MIRROR", "EVIDENCE"), *map(_row, answers.values())]
    yield aligned(rows, "  ", width=width, wrap=4)


def _row(mirrors: Sequence[Judged]) -> tuple[str, ...]:
    """One mirror as one host sees it, or many that differ in times alone."""
    first = mirrors[0]
    times = _span([round(mirror.first_byte * 1000) for mirror in mirrors if mirror.first_byte], "d")
    rates = _span([mirror.throughput / 2**20 for mirror in mirrors if mirror.throughput], ".1f")
    return first.verdict, f"{times} ms" if times else "-", rates or "-", first.url, _evidence(first)


def _span(values: Sequence[float], form: str) -> str:
    return "-".join(dict.fromkeys(f"{value:{form}}" for value in (min(values), max(values)))) if values else ""


def _evidence(mirror: Judged) -> str:
    return "; ".join([mirror.evidence, *(f"{name} {why}" for name, why in mirror.missing.items())])


def _summary(seen: Sequence[View]) -> str:
    asked = {view.host: view.mirrors for view in seen if not view.error}
    if not asked:
        return f"{len(seen)} hosts: none could be asked"
    usable = fastest(asked, sum(map(len, asked.values())))
    left_out = f" ({len(seen) - len(asked)} could not be asked)" if len(asked) < len(seen) else ""
    said = (
        f"alive on all of them, the fastest first: {' '.join(usable)}"
        if usable
        else "no mirror is alive on all of them"
    )
    return f"{len(seen)} hosts{left_out}: {said}"


def _host(view: View) -> dict[str, Any]:
    mirrors = [dataclasses.asdict(mirror) | {"usable": mirror.usable} for mirror in view.mirrors]
    return {"name": view.host, "mirrors": mirrors, "error": failure_document(view.error)}
