"""Plan -> script, and the scripts that carry it.

Two environments: in shell every value is quoted by construction (`raw` marks the exceptions), in files nothing
is. An undefined name is an error in both.
"""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from provisioner.catalogue.packages import packages
from provisioner.catalogue.platforms import taken_away
from provisioner.transports import limits

if TYPE_CHECKING:
    from provisioner.plan.model import Plan

Raw = type("Raw", (str,), {"__doc__": "Text that goes into a script as it is."})


def facts_script(
    nonce: str,
    *,
    become_password: str | None = None,
    become_method: str = "",
    brief: bool = False,
    engine_alone: bool = False,
    singly: bool = False,
    users: Sequence[str] = (),
    runs: Sequence[str] = (),
    sources: Sequence[str] = (),
) -> str:
    """The script that asks a host for its facts, as root where the account allows it.

    `become_method`, here and below: the one way to root that is tried, of `provisioner.transports.become.METHODS`; ""
    leaves the choice to the host.

    `brief` leaves out what only an installation needs to know: kernel, storage, network, package locks. `engine_alone`
    leaves out packages and accounts as well, which the configuration of an engine that answers has nothing to do with.
    `singly` tells each file by itself, which costs more and asks nothing of files that change meanwhile.
    `users` are accounts that the name service is asked for, `runs` those whose entries of its journal are told,
    `sources` URLs of hosts that packages may come from.
    """
    payload = _facts(
        brief=brief,
        engine_alone=engine_alone,
        singly=singly,
        users=tuple(users),
        runs=tuple(runs),
        sources=tuple(sources),
    )
    return _envelope(nonce, payload, become_password, become_method, needs_root=False)


@functools.lru_cache(maxsize=16)  # the same for all hosts of a run; a worker of a cluster sees many runs
def _facts(
    *,
    brief: bool,
    engine_alone: bool = False,
    singly: bool = False,
    users: tuple[str, ...] = (),
    runs: tuple[str, ...] = (),
    sources: tuple[str, ...] = (),
) -> str:
    asked = f"package_names={shlex.quote(' '.join(row.name for row in packages()))}\n"
    asked += f"going_names={shlex.quote(' '.join(taken_away()))}\n"
    if users:
        lines = "".join(user + "\n" for user in users)
        asked += f"asked_users={shlex.quote(lines)}\n"
    if runs:
        asked += f"asked_runs={shlex.quote(' '.join(runs))}\n"
    if sources:
        asked += f"asked_sources={shlex.quote(' '.join(sources))}\n"
    if singly:
        asked += "singly=1\n"
    asked = ("brief=1\n" if brief or engine_alone else "") + ("engine_alone=1\n" if engine_alone else "") + asked
    return asked + template_text("facts.sh", without="facts_install.sh" if brief or engine_alone else "")


def apply_script(plan: Plan) -> str:
    """The script that `plan -v` shows and `apply` runs, to the byte."""
    return shell_text("apply.sh.j2", plan=plan)


def launch_script(
    apply: str,
    nonce: str,
    *,
    run: str,
    holder: str,
    entry: Sequence[str] = (),
    asked: Sequence[str] = (),
    known: Sequence[str] = (),
    engine_alone: bool = False,
    become_password: str | None = None,
    become_method: str = "",
) -> str:
    """The script that starts `apply` on a host under its lock, follows it and ends with fresh facts.

    They are brief, or `engine_alone`, see `facts_script`. `holder` is what somebody else is told who finds the lock
    taken. `run` names the directory of this run below /var/lib/provisioner/runs, and its entry in the journal there,
    which begins with the lines `entry`. An entry of the runs `asked` that is none of the `known` is joined, or told,
    instead.
    """
    payload = shell_text(
        "launch.sh.j2",
        apply=apply,
        facts=_facts(brief=True, engine_alone=engine_alone),
        nonce=nonce,
        run=run,
        holder=holder,
        entry=entry,
        asked=asked,
        known=known,
    )
    return _envelope(nonce, payload, become_password, become_method, needs_root=True)


def follow_script(nonce: str, *, run: str, become_password: str | None = None, become_method: str = "") -> str:
    """The script that joins run `run` again after its connection was lost."""
    payload = shell_text("follow.sh.j2", run=run)
    return _envelope(nonce, payload, become_password, become_method, needs_root=True)


def root_script(
    template: str, nonce: str, become_password: str | None = None, become_method: str = "", **context: Any
) -> str:
    """`template` (below templates/) as a script that runs as root where the account allows it."""
    return _envelope(nonce, shell_text(template, **context), become_password, become_method, needs_root=False)


def engine_script(
    template: str, nonce: str, become_password: str | None = None, become_method: str = "", **context: Any
) -> str:
    """`template` as a script that runs as whoever may ask the engine: this account, else root where it may be that."""
    payload = shell_text(template, **context)
    return _envelope(nonce, payload, become_password, become_method, needs_root=False, engine_will_do=True)


def file_text(template: str, **context: Any) -> str:
    """The content of a file, from a template below templates/files/."""
    return _files().get_template(template).render(**context)


def shell_text(template: str, **context: Any) -> str:
    """A part of the scripts, from a template below templates/."""
    return _shell().get_template(template).render(**context)


@functools.cache
def template_text(name: str, *, without: str = "") -> str:
    """A template that needs no rendering, with the ones that it includes in their places, except for one."""
    text = (_directory() / name).read_text(encoding="utf-8")

    def included(include: re.Match[str]) -> str:
        return "" if include[1] == without else template_text(include[1])

    return re.sub(r'(?m)^\{% include "([^"]+)" %\}$', included, text)


def quote(value: object) -> str:
    """A value as shell words: strings are one word, a sequence one word per member, None and "" are ''."""
    if isinstance(value, Raw):
        return str(value)
    if value is None:
        return "''"
    if isinstance(value, bool):
        return "1" if value else "''"
    if isinstance(value, str):
        return shlex.quote(value)
    if isinstance(value, Iterable):
        return " ".join(shlex.quote(str(member)) for member in value)
    return shlex.quote(str(value))


def _envelope(
    nonce: str,
    payload: str,
    become_password: str | None,
    become_method: str,
    *,
    needs_root: bool,
    engine_will_do: bool = False,
) -> str:
    return shell_text(
        "envelope.sh.j2",
        nonce=nonce,
        payload=payload,
        password=become_password or "",
        method=become_method,
        needs_root=needs_root,
        engine_will_do=engine_will_do,
    )


@functools.cache
def _directory() -> Path:
    packaged = Path(str(files("provisioner"))) / "templates"
    return packaged if packaged.is_dir() else packaged.parent.parent / "templates"


@functools.cache
def _shell() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_directory()),
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 # shell, not HTML: `finalize` quotes
    )
    environment.globals["limits"] = limits
    environment.filters["raw"] = Raw
    environment.filters["comment"] = lambda value: Raw(" ".join(str(value).split()))
    return environment


def _finalize(value: Any) -> Any:
    if isinstance(value, StrictUndefined):
        return value
    return quote(value)


@functools.cache
def _files() -> Environment:
    return Environment(
        loader=FileSystemLoader(_directory() / "files"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 # configuration files, not HTML
    )
