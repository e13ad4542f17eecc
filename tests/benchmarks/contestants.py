"""Who re-points a fleet, and how: each the same file, the same reload, the same look at the engine, at fifty at once.

Tools of others stand in an environment of their own, kept in the test bed's cache; what cannot be had there is None.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.floor import FORKS, SCRIPT
from tests.testbed.engine import cache_directory
from tests.testbed.locks import locked

PACKAGES = ("pyinfra", "ansible-core", "mitogen", "parallel-ssh")
PROVISIONER = (sys.executable, "-m", "provisioner")


@dataclass(frozen=True, slots=True)
class Hosts:
    """The fleet by one way to it, and a directory for what a tool wants to read."""

    targets: Sequence[str]
    key: Path
    known_hosts: Path
    folder: Path

    def split(self) -> list[tuple[str, str, str]]:
        """User, address and port of each."""
        return [
            (user, *place.split(":"))  # type: ignore[misc] # three words
            for user, _, place in (target.partition("@") for target in self.targets)
        ]


@dataclass(frozen=True, slots=True)
class Command:
    words: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


Contestant = Callable[[Hosts, str], Command]
"""What re-points the hosts to a mirror's URL."""


def environment() -> dict[str, Path | None]:
    """Return the environment of each package, None where the package index has it not for this Python."""
    folder = cache_directory() / f"peers-{sys.version_info[0]}.{sys.version_info[1]}"
    with locked("peers"):
        if not folder.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        found: dict[str, Path | None] = {}
        for package in PACKAGES:
            show = [folder / "bin/pip", "show", "-q", package]
            install = [folder / "bin/pip", "install", "-q", package]
            there = subprocess.run(show, capture_output=True, check=False).returncode == 0
            there = there or subprocess.run(install, capture_output=True, check=False).returncode == 0
            found[package] = folder if there else None
    return found


def versions(folder: Path) -> dict[str, str]:
    """Package -> version of what is in an environment."""
    listed = subprocess.run(
        [folder / "bin/pip", "list", "--format", "json"], capture_output=True, check=True, text=True
    )
    return {row["name"].replace("_", "-"): row["version"] for row in json.loads(listed.stdout)}


def bare(hosts: Hosts, script: str) -> Command:
    """The script on each, by a bare exec."""
    return Command(
        [sys.executable, "-m", "tests.benchmarks.floor", str(hosts.key), str(hosts.known_hosts), script, *hosts.targets]
    )


def floor(hosts: Hosts, url: str) -> Command:
    return bare(hosts, SCRIPT.replace("URL", url))


def provisioner(hosts: Hosts, *words: str) -> Command:
    """Our command with these words, on the hosts."""
    connection = ("--private-key", str(hosts.key), "--known-hosts", str(hosts.known_hosts))
    return Command([*PROVISIONER, *words, *hosts.targets, *connection])


def ours(hosts: Hosts, url: str, *more: str) -> Command:
    return provisioner(hosts, "mirror", "set", url, "--yes", "-q", *more)


def ours_unasked(hosts: Hosts, url: str) -> Command:
    """No peer asks a mirror whether it answers."""
    return ours(hosts, url, "--force")


def ssh_loop(hosts: Hosts, url: str) -> Command:
    script = SCRIPT.replace("URL", url)
    lines = [
        f"ssh -n -i {hosts.key} -o UserKnownHostsFile={hosts.known_hosts} -p {port} {user}@{address} {shlex.quote(script)}"
        for user, address, port in hosts.split()
    ]
    path = hosts.folder / "loop.sh"
    path.write_text("set -e\n" + "\n".join(lines) + "\n")
    return Command(["sh", str(path)])


def parallel_ssh(folder: Path) -> Contestant:
    def command(hosts: Hosts, url: str) -> Command:
        path = hosts.folder / "parallel.py"
        path.write_text(f"""
from pssh.clients import ParallelSSHClient
from pssh.config import HostConfig
rows = {hosts.split()!r}
configs = [HostConfig(user=user, port=int(port), private_key={str(hosts.key)!r}) for user, _, port in rows]
client = ParallelSSHClient([address for _, address, _ in rows], host_config=configs, pool_size={FORKS})
output = client.run_command({SCRIPT.replace("URL", url)!r})
client.join()
assert all(row.exit_code == 0 for row in output)
""")
        return Command([str(folder / "bin/python"), str(path)])

    return command


def pyinfra(folder: Path) -> Contestant:
    def command(hosts: Hosts, url: str) -> Command:
        inventory, deploy = hosts.folder / "inventory.py", hosts.folder / "deploy.py"
        known = {"ssh_key": str(hosts.key), "ssh_known_hosts_file": str(hosts.known_hosts)}
        rows = [
            (f"{user}-{port}", {"ssh_hostname": address, "ssh_port": int(port), "ssh_user": user, **known})
            for user, address, port in hosts.split()
        ]
        inventory.write_text(f"hosts = {rows!r}\n")
        deploy.write_text(f"""
from io import StringIO
from pyinfra.operations import files, server
put = files.put(src=StringIO({_configuration(url)!r}), dest="/etc/docker/daemon.json")
server.shell(commands=["systemctl reload docker", {_look(url)!r}], _if=put.did_change)
""")
        words = [str(folder / "bin/pyinfra"), "-y", "--parallel", str(FORKS), str(inventory), str(deploy)]
        return Command(words, {"PATH": f"{folder}/bin:/usr/bin:/bin"})

    return command


def ansible(folder: Path, *, mitogen: bool = False) -> Contestant:
    def command(hosts: Hosts, url: str) -> Command:
        inventory, playbook = hosts.folder / "inventory.json", hosts.folder / "playbook.json"
        rows = {
            user: {"ansible_host": address, "ansible_port": int(port), "ansible_user": user}
            for user, address, port in hosts.split()
        }
        shared = {"ansible_ssh_private_key_file": str(hosts.key), "ansible_python_interpreter": "/usr/bin/python3"}
        inventory.write_text(json.dumps({"all": {"hosts": rows, "vars": shared}}))
        tasks = [
            {"copy": {"content": _configuration(url), "dest": "/etc/docker/daemon.json"}, "register": "file"},
            {"command": "systemctl reload docker", "when": "file.changed"},
            {"shell": _look(url)},
        ]
        playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
        environment = {
            "ANSIBLE_FORKS": str(FORKS),
            "ANSIBLE_SSH_ARGS": f"-o UserKnownHostsFile={hosts.known_hosts} -o ControlMaster=auto -o ControlPersist=60s",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_HOME": str(hosts.folder / "ansible"),
        }
        if mitogen:
            (plugins,) = folder.glob("lib/python*/site-packages/ansible_mitogen/plugins/strategy")
            environment |= {"ANSIBLE_STRATEGY_PLUGINS": str(plugins), "ANSIBLE_STRATEGY": "mitogen_linear"}
        return Command([str(folder / "bin/ansible-playbook"), "-i", str(inventory), str(playbook)], environment)

    return command


def _configuration(url: str) -> str:
    return json.dumps({"registry-mirrors": [url]}) + "\n"


def _look(url: str) -> str:
    """Words of a shell that end well when the engine shows the mirror."""
    return SCRIPT.partition("reload docker\n")[2].strip().replace("URL", url)
