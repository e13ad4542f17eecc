"""The options that say which hosts, and how they are reached."""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Optional

import typer

_WHO = "Hosts and connection"


@dataclass(frozen=True, slots=True)
class Connection:
    inventory: Annotated[
        Optional[str],
        typer.Option("-i", "--inventory", help="hosts and their wanted state", metavar="FILE", rich_help_panel=_WHO),
    ] = None
    limit: Annotated[
        Optional[str],
        typer.Option(
            "-l", "--limit", help="of the inventory, as in Ansible: web,!web03", metavar="PATTERN", rich_help_panel=_WHO
        ),
    ] = None
    shard: Annotated[
        Optional[str],
        typer.Option(
            "--shard", help="share K of N of these hosts, chosen by their names", metavar="K/N", rich_help_panel=_WHO
        ),
    ] = None
    keep_together: Annotated[
        Optional[str],
        typer.Option(
            "--keep-together",
            help="groups whose hosts go into one shard: rack_*",
            metavar="PATTERN",
            rich_help_panel=_WHO,
        ),
    ] = None
    user: Annotated[
        Optional[str], typer.Option("-u", "--user", help="login name", metavar="NAME", rich_help_panel=_WHO)
    ] = None
    port: Annotated[
        Optional[int], typer.Option("-p", "--port", min=1, max=65535, help="SSH port", rich_help_panel=_WHO)
    ] = None
    private_key: Annotated[
        Optional[str], typer.Option("--private-key", help="private key", metavar="FILE", rich_help_panel=_WHO)
    ] = None
    ask_pass: Annotated[
        bool, typer.Option("-k", "--ask-pass", help="ask for the login password", rich_help_panel=_WHO)
    ] = False
    ask_become_pass: Annotated[
        bool, typer.Option("-K", "--ask-become-pass", help="ask for the password to become root", rich_help_panel=_WHO)
    ] = False
    become_method: Annotated[
        Optional[str],
        typer.Option("--become-method", help="sudo, doas or su; else what works", metavar="NAME", rich_help_panel=_WHO),
    ] = None
    forks: Annotated[int, typer.Option("-f", "--forks", min=1, help="hosts at a time", rich_help_panel=_WHO)] = 50
    known_hosts: Annotated[
        Optional[str],
        typer.Option("--known-hosts", help="instead of ~/.ssh/known_hosts", metavar="FILE", rich_help_panel=_WHO),
    ] = None
    accept_new: Annotated[
        bool,
        typer.Option("--accept-new", help="accept the key of a host seen for the first time", rich_help_panel=_WHO),
    ] = False
    ssh_config: Annotated[
        Optional[str],
        typer.Option("--ssh-config", help="instead of ~/.ssh/config", metavar="FILE", rich_help_panel=_WHO),
    ] = None
    jump: Annotated[
        Optional[str],
        typer.Option("-J", "--jump", help="jump host, \\[user@]host\\[:port]", metavar="HOST", rich_help_panel=_WHO),
    ] = None
    timeout: Annotated[
        Optional[float],
        typer.Option(
            "--timeout", help="to connect; 15 if ~/.ssh/config says nothing", metavar="SECONDS", rich_help_panel=_WHO
        ),
    ] = None
