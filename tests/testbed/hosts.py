"""One host: a container that boots an init system and accepts SSH."""

from __future__ import annotations

import secrets
import shlex
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import capabilities, images
from tests.testbed.engine import LABEL, TestbedError, docker
from tests.testbed.locks import locked
from tests.testbed.recipes import OS_RELEASES, RECIPES, Recipe

PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Host:
    """A running host. Commands of `sh` do not go over SSH, so they prove something about what did."""

    name: str
    recipe: Recipe
    port: int
    key_file: Path
    known_hosts: Path
    address: str = "127.0.0.1"
    inner_address: str = ""
    since: int = 0

    @property
    def target(self) -> str:
        return f"root@{self.address}:{self.port}"

    def target_as(self, user: str) -> str:
        return f"{user}@{self.address}:{self.port}"

    def sh(
        self, script: str, *, user: str = "root", check: bool = True, stdin: str = "", timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell script on the host; a status other than 0 is an error unless `check` is off."""
        words = ["docker", "exec", "-i", "-u", user, self.name, "sh", "-c", script]
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False, timeout=timeout)
        if check and done.returncode != 0:
            raise TestbedError(f"{self.name}: {script!r}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def read(self, path: str) -> str:
        return docker_exec_text(self.name, "cat", path)

    def write(self, path: str, text: str, mode: str = "644") -> None:
        self.sh(f'mkdir -p "$(dirname {path})" && cat >{path} && chmod {mode} {path}', stdin=text)

    def stop(self) -> None:
        subprocess.run(["docker", "rm", "-fv", self.name], capture_output=True, check=False)
        with locked(f"known-hosts-{self.known_hosts.parent.name}"):
            if self.known_hosts.exists():
                lines = self.known_hosts.read_text().splitlines(keepends=True)
                mine = f"[{self.address}]:{self.port} "
                self.known_hosts.write_text("".join(line for line in lines if not line.startswith(mine)))


def start(session: Path, key_file: Path, known_hosts: Path, slug: str, *, os_release: str = "", name: str = "") -> Host:
    """Start a host and wait until it is up: sshd answers, systemd says so, the engine answers if one is installed.

    `os_release` is a name in OS_RELEASES or the text of the file.
    """
    recipe = RECIPES[slug]
    tag = images.image(slug)
    hostname = name or slug.replace(".", "-")
    container = f"{LABEL}-{session.name}-{hostname}-{secrets.token_hex(2)}"
    docker(
        *("run", "-d", "--name", container, "--hostname", hostname, "--label", f"{LABEL}={session.name}"),
        *like_a_machine(),
        *("--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec", "-p", "127.0.0.1::22"),
        *("-e", f"TESTBED_KEY={key_file.with_suffix('.pub').read_text().strip()}"),
        *("-e", f"TESTBED_OS_RELEASE={OS_RELEASES.get(os_release, os_release)}"),
        tag,
    )
    port, inner = docker(
        "inspect",
        "--format",
        '{{(index (index .NetworkSettings.Ports "22/tcp") 0).HostPort}} {{.NetworkSettings.IPAddress}}',
        container,
    ).split()
    # Logs know whole seconds, and the last host at this address may have asked in this one.
    since = int(time.time()) + 1
    host = Host(container, recipe, int(port), key_file, known_hosts, inner_address=inner, since=since)
    _wait_until_up(host)
    time.sleep(max(0.0, since - time.time()))
    with locked(f"known-hosts-{session.name}"), known_hosts.open("a") as file:
        file.write(f"[{host.address}]:{host.port} {host.read('/etc/ssh/ssh_host_ed25519_key.pub')}")
    return host


def like_a_machine() -> tuple[str, ...]:
    """Return the options of `docker run` with which an init system boots and an engine runs inside."""
    unconfined = ("seccomp", "apparmor", "systempaths")
    return (
        *(word for capability in capabilities.of_this_machine() for word in ("--cap-add", capability)),
        *(word for kind in unconfined for word in ("--security-opt", f"{kind}=unconfined")),
        *("--cgroupns=private", "--tmpfs", "/run:exec,mode=755", "-v", "/var/lib/docker", "-e", "container=docker"),
    )


def docker_exec_text(container: str, *words: str) -> str:
    done = subprocess.run(["docker", "exec", container, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TestbedError(f"{container}: {' '.join(words)}: {done.stderr}")
    return done.stdout


def _wait_until_up(host: Host) -> None:
    began = looked = time.monotonic()
    while not _greets(host):
        # Each question to the engine outside costs about what this host's boot does in that time.
        if time.monotonic() > looked + 1:
            looked = time.monotonic()
            if looked > began + PATIENCE or not _runs(host):
                raise _down(host, "sshd")
        time.sleep(0.05)
    waiting = {}
    if host.recipe.init.startswith("systemd"):
        waiting["systemd"] = '[ "$(systemctl is-system-running --wait)" = running ]'
    if host.recipe.engine:
        waiting["engine"] = "docker version"
    for what, is_up in waiting.items():
        loop = f"until {is_up}; do sleep 0.05; done >/dev/null 2>&1"
        left = max(1, int(began + PATIENCE - time.monotonic()))
        if host.sh(f"timeout {left} sh -c {shlex.quote(loop)}", check=False).returncode != 0:
            raise _down(host, what)


def _runs(host: Host) -> bool:
    return docker("inspect", "-f", "{{.State.Running}}", host.name) == "true"


def _down(host: Host, what: str) -> TestbedError:
    return TestbedError(f"{what} does not come up on {host.name}\n{_complaints(host)}")


def _greets(host: Host) -> bool:
    try:
        with socket.create_connection((host.address, host.port), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _complaints(host: Host) -> str:
    log = subprocess.run(["docker", "logs", "--tail", "20", host.name], capture_output=True, text=True, check=False)
    failed = host.sh("systemctl --failed --no-legend; tail -n 20 /var/log/docker.log", check=False)
    return log.stdout + log.stderr + failed.stdout + failed.stderr
