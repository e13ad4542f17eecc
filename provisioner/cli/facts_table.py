"""Facts as people read them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import typer

from provisioner.errors import ProvisionerError
from provisioner.facts.engine_origin import origin
from provisioner.facts.model import Facts
from provisioner.remote.gather import gather, gather_raw
from provisioner.report.envelope import document
from provisioner.report.failure import failure_text
from provisioner.runs.crash import expected
from provisioner.runs.fleet import each, worst
from provisioner.runs.target import Target


def show(targets: list[Target], *, raw: bool, as_json: bool, forks: int) -> None:
    """Print the facts of every host; raises typer.Exit with the worst exit code."""

    def work(target: Target) -> tuple[str, Facts | str | ProvisionerError]:
        ask = gather_raw if raw else gather
        try:
            return target.name, ask(target.transport, become_password=target.become_password)
        except ProvisionerError as error:
            return target.name, error
        finally:
            target.transport.close()

    def instead(target: Target, error: Exception) -> tuple[str, ProvisionerError]:
        return target.name, expected(error, target.name)

    results = each(targets, work, forks=forks, instead=instead)
    documents = []
    for name, result in results:
        if isinstance(result, ProvisionerError):
            typer.echo(failure_text(name, result), err=True)
        elif isinstance(result, str):
            typer.echo(result, nl=False)
        elif as_json:
            documents.append({"name": name, **dataclasses.asdict(result)})
        else:
            typer.echo("\n".join([name, *(f"  {label:<16}{value}" for label, value in _rows(result))]))
    if as_json:
        typer.echo(json.dumps(document("facts", hosts=documents), indent=2, default=list))
    raise typer.Exit(worst(result.exit_code for _, result in results if isinstance(result, ProvisionerError)))


def _rows(facts: Facts) -> Iterator[tuple[str, str]]:
    info, engine = facts.engine.info, facts.engine
    yield "distribution", facts.os.name
    yield "kernel", f"{facts.kernel} {facts.arch}"
    yield "init", facts.init
    yield "login", f"{facts.login.name}, sudo: {facts.login.sudo} {facts.login.sudo_message}".rstrip()
    yield "packages", facts.package_manager
    if info:
        yield "engine", f"{info.version}, {info.storage_driver}, {info.containers_running} containers running"
        yield "mirrors", " ".join(info.mirrors) or "none"
    else:
        yield "engine", engine.error or ("stopped" if engine.installed else "not installed")
    if engine.installed:
        yield "engine is", origin(facts)
    yield from (("other engine", str(other)) for other in engine.others)
    if engine.client_version:
        yield "client", engine.client_version
    yield "memory", f"{facts.memory / 2**30:.1f} GiB"
    for mount, free in facts.disk_free.items():
        yield "disk free", f"{free / 2**30:.1f} GiB on {mount}"
