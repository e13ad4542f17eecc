"""provisioner image ..."""

from __future__ import annotations

import typer

from provisioner.cli.image_df import df
from provisioner.cli.image_drift import drift
from provisioner.cli.image_load import load, push, save
from provisioner.cli.image_ls import ls
from provisioner.cli.image_prune import prune
from provisioner.cli.image_pull import pull
from provisioner.cli.image_rm import rm
from provisioner.cli.image_run import run

image = typer.Typer(no_args_is_help=True, help="Images of engines, on one host or many; docker's own words.")
image.command("ls")(ls)
image.command("list", hidden=True)(ls)
image.command("rm")(rm)
image.command("prune")(prune)
image.command("df")(df)
image.command("drift")(drift)
image.command("pull")(pull)
image.command("run", context_settings={"allow_interspersed_args": False})(run)
image.command("push")(push)
image.command("save")(save)
image.command("load")(load)
