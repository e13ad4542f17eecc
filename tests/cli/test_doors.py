"""Commands parse, call and print: what else there is to do has a room of its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.syntax import tree_of

PACKAGE = Path(__file__).parents[2] / "provisioner"
MODULES = sorted((PACKAGE / "cli").glob("*.py"))
ELSEWHERE = {
    "threading": "runs/", "queue": "runs/", "signal": "runs/", "time": "runs/", "contextvars": "runs/",
    "textwrap": "report/", "json": "report/", "html": "report/", "rich": "report/",
    "tempfile": "report/", "subprocess": "transports/", "paramiko": "transports/",
}  # fmt: skip
GATE = PACKAGE / "report" / "gate.py"


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_door_does_no_work(path):
    found = {name: ELSEWHERE[name] for name in imported(tree_of(path)) if name in ELSEWHERE}
    if path.stem == "options":
        found.pop("json", None)  # it reads --daemon KEY=JSON
    assert not found, "this belongs to another room"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_door_makes_no_table(path):
    names = {node.attr for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)}
    assert names & {"ljust", "rjust", "center"} == set()


def test_text_leaves_through_the_gate_alone():
    wrong = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != GATE
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Name) and node.id == "print")
        or (isinstance(node, ast.Attribute) and node.attr in {"echo", "secho"})
        or (
            isinstance(node, ast.Attribute)
            and node.attr in {"write", "writelines", "buffer"}
            and isinstance(node.value, ast.Attribute)
            and node.value.attr in {"stdout", "stderr"}
        )
    ]
    assert wrong == []
