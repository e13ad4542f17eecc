"""The shape of the code, checked: who may import whom, how large a module gets, what every template is for.

A module that is in no layer, or in the wrong one, is named by the message together with the import. DESIGN in one
line: rows and models <- decisions <- what touches hosts -> what runs them -> what people see.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import typer
from jinja2 import Environment, meta

from provisioner.catalogue.platforms import derivatives, platforms
from provisioner.cli.app import app
from provisioner.facts.model import ServiceManager
from tests.syntax import tree_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "provisioner"
TEMPLATES = ROOT / "templates"

LAYERS = (
    "masking", "errors", "catalogue", "host_files", "facts", "transports", "wanted", "inventory", "sources",
    "mirror_probe", "images", "plan", "scripts", "remote", "preflight", "strategies", "removal", "planner", "checks",
    "runs", "desktop", "report", "cli", "__main__",
)  # fmt: skip
"""From the ground up: packages, and the three loose modules. Each imports itself and those before it."""

PURE = frozenset({
    "errors", "masking", "catalogue", "host_files", "facts", "wanted", "sources", "mirror_probe", "images", "plan",
    "scripts", "preflight", "strategies", "removal", "planner", "checks",
})  # fmt: skip
IMPURE_MODULES = {
    "asyncio", "getpass", "glob", "http", "os", "paramiko", "pathlib", "random", "select", "shutil", "signal",
    "socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib.request",
}  # fmt: skip
IMPURE_NAMES = {"open", "input", "print"}
EXCEPTIONS = {
    "facts.os_release": {"pathlib", "tempfile"},  # the package distro reads a directory and nothing else
    "scripts.render": {"pathlib"},  # where our own templates are
}
VAGUE = {"base", "common", "core", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}
LARGEST = 250
LOOSE = 3
HEAVY = {"distro", "jinja2", "paramiko", "pydantic", "rich", "sqlite3", "yaml"}


@cache
def modules():
    """Every module by its name below provisioner, with its syntax tree."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        words = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(words[:-1] if words[-1] == "__init__" else words)
        if name:
            found[name] = tree_of(path)
    return found


def imports(tree):
    """(line, absolute name) of everything that is imported anywhere in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                ours = full.removeprefix("provisioner.") in modules()
                yield node.lineno, full if ours else str(node.module)


def own_imports(tree):
    for line, name in imports(tree):
        if name.startswith("provisioner."):
            yield line, name.removeprefix("provisioner.")


def layer(module):
    """The number and the name of a module's layer."""
    name = module.partition(".")[0]
    assert name in LAYERS, f"provisioner.{module} is in no layer: give {name} its place in LAYERS"
    return LAYERS.index(name), name


def test_imports_go_down():
    wrong = []
    for module, tree in modules().items():
        number, name = layer(module)
        for line, imported in own_imports(tree):
            below, its = layer(imported)
            if below > number:
                wrong.append(f"provisioner.{module}:{line} ({name}) imports provisioner.{imported} ({its})")
    assert not wrong, "imports that go up:\n" + "\n".join(wrong)


def test_the_floor_plan_of_contributing_is_the_one_of_the_code():
    """Its rows go from the top down; the loose modules stand below them."""
    plan = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Floor plan")[2].partition("## Words")[0]
    rows = re.findall(r"(?m)^\| `(\w+)` \|", plan)
    packages = [name for name in LAYERS if (PACKAGE / name).is_dir()]
    assert rows == packages[::-1]
    loose = [name for name in LAYERS if name not in packages and name != "__main__"]
    assert all(f"`{name}.py`" in plan for name in loose)
    assert len(loose) <= LOOSE


