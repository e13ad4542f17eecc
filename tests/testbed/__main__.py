"""Hosts by hand: python -m tests.testbed up SLUG... | list | down | build [SLUG...] | tools."""

from __future__ import annotations

import argparse
import os
import sys

from tests import machine
from tests.testbed import apt, engine, images, registry, sessions, source
from tests.testbed.bed import Bed
from tests.testbed.engine import TestbedError
from tests.testbed.recipes import BARE, OS_RELEASES, RECIPES


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description="Disposable hosts to try things on.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start hosts and services that stay until `down`")
    up.add_argument("slugs", nargs="+", choices=RECIPES, metavar="SLUG", help=", ".join(RECIPES))
    up.add_argument("--os-release", default="", choices=OS_RELEASES, help="what /etc/os-release claims to be")
    commands.add_parser("list", help="what `up` started")
    commands.add_parser("down", help="remove it")
    build = commands.add_parser(
        "build", help="build images ahead of time; without a name everything that is served, too"
    )
    build.add_argument("slugs", nargs="*", choices=[*RECIPES, []], metavar="SLUG")
    commands.add_parser("tools", help="install what tests ask of this machine; without root say what is missing")
    arguments = parser.parse_args()

    if arguments.command == "tools":
        _tools()
        return
    engine.ensure()
    sessions.remove_dead()
    if arguments.command == "up":
        engine.allow_many_hosts()
        _up(arguments.slugs, arguments.os_release)
    elif arguments.command == "list":
        print("\n".join(sessions.containers(sessions.kept())))
    elif arguments.command == "down":
        sessions.end(sessions.kept())
    elif arguments.slugs:
        images.build(arguments.slugs)
    else:
        images.build([*RECIPES, BARE])
        source.build()
        registry.build()


def _tools() -> None:
    """Where they cannot be installed tests are skipped, which with CI=true would be a failure of each."""
    lost = machine.packages(*machine.missing(*machine.TOOLS))
    if lost:
        print(f"tools of the tests: {' '.join(lost)}", flush=True)
    try:
        apt.ensure(*machine.TOOLS)
    except TestbedError as error:
        if os.environ.get("CI") == "true" or apt.usable():
            sys.exit(str(error))
        print(f"{error}\ntests that need them are skipped")


def _up(slugs: list[str], os_release: str) -> None:
    bed = Bed(sessions.kept())
    for slug in slugs:
        host = bed.start(slug, os_release=os_release)
        print(f"{slug}: {host.target}   container {host.name}")
    print(f"  --private-key {bed.key_file} --known-hosts {bed.known_hosts}")
    print(f"accounts        root, ops, pat (sudo asks for: {bed.passwords['pat']}), nosudo")
    print(f"package source  --source {bed.source.url} --source-fingerprint {bed.source.fingerprint}")
    print(f"mirrors         {' '.join(mirror.url for mirror in bed.mirrors)}   dead: {bed.dead_mirror}")


if __name__ == "__main__":
    main()
