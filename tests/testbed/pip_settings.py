"""How pip of this machine reaches its package index, in a form that a fresh container can be given."""

from __future__ import annotations

import ast
import os
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.testbed.engine import run

AUTHORITIES = "/etc/testbed-authorities.pem"
"""Where the container has this machine's certificates: a package that is installed there overwrites the usual place."""
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


@dataclass(frozen=True, slots=True)
class Settings:
    """`files`: path -> content; `folders` to be mounted at the same path; `environment`: NAME=value."""

    files: dict[str, bytes]
    folders: list[str]
    environment: list[str]


def of_this_machine() -> Settings:
    configured = parse(run(sys.executable, "-m", "pip", "config", "list"))
    words = [word for options in configured.values() for value in options.values() for word in value.split()]
    paths = {str(path) for path in map(_local, words) if path is not None}
    files = {path: Path(path).read_bytes() for path in paths if Path(path).is_file()}
    authorities = configured.get("global", {}).get("cert") or ssl.get_default_verify_paths().cafile
    if authorities and Path(authorities).is_file():
        files.pop(authorities, None)
        files[AUTHORITIES] = Path(authorities).read_bytes()
        configured.setdefault("global", {})["cert"] = AUTHORITIES
    files["/etc/pip.conf"] = written(configured).encode()
    names = {name for name in os.environ if name.lower() in PROXIES}
    return Settings(
        files, sorted(path for path in paths if Path(path).is_dir()), [f"{name}={os.environ[name]}" for name in names]
    )


def parse(listed: str) -> dict[str, dict[str, str]]:
    """Read `pip config list`: section.option='value' lines; what the environment says, `:env:`, goes before files."""
    found: dict[str, dict[str, str]] = {"global": {}}
    from_environment: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        into = from_environment if section == ":env:" else found.setdefault(section, {})
        into[option] = str(ast.literal_eval(value))
    found["global"].update(from_environment)
    return found


def written(configured: Mapping[str, Mapping[str, str]]) -> str:
    """Return the same as a pip.conf; a value of several lines is continued by indentation."""
    lines = []
    for section, options in configured.items():
        lines.append(f"[{section}]")
        lines += [f"{option} = {value.strip()}".replace("\n", "\n  ") for option, value in options.items()]
    return "\n".join([*lines, ""])


def _local(word: str) -> Path | None:
    """The file or directory of this machine that a value names; an index on disk links to its neighbours."""
    path = Path(word.removeprefix("file://"))
    if not path.is_absolute() or not path.exists():
        return None
    return path.parent if word.startswith("file://") and path.is_dir() and len(path.parts) > 2 else path