def test_every_word_of_the_glossary_is_one_of_the_code():
    rows = re.findall(
        r"(?m)^\| ([^|`]+) \| ", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Words")[2]
    )
    words = [word for row in rows[1:] for word in row.split(", ")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py")))
    names = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", code).lower()
    assert len(words) > 40
    assert [word for word in words if not re.search(rf"\b{re.escape(word.lower())}", names)] == []


def test_no_module_imports_itself_by_way_of_others():
    """Lazy imports count: a circle that is broken by one is a circle."""
    packages = {module for module in modules() if (PACKAGE / module.replace(".", "/")).is_dir()}
    graph = {module: sorted({name for _, name in own_imports(tree)}) for module, tree in modules().items()}
    done = set()

    def walk(module, path):
        assert module not in path, "a circle: " + " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for imported in graph[module]:
                if imported != module and not (imported in packages and module.startswith(f"{imported}.")):
                    walk(imported, [*path, module])
            done.add(module)

    for module in graph:
        walk(module, [])


def test_pure_modules_touch_nothing():
    wrong = []
    for module, tree in modules().items():
        if layer(module)[1] not in PURE:
            continue
        allowed = EXCEPTIONS.get(module, set())
        wrong += [
            f"provisioner.{module}:{line} imports {name}"
            for line, name in imports(tree)
            if (name in IMPURE_MODULES or name.partition(".")[0] in IMPURE_MODULES) and name not in allowed
        ]
        wrong += [
            f"provisioner.{module}:{node.lineno} calls {node.func.id}()"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_NAMES
        ]
    assert not wrong, "these layers are pure; what reads or writes belongs above:\n" + "\n".join(wrong)


def test_every_layer_and_exception_is_of_use():
    assert set(LAYERS) == {module.partition(".")[0] for module in modules()}
    assert set(LAYERS) >= PURE
    assert {module: {name for _, name in imports(modules()[module])} & IMPURE_MODULES for module in EXCEPTIONS} == (
        EXCEPTIONS
    )


def test_modules_are_small():
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    large = [f"{path.relative_to(ROOT)}: {size} lines" for path, size in sizes.items() if size > LARGEST]
    assert not large, f"more than {LARGEST} lines; where do they part?\n" + "\n".join(large)


def test_module_names_say_something():
    vague = [name for name in modules() if name.rpartition(".")[2] in VAGUE and name != "transports.base"]
    assert not vague


def template_names():
    return {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*") if path.is_file()}


def test_every_template_is_used_and_every_name_of_one_exists():
    """Dynamic includes: a step's template by the name in its row, the service functions by the init system."""
    constants = {
        node.value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    names = template_names()
    included = set()
    for name in filter(lambda name: name.endswith(".j2"), names):
        source = Environment().parse((TEMPLATES / name).read_text(encoding="utf-8"))
        included |= {found for found in meta.find_referenced_templates(source) if found}
    for name in filter(lambda name: not name.endswith(".j2"), names):  # text that goes into others as it is
        included |= set(re.findall(r'(?m)^\{% include "([^"]+)" %\}$', (TEMPLATES / name).read_text(encoding="utf-8")))
    used = {
        name
        for name in names
        if name in constants
        or name in included
        or name.removeprefix("files/") in constants
        or (name.startswith("steps/") and name.removeprefix("steps/").removesuffix(".sh.j2") in constants)
        or (
            name.startswith("service/")
            and name.removeprefix("service/").removesuffix(".sh") in get_args(ServiceManager)
        )
    }
    assert names - used == set(), "templates that nothing uses"
    assert {f"service/{init}.sh" for init in get_args(ServiceManager)} <= names
    named = {text for text in constants if re.fullmatch(r"[\w./-]+\.j2", text)}
    assert {text for text in named | included if text not in names and f"files/{text}" not in names} == set()
    assert {text for text in step_templates() if f"steps/{text}.sh.j2" not in names} == set()


def step_templates():
    """The literal names in `Step(..., template, ...)`, the fifth argument."""
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Step":
                given = [*node.args[4:5], *(word.value for word in node.keywords if word.arg == "template")]
                yield from (
                    constant.value
                    for expression in given
                    for constant in [expression, getattr(expression, "body", None), getattr(expression, "orelse", None)]
                    if isinstance(constant, ast.Constant)
                )


def test_templates_decide_nothing_by_the_name_of_a_platform():
    ids = "|".join(sorted({row.id for row in platforms()} | set(derivatives())))
    decision = re.compile(rf"\{{%-?\s*(?:el)?if\b.*\b({ids})\b|\b(?:if|elif|case)\b.*\b({ids})\b|\[ .*\b({ids})\b|^\s*[\w|-]*\b({ids})\)")  # fmt: skip
    wrong = [
        f"{name}:{number}: {line.strip()}"
        for name in sorted(template_names())
        for number, line in enumerate((TEMPLATES / name).read_text(encoding="utf-8").splitlines(), 1)
        if decision.search(line) and not line.lstrip().startswith("#")
    ]
    assert not wrong, "what differs between platforms is a row or a strategy:\n" + "\n".join(wrong)


def commands(group, words=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        yield " ".join([*words, name]), command


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help_and_the_readme_shows_it(name):
    command = COMMANDS[name]
    assert (command.help or "").strip()
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{name}: {parameter.name} has no help"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"provisioner {name}\b", readme), f"README.md does not mention `provisioner {name}`"


def test_every_dependency_is_imported():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    wanted = {re.match(r"[\w-]+", line)[0].lower() for line in listed}
    wanted = {{"pyyaml": "yaml"}.get(name, name) for name in wanted}
    used = {name.partition(".")[0] for tree in modules().values() for _, name in imports(tree)}
    assert wanted - used == set(), "dependencies that nothing imports"
    assert (
        used
        - wanted
        - set(sys.stdlib_module_names)
        - {"provisioner"}
        - {
            "pydantic_core",  # pydantic's own
        }
        == set()
    ), "imported, and no dependency"


def test_the_command_line_loads_nothing_heavy():
    """What every command pays, --help included; commands import what they need when they run."""
    script = f"import json, sys, provisioner.cli.app; print(json.dumps(sorted({HEAVY!r} & set(sys.modules))))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == [], "find who: python -X importtime -c 'import provisioner.cli.app'"


def test_ssh_loads_nothing_for_what_it_does_not_do():
    found = "import json, sys; print(json.dumps([name for name in ('asyncio', 'invoke', 'unittest') if sys.modules.get(name)]))"
    script = f"import provisioner.transports.ssh_client, paramiko; {found}"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == []


def test_no_test_module_is_imported():
    """What several of them need stands beside them, in a module of its own name."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in (ROOT / "tests").rglob("*.py")
        for line, name in imports(tree_of(path))
        if name.startswith("tests.") and name.rpartition(".")[2].startswith("test_")
    ]
    assert not wrong, "\n".join(wrong)


def test_lines_of_hosts_end_with_a_newline_alone():
    """Of str.splitlines and its other ends of lines see provisioner/host_files/lines.py."""
    texts = {"facts", "host_files", "plan", "sources", "mirror_probe", "remote", "planner", "checks", "removal"}
    found = [
        str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] in texts and ".splitlines(" in path.read_text(encoding="utf-8")
    ]
    assert found == []


UNCHANGED = {
    "planner/": "a plan that is refused: its host was only looked at; of one that was changed first see errors.py",
    "host_files/k3s_registries.py": "the same",
    "mirror_probe/before_writing.py": "the same",
    "errors.py": "takes these words out",
    "runs/mirrors.py": "before the first plan",
    "cli/confirmation.py": "before the first change",
    "runs/brakes.py": "of hosts that no run was sent to",
    "remote/execute.py": "sudo has refused before the run",
    "remote/watched.py": "the run was called off on its host before it had begun",
    "desktop/docker_desktop.py": "before the file is written",
    "transports/local_file.py": "the same",
}
ROLLED_BACK = {
    "remote/execute.py": "the host has said so: only undo_files of prelude.sh does, after it has compared",
    "facts/journal.py": "the host's own words for what it has seen: close_entry of journal.sh reads what prelude.sh said",
    "facts/last_run.py": "the same",
    "remote/attempt.py": "the same",
    "runs/repeat.py": "the same",
    "runs/judgement.py": "what execute.py returns",
    "runs/outcome.py": "the status",
    "desktop/docker_desktop.py": "the file was compared, and the engine shows what it had",
    "desktop/change.py": "what that raises",
}


@pytest.mark.parametrize(
    ("words", "places"),
    [
        pytest.param(r"nothing\s+(?:was|is)\s+changed", UNCHANGED, id="nothing was changed"),
        pytest.param(r"rolled.?back", ROLLED_BACK, id="rolled back"),
    ],
)
def test_that_a_host_is_as_before_is_said_where_that_was_seen(words, places):
    said = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(words, path.read_text(encoding="utf-8"), re.IGNORECASE)
    }
    unlisted = sorted(path for path in said if not path.startswith(tuple(places)))
    assert unlisted == [], "say how that was seen, in the table above this test"
    assert sorted(place for place in places if not any(path.startswith(place) for path in said)) == []


def test_scripts_say_it_in_one_place_each():
    texts = {
        path.relative_to(TEMPLATES).as_posix(): path.read_text(encoding="utf-8")
        for path in TEMPLATES.rglob("*")
        if path.is_file()
    }
    assert [name for name, text in texts.items() if re.search(r"mark\W+rollback", text)] == ["prelude.sh"]
    assert texts["prelude.sh"].count('mark "rollback done"') == 1
    # Before there is a directory of the run.
    assert [name for name, text in texts.items() if "nothing was changed" in text] == ["launch.sh.j2"]
