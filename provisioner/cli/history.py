"""provisioner history"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from provisioner.runs.history import RunRecord


def history(
    run: Annotated[
        Optional[str],  # noqa: UP045 # typer reads this annotation on Python 3.10 too
        typer.Argument(metavar="[RUN]", help="one run with its hosts: its name, a beginning of it, or last"),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> None:
    """Show the last runs that changed hosts, or one of them."""
    import dataclasses
    import json

    from provisioner.report.envelope import document
    from provisioner.runs import history as journal

    content: dict[str, Any] = {}
    if run is None:
        records = journal.runs()
        content["runs"] = [_document(record) for record in records]
        text = _list(records)
    else:
        record = journal.run(run)
        hosts = [
            {key: value for key, value in dataclasses.asdict(host).items() if key != "wanted"} for host in record.hosts
        ]
        content["run"] = {**_document(record), "hosts": hosts}
        text = _detail(record)
    typer.echo(json.dumps(document("history", **content), indent=2) if as_json else text)


def _document(record: RunRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "command": record.command,
        "argv": list(record.argv),
        "wanted": record.wanted,
        "resumes": record.resumes,
        "started": _iso(record.started),
        "ended": None if record.ended is None else _iso(record.ended),
        "statuses": dict(record.counts),
        "exit_code": _code(record),
    }


def _list(records: list[RunRecord]) -> str:
    if not records:
        return "there are no runs yet; `provisioner apply` makes the first"
    from provisioner.report.columns import aligned

    rows = [("RUN", "WHEN", "COMMAND", "HOSTS", "EXIT", "RESULT")]
    rows += [
        (
            record.id,
            _when(record.started),
            record.command,
            str(sum(record.counts.values())),
            "-" if record.ended is None else str(_code(record)),
            _result(record),
        )
        for record in records
    ]
    return aligned(rows)


def _detail(record: RunRecord) -> str:
    import shlex

    from provisioner.report.columns import aligned

    took = "not ended" if record.ended is None else f"{record.ended - record.started:.1f} s"
    lines = [f"{record.id}: {_result(record)}", f"  {_when(record.started)}, {took}"]
    lines.append("  provisioner " + shlex.join(record.argv))
    if record.resumes:
        lines.append(f"  went on with {record.resumes}")
    rows = [("HOST", "STATUS", "DOCKER", "REGISTRY MIRRORS", "SECONDS")]
    rows += [
        (
            host.name,
            _words(host.status),
            host.docker_version or "",
            " ".join(host.registry_mirrors),
            f"{host.seconds:.1f}",
        )
        for host in record.hosts
    ]
    lines += ["", aligned(rows, right=4)]
    for host in record.hosts:
        if host.error:
            lines += ["", f"{host.name}: {_words(host.status)}"]
            lines += [f"  {line}" for line in host.error.removeprefix(f"{host.name}: ").splitlines()]
            hint = (host.hint or "").splitlines()
            lines += [f"  {'  ' if index else '->'} {line}" for index, line in enumerate(hint)]
    return "\n".join(lines)


def _result(record: RunRecord) -> str:
    said = ", ".join(f"{number} {_words(status)}" for status, number in record.counts.items())
    return said if record.ended is not None else f"{said} (not ended)"


def _words(status: str) -> str:
    return {"converged": "nothing to do", "pending": "no result"}.get(status, status.replace("_", " "))


def _code(record: RunRecord) -> int | None:
    """None for a run that has not ended."""
    from provisioner.runs.fleet import worst

    return None if record.ended is None else worst(record.exit_codes)


def _when(moment: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def _iso(moment: float) -> str:
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
