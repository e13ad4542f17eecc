"""The options that commands share; their names are those of Ansible and OpenSSH.

None means "not said": defaults of the wanted state live in `provisioner.wanted.spec`, those of a host in its inventory
and in ~/.ssh/config.
"""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Optional

import typer

from provisioner.cli.connection import Connection
from provisioner.cli.mirror_options import Also, Force, MirrorCa, TakeOver, split_registries, writing_said
from provisioner.cli.rollout_options import Proof, Rollout
from provisioner.wanted.strategies import strategy_names

_WHAT, _SHOWN = "Wanted state", "Output"

__all__ = [
    "AsJson",
    "Connection",
    "Output",
    "Proof",
    "RemoveDependents",
    "Report",
    "ReportedOutput",
    "Rollout",
    "Targets",
    "WantedState",
]

Targets = Annotated[
    Optional[list[str]], typer.Argument(metavar="[TARGET]...", help="\\[user@]host\\[:port]; none: this machine")
]

AsJson = Annotated[bool, typer.Option("--json", help="one JSON document on stdout", rich_help_panel=_SHOWN)]

Report = Annotated[
    Optional[str],
    typer.Option("--report", help="write an HTML page as well", metavar="FILE.html", rich_help_panel=_SHOWN),
]

RemoveDependents = Annotated[
    bool,
    typer.Option("--remove-dependents", help="what needs the removed packages may go as well", rich_help_panel=_WHAT),
]


@dataclass(frozen=True, slots=True)
class WantedState:
    docker_version: Annotated[
        Optional[str],
        typer.Option("--docker-version", help="latest, 28, 28.3 or 28.3.1", metavar="V", rich_help_panel=_WHAT),
    ] = None
    channel: Annotated[
        Optional[str],
        typer.Option("--channel", help="stable or test", metavar="NAME", rich_help_panel=_WHAT),
    ] = None
    source: Annotated[
        Optional[str],
        typer.Option(
            "--source",
            help="auto, a name, or the URL of a docker-ce tree",
            metavar="NAME|URL",
            rich_help_panel=_WHAT,
        ),
    ] = None
    source_fingerprint: Annotated[
        Optional[str],
        typer.Option(
            "--source-fingerprint", help="the key of that URL, if not Docker's", metavar="HEX", rich_help_panel=_WHAT
        ),
    ] = None
    strategy: Annotated[
        Optional[str],
        typer.Option(
            "--strategy",
            help=", ".join(["auto", *strategy_names()]),
            metavar="NAME",
            rich_help_panel=_WHAT,
        ),
    ] = None
    script_url: Annotated[
        Optional[str],
        typer.Option("--script-url", help="instead of https://get.docker.com", metavar="URL", rich_help_panel=_WHAT),
    ] = None
    script_sha256: Annotated[
        Optional[str],
        typer.Option("--script-sha256", help="run that script alone", metavar="HEX", rich_help_panel=_WHAT),
    ] = None
    registry_mirror: Annotated[
        Optional[list[str]],
        typer.Option(
            "--registry-mirror",
            help="mirror of Docker Hub, or HOST=URL; repeatable",
            metavar="URL",
            rich_help_panel=_WHAT,
        ),
    ] = None
    insecure_registry: Annotated[
        Optional[list[str]],
        typer.Option(
            "--insecure-registry", help="host:port or CIDR; repeatable", metavar="REGISTRY", rich_help_panel=_WHAT
        ),
    ] = None
    daemon: Annotated[
        Optional[list[str]],
        typer.Option("--daemon", help="a key of daemon.json; repeatable", metavar="KEY=JSON", rich_help_panel=_WHAT),
    ] = None
    docker_user: Annotated[
        Optional[list[str]],
        typer.Option("--docker-user", help="may use docker; repeatable", metavar="LOGIN", rich_help_panel=_WHAT),
    ] = None
    no_update: Annotated[
        bool,
        typer.Option("--no-update", help="leave the distribution's package lists as they are", rich_help_panel=_WHAT),
    ] = False
    system_update: Annotated[
        bool,
        typer.Option("--system-update", help="upgrade all packages of the system first", rich_help_panel=_WHAT),
    ] = False
    hold: Annotated[
        bool,
        typer.Option("--hold", help="keep the package manager from upgrading the engine", rich_help_panel=_WHAT),
    ] = False
    remove_dependents: RemoveDependents = False

    mirror_ca: MirrorCa = None
    also: Also = None
    take_over: TakeOver = False
    force: Force = False

    def said(self) -> dict[str, Any]:
        """What the command line says of the wanted state, in the field names of `Spec`."""
        values = {
            "version": self.docker_version,
            "channel": self.channel,
            "source": self.source,
            "source_fingerprint": self.source_fingerprint,
            "strategy": self.strategy,
            "script_url": self.script_url,
            "script_sha256": self.script_sha256,
            "insecure_registries": self.insecure_registry or None,
            "daemon": _daemon_values(self.daemon) or None,
            "users": self.docker_user or None,
            "update": False if self.no_update else None,
            "system_update": self.system_update or None,
            "hold": self.hold or None,
            "remove_dependents": self.remove_dependents or None,
        }
        mirrors = split_registries(self.registry_mirror or ())
        writing = writing_said(mirror_ca=self.mirror_ca, also=self.also, take_over=self.take_over)
        return {name: value for name, value in values.items() if value is not None} | mirrors | writing


@dataclass(frozen=True, slots=True)
class Output:
    as_json: AsJson = False
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="show the script as well", rich_help_panel=_SHOWN)
    ] = False
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="the result and nothing else", rich_help_panel=_SHOWN)
    ] = False
    no_color: Annotated[
        bool, typer.Option("--no-color", help="no colours on a terminal either", rich_help_panel=_SHOWN)
    ] = False


@dataclass(frozen=True, slots=True)
class ReportedOutput(Output):
    """`Output` of commands that end with an outcome for each host."""

    report: Report = None


def _daemon_values(settings: list[str] | None) -> dict[str, Any]:
    """KEY=JSON options -> a mapping; a value that is no JSON is taken as a string."""
    values: dict[str, Any] = {}
    for setting in settings or ():
        key, equals, text = setting.partition("=")
        if not equals:
            raise typer.BadParameter(f"{setting!r}: write KEY=JSON, such as debug=true")
        try:
            values[key] = json.loads(text)
        except ValueError:
            values[key] = text
        except RecursionError:
            raise typer.BadParameter(f"{key}: its value is nested too deeply") from None
    return values
