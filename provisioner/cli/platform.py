"""provisioner platform ..."""

from __future__ import annotations

from typing import Annotated

import typer

platform = typer.Typer(no_args_is_help=True, help="Distributions that are known.")


@platform.callback()
def _group() -> None:
    """Keeps `list` a command of its own while it is the only one."""


@platform.command("list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False) -> None:
    """Show every known release: whose packages it takes, and the newest engine there is for it."""
    import json

    from provisioner.catalogue.platforms import derivatives, platforms
    from provisioner.cli.tables import aligned
    from provisioner.report.envelope import document

    rows = [
        {
            "platform": row.slug,
            "name": row.name,
            "packages": [str(suite) for suite in row.suites],
            "own": list(row.distro_packages),
            "newest_engine": row.last_engine or ("current" if row.suites and not row.ended else ""),
            "ended": row.ended,
            "tier": row.tier,
            "source": row.source,
        }
        for row in platforms()
    ]
    follow = [{"platform": row.id, "name": row.name, "source": row.source} for row in derivatives().values()]
    if as_json:
        typer.echo(json.dumps(document("platform list", platforms=rows, derivatives=follow)))
        return
    lines = [("PLATFORM", "PACKAGES OF DOCKER", "OWN ENGINE", "NEWEST", "TIER")]
    for row in rows:
        newest = f"{row['newest_engine']} (until {row['ended']})" if row["ended"] else row["newest_engine"] or "-"
        lines.append(
            (
                str(row["platform"]),
                ", ".join(row["packages"]) or "-",
                ", ".join(row["own"]) or "-",
                str(newest).strip(),
                str(row["tier"]),
            )
        )
    lines += [
        (str(row["platform"]), "those of its UBUNTU_CODENAME or DEBIAN_CODENAME", "", "", "mapped") for row in follow
    ]
    typer.echo(aligned(lines))
    typer.echo("\ntested: installed by CI on a real host or a look-alike; mapped: as the vendors practise it")
