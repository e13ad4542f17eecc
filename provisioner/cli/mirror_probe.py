"""provisioner mirror probe"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from provisioner.cli import options as o
from provisioner.cli.mirror_options import is_mirror
from provisioner.cli.option_groups import grouped
from provisioner.mirror_probe import HUB

if TYPE_CHECKING:
    from provisioner.cli.mirror_views import View
    from provisioner.runs.target import Target

CompareWith = Annotated[
    str, typer.Option("--compare-with", help='registry whose images are the right ones; "" for none', metavar="URL")
]


@grouped
def probe(
    words: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[URL]... [TARGET]...", help="none: the mirrors of the list that work; this machine"),
    ] = None,
    *,
    image: Annotated[
        Optional[list[str]],
        typer.Option("--image", help="must be served too, and measures throughput; repeatable", metavar="IMAGE"),
    ] = None,
    compare_with: CompareWith = HUB,
    connection: o.Connection,
    output: o.Output,
) -> None:
    """Ask mirrors of Docker Hub how they answer, from this machine or from the hosts; changes nothing.

    Ends with 7 when a mirror that was named is not alive, or when none of the list is.
    """
    import json

    from provisioner.cli import hosts
    from provisioner.cli.mirror_views import views
    from provisioner.mirror_probe.answer import image as named
    from provisioner.report.envelope import document, status
    from provisioner.runs.fleet import worst

    images = [named(text) for text in image or ()]
    given, names = split(words)
    found = hosts.targets(names, connection, {"registry_mirrors": given or None, "install": False}, only_said=True)
    urls = asked(found, given)
    seen = views(found, urls, images, forks=connection.forks, reference=compare_with)
    codes = [view.error.exit_code for view in seen if view.error]
    if not all(_good(view, every=bool(given)) for view in seen if not view.error):
        codes.append(7)
    code = worst(codes)
    if output.as_json:
        content = document("mirror probe", status=status([code == 0]), hosts=[_document(view) for view in seen])
        typer.echo(json.dumps(content, indent=2))
    else:
        for view in seen:
            typer.echo(shown(view))
    raise typer.Exit(code)


def split(words: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Return the URLs and the targets among the arguments of a command."""
    return [word for word in words or () if is_mirror(word)], [word for word in words or () if not is_mirror(word)]


def asked(targets: Sequence[Target], given: Sequence[str]) -> tuple[str, ...]:
    """Return the mirrors to ask: those that were given, in the form that engines take, else the list's alive ones."""
    from provisioner.catalogue.registry_mirrors import alive_mirrors

    return (targets[0].spec.registry_mirrors or ()) if given else alive_mirrors()


def shown(view: View) -> str:
    """The table of one host."""
    from provisioner.report.columns import aligned
    from provisioner.report.failure import failure_text

    if view.error:
        return failure_text(view.host, view.error)
    rows = [("VERDICT", "FIRST BYTE", "MIB/S", "MIRROR", "EVIDENCE")]
    rows += [
        (
            mirror.verdict,
            f"{mirror.first_byte * 1000:.0f} ms" if mirror.first_byte else "-",
            f"{mirror.throughput / 2**20:.1f}" if mirror.throughput else "-",
            mirror.url,
            "; ".join([mirror.evidence, *(f"{name} {why}" for name, why in mirror.missing.items())]),
        )
        for mirror in view.mirrors
    ]
    tool = view.mirrors[0].tool if view.mirrors else ""
    return f"{view.host}" + (f" (asked with {tool})" if tool != "none" else "") + f"\n{aligned(rows, '  ')}"


def _good(view: View, *, every: bool) -> bool:
    usable = [mirror.usable for mirror in view.mirrors]
    return all(usable) if every else any(usable)


def _document(view: View) -> dict[str, Any]:
    import dataclasses

    from provisioner.report.failure import failure_document

    mirrors = [dataclasses.asdict(mirror) | {"usable": mirror.usable} for mirror in view.mirrors]
    return {"name": view.host, "mirrors": mirrors, "error": failure_document(view.error)}
