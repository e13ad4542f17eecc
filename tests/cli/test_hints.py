"""Every command that a message of the program tells is one that its parser takes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typer

import provisioner
from provisioner.cli.app import app
from provisioner.errors import TARGET, WANTED
from tests.syntax import tree_of

PACKAGE = Path(provisioner.__file__).parent
TEMPLATES = PACKAGE.parent / "templates"
TOLD = {
    "TARGET": "root@web01",
    "WANTED": "--hold",
    "run": "20261127T010203Z-1a2b3c",
    "urls": "https://mirror.example",
    "how": "add",
    "forced": "redis:7",
    "host": "registry.example:5000",
    "image": "redis:7",
    "again": "mirror set https://mirror.example",
    "shlex.join(['remove', 'localhost', *typed])": "remove localhost --purge",
    "shlex.join(found.configured.urls)": "https://mirror.example",
    "shlex.quote(path)": "site.plan",
    "shlex.quote(plans[0])": "site.plan",
    "shlex.join(said)": "--hold",
    "shlex.join(found.shown)": "https://mirror.example",
}
"""What stands in a command -> words that may come there."""

PROSE = (
    r"asks|shows|ranks|brings|takes|writes|has|restarts|starts|says|makes|lists|works|on this host|prints|then|again"
)
COMMAND = re.compile(rf"provisioner ((?:[a-z]+|\[TARGET\])(?: [^\s;,`]+)*?)(?=$|[;,`\n]| (?:{PROSE})\b|: )")
OF_OTHERS = {
    "ansible-inventory": {"--list", "--export", "--yaml"},
    "systemctl": {"--user", "--now"},
    "dockerd": {"--help", "--registry-mirror", "--validate", "--config-file"},
}
"""Options in messages that are those of other programs."""

main = typer.main.get_command(app)
NAMES = sorted(main.commands)


def told_in(path):
    """Every text of a module but its docstrings, with words where values come."""
    tree = tree_of(path)
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in ast.walk(node)} - {id(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
                for part in node.values
            )


def commands():
    for path in sorted(PACKAGE.rglob("*.py")):
        for text in told_in(path):
            for found in COMMAND.finditer(re.sub(r"\s+", " ", text)):
                if found[1].split()[0].strip("{}") in {*NAMES, *TOLD, "shlex.join(['remove'"}:
                    yield pytest.param(found[1], id=f"{path.stem}: {found[1]}")
    for path in sorted(TEMPLATES.rglob("*.j2")):
        for found in COMMAND.finditer(path.read_text(encoding="utf-8")):
            if found[1].split()[0] in NAMES:
                yield pytest.param(found[1], id=f"{path.name}: {found[1]}")


FOUND = list(commands())


def parsed(words):
    """The parameters of the command that these words are."""
    command, context = main, main.make_context("provisioner", [], resilient_parsing=True)
    while hasattr(command, "commands"):
        name, *words = command.whole(words) if hasattr(command, "whole") else words
        assert name in command.commands, f"there is no command {name}"
        command = command.commands[name]
    return command.make_context(command.name, list(words), parent=context).params


def test_there_are_some():
    assert len(FOUND) > 20


@pytest.mark.parametrize("told", FOUND)
def test_a_command_that_is_told_can_be_typed(told):
    for value, words in TOLD.items():
        told = told.replace(f"{{{value}}}", words)
    told = told.replace(TARGET, "root@web01").replace(WANTED, "--hold").replace("URL...", "https://mirror.example")
    assert "{" not in told, "say in TOLD what may come there"
    words = told.split()
    parsed(words)
    known = {"root@web01", "localhost", *TOLD["run"].split()}
    for word in words:
        assert word in known or not re.fullmatch(r"[a-z]+", word) or word in all_names(), f"{word!r} is no part of it"


def test_a_hint_names_hosts_to_a_command_about_images_by_an_option():
    """A host of an inventory, web01, would be taken for an image."""
    told = [
        param.values[0] for param in FOUND if param.values[0].startswith("image ") and "{TARGET}" in param.values[0]
    ]
    assert told
    assert [words for words in told if "--on {TARGET}" not in words] == []


def all_names(command=main):
    """The names of all commands and of those below them, and the values that some take."""
    names = {"last", "script", "list"}
    for name, below in getattr(command, "commands", {}).items():
        names |= {name, *all_names(below)}
    return names


def all_options(command=main):
    options = {word for parameter in command.params for word in parameter.opts}
    for below in getattr(command, "commands", {}).values():
        options |= all_options(below)
    return options


def test_every_option_that_a_hint_names_exists():
    known = all_options() | {"--help"}
    for others in OF_OTHERS.values():
        known |= others
    named = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.keyword) and node.arg == "hint":
                for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", ast.unparse(node.value)):
                    named.setdefault(option, path.name)
    assert named
    assert {option: where for option, where in named.items() if option not in known} == {}
