"""provisioner image ..."""

from __future__ import annotations

import typer

from provisioner.cli.image_load import load, push, save
from provisioner.cli.image_ls import ls
from provisioner.cli.image_run import run

image = typer.Typer(no_args_is_help=True, help="Images of engines, on one host or many; docker's own words.")
image.command("ls")(ls)
image.command("list", hidden=True)(ls)
image.command("run", context_settings={"allow_interspersed_args": False})(run)
image.command("push")(push)
image.command("save")(save)
image.command("load")(load)
