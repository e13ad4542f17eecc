"""Options that say which mirrors there are to be and where they are written."""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

_WHAT = "Wanted state"

TakeOver = Annotated[
    bool,
    typer.Option(
        "--take-over",
        help="options of dockerd that say the same move into daemon.json; restarts the engine",
        rich_help_panel=_WHAT,
    ),
]
MirrorCa = Annotated[
    Optional[str],
    typer.Option(
        "--mirror-ca", help="certificate of the authority that signs the mirrors", metavar="FILE", rich_help_panel=_WHAT
    ),
]
Also = Annotated[
    Optional[str],
    typer.Option(
        "--also",
        help="the same mirrors for containerd,podman,k3s (some of them)",
        metavar="ENGINES",
        rich_help_panel=_WHAT,
    ),
]
OnDesktop = Annotated[bool, typer.Option("--desktop", help="of Docker Desktop on this machine")]
Force = Annotated[
    bool,
    typer.Option("--force", help="write mirrors that nobody answers at, too", rich_help_panel=_WHAT),
]


@dataclass(frozen=True, slots=True)
class MirrorWriting:
    """Where mirrors are written."""

    mirror_ca: MirrorCa = None
    also: Also = None
    take_over: TakeOver = False
    force: Force = False

    def said(self) -> dict[str, Any]:
        """What the command line says of it, in the field names of `Spec`."""
        return writing_said(mirror_ca=self.mirror_ca, also=self.also, take_over=self.take_over)


def writing_said(*, mirror_ca: str | None, also: str | None, take_over: bool) -> dict[str, Any]:
    """Return what was given, in the field names of `Spec`; a file's content, not its name.

    Raises:
        UsageError: the file cannot be read.
    """
    said: dict[str, Any] = {"take_over": True} if take_over else {}
    if also is not None:
        said["also"] = tuple(dict.fromkeys(name.strip() for name in also.split(",") if name.strip()))
    if mirror_ca is not None:
        from provisioner.errors import UsageError

        try:
            said["mirror_ca"] = Path(mirror_ca).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as cause:
            raise UsageError(f"--mirror-ca {mirror_ca}: {cause}", hint="name a PEM file on this machine") from cause
    return said


def split_registries(mirrors: Iterable[str]) -> dict[str, Any]:
    """`URL` and `HOST=URL` -> registry_mirrors and other_registry_mirrors; `HOST=` means none for that host."""
    hub: list[str] = []
    others: dict[str, list[str]] = {}
    for word in mirrors:
        host, equals, url = word.partition("=")
        if not equals or "://" in host:
            hub.append(word)
        else:
            others.setdefault(host, []).extend([url] if url else [])
    return {name: value for name, value in (("registry_mirrors", hub), ("other_registry_mirrors", others)) if value}


def split_words(words: Sequence[str] | None, inventory: str | None = None) -> tuple[list[str], list[str]]:
    """Return the mirrors and the targets among the arguments of a command: `HOST=URL` names a mirror, not a host.

    Raises:
        UsageError: a word is a mirror without https://, which would be taken for a host to log in to.
    """
    from provisioner.catalogue.registry_mirrors import without_scheme
    from provisioner.errors import UsageError

    words = words or ()
    if (word := without_scheme(words)) and not (inventory and without_scheme(words, _names(inventory)) == ""):
        raise UsageError(
            f"{word} is a mirror, and no host to log in to",
            hint=f"write https://{word.rstrip('/')}; nothing was touched",
        )
    mirrors = [word for word in words if "://" in word or "=" in word]
    return mirrors, [word for word in words if word not in mirrors]


def _names(inventory: str) -> set[str]:
    """The hosts of an inventory: they are no mirrors, whatever they are called."""
    from provisioner.inventory import load

    try:
        return {host.name for host in load(inventory).hosts(None)}
    except OSError:
        return set()  # whoever reads it for its hosts says so
