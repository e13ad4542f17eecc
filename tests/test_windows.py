"""Windows lacks modules and functions of POSIX: nothing that the commands import needs them at once."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.syntax import tree_of

PACKAGE = Path(__file__).parent.parent / "provisioner"
NAMES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)

LACKING = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty", "posix")
"""Modules that Windows has not."""

WITHOUT = {
    "os": (
        "chown", "fchown", "lchown", "fork", "getegid", "geteuid", "getgid", "getuid", "getpgid", "killpg", "setsid",
        "mkfifo", "uname", "sysconf", "getloadavg", "O_NOFOLLOW", "O_CLOEXEC", "O_DIRECTORY", "WNOHANG", "waitid",
    ),
    "signal": ("SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGWINCH", "pthread_sigmask"),
    "select": ("poll", "epoll"),
    "socket": ("AF_UNIX",),
    "time": ("tzset",),
}  # fmt: skip
"""Names that these modules lack there."""

KNOWN = {
    # This machine as a host: it has no sh there either.
    "provisioner.transports.local": {"sh", "os.killpg", "signal.SIGKILL", "os.set_blocking", "selectors"},
    "provisioner.transports.local_command": {"sh", "os.killpg", "signal.SIGKILL"},  # the same
    # Refused behind an ImportError, before anything else of it is used.
    "provisioner.transports.terminal": {"termios", "tty", "signal.SIGWINCH", "os.set_blocking"},
    "provisioner.transports.ssh_route": {"sh"},  # ProxyCommand, with sockets as its streams
    "provisioner.transports.known_hosts": {"fcntl"},  # where it is there
    "provisioner.transports.ssh_config_answer": {"sh", "pwd", "os.getuid"},  # a word for ssh; behind an ImportError
    "provisioner.transports.ssh_config_include": {"os.getuid"},  # behind os.name
    "provisioner.transports.ssh_keys": {"socket.AF_UNIX"},  # behind hasattr
    "provisioner.transports.ssh_tokens": {"os.getuid"},  # behind hasattr
    "provisioner.transports.local_file": {"os.chown", "os.geteuid", "os.getegid"},  # behind hasattr(os, "chown")
}
"""Who needs what Windows lacks; others must not, and these should become fewer."""

NEED_KNOWN_HOSTS = {
    "provisioner.transports.known_hosts", "provisioner.transports.ssh", "provisioner.cli.hosts",
    "provisioner.cli.mirror_fastest",
}  # fmt: skip
"""What cannot be imported there while known_hosts needs fcntl at once."""


def uses(tree):
    """What a module takes from POSIX alone, as MODULE or MODULE.NAME."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in {*LACKING, "selectors"})
        elif isinstance(node, ast.ImportFrom) and node.module in LACKING:
            yield node.module
        elif isinstance(node, ast.List) and node.elts and getattr(node.elts[0], "value", "") == "sh":
            yield "sh"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in WITHOUT.get(node.value.id, ()):
                yield f"{node.value.id}.{node.attr}"
            elif node.value.id == "os" and node.attr == "set_blocking":
                yield "os.set_blocking"


def test_what_needs_posix_is_known():
    found = {}
    for name in NAMES:
        path = PACKAGE.parent / Path(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if needed := set(uses(tree_of(file))):
            found[name] = needed
    more = {name: needed - KNOWN.get(name, set()) for name, needed in found.items()}
    assert {name: needed for name, needed in more.items() if needed} == {}


WINDOWS = f"""
import os, select, signal, socket, sys, time
import asyncio, concurrent.futures, getpass, multiprocessing, pathlib, selectors, shutil, subprocess, sysconfig
import tempfile, zoneinfo
import distro, jinja2, paramiko, pydantic, rich.console, rich.progress, typer, yaml  # they know Windows
sysconfig.get_config_vars()
for name in {LACKING!r}:
    sys.modules[name] = None
for module, names in {WITHOUT!r}.items():
    for name in names:
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)
sys.platform = "win32"
"""
"""Makes a Python that lacks what Windows lacks. os.name stays as it is: pathlib goes by it."""


def on_windows(program, home, **environment):
    return subprocess.run(
        [sys.executable, "-c", WINDOWS + program],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"PATH": "", "HOME": str(home), "USERNAME": "me", "SYSTEMROOT": "C:", **environment},
    )


def test_every_module_is_imported(tmp_path):
    names = [name for name in NAMES if not name.endswith("__main__")]
    program = f"""
import importlib, json
lacks = {{}}
for name in {names!r}:
    try:
        importlib.import_module(name)
    except Exception as error:
        lacks[name] = f"{{type(error).__name__}}: {{error}}"
print(json.dumps(lacks))
"""
    done = on_windows(program, tmp_path)
    assert done.returncode == 0, done.stderr
    lacks = json.loads(done.stdout.splitlines()[-1])
    assert {name: why for name, why in lacks.items() if name not in NEED_KNOWN_HOSTS} == {}
    assert all("fcntl" in why for why in lacks.values())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--help", 0),
        ("--version", 0),
        ("mirror list", 0),
        ("mirror list --json", 0),
        ("platform list", 0),
        ("source list", 0),
        ("render schema", 0),
        ("history", 0),
        ("mirror set --desktop https://m.corp --yes", 5),
        ("mirror clear --desktop --yes", 5),
    ],
)
def test_a_command_works_or_says_what_it_needs(words, code, tmp_path):
    program = f"""
sys.argv = ["provisioner", *{words.split()!r}]
from provisioner.cli.app import run
run()
"""
    done = on_windows(program, tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert "this is a bug" not in done.stdout + done.stderr
    if code:
        assert "there is no Docker Desktop" in done.stdout
