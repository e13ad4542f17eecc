"""provisioner mirror list"""

from __future__ import annotations

from typing import Annotated

import typer


def list_(*, as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False) -> None:
    """Show the public mirrors that are known, and what became of them."""
    import dataclasses
    import json

    from provisioner.catalogue.registry_mirrors import known_mirrors
    from provisioner.cli.tables import aligned
    from provisioner.report.envelope import document

    rows = known_mirrors()
    if as_json:
        listed = [dataclasses.asdict(row) for row in rows]
        typer.echo(json.dumps(document("mirror list", mirrors=listed), ensure_ascii=False))
        return
    lines = [("STATE", "MIRROR", "OPERATOR", "KNOWN ON", "REMARK")]
    lines += [(row.state, row.url, row.operator, row.date, row.explained.removeprefix("alive: ")) for row in rows]
    typer.echo(aligned(lines))
    typer.echo("\nNothing of this was asked just now; provisioner mirror probe asks the mirrors themselves.")
