"""Hundreds of hosts on one machine: chroots behind one sshd, with a pretended engine and all else real."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.testbed.hosts import Host

HERE = Path(__file__).parent
BASE = "debian-12-noinit"


@dataclass(frozen=True, slots=True)
class Chroots:
    """The hosts u0001 and on, in `machine`, which is a host of the test bed."""

    machine: Host
    names: tuple[str, ...]

    def inventory(self, path: Path) -> Path:
        rows = "".join(f"    {name}: {{ansible_user: {name}}}\n" for name in self.names)
        address = f"{{ansible_host: {self.machine.address}, ansible_port: {self.machine.port}}}"
        path.write_text(f"all:\n  vars: {address}\n  hosts:\n{rows}")
        return path

    def at(self, address: str, port: int, count: int) -> list[str]:
        """The first `count` hosts as targets, by another way to their sshd."""
        return [f"{name}@{address}:{port}" for name in self.names[:count]]

    def started(self) -> int:
        """The number of the last process that the hosts have started, threads counted; asking takes two of its own."""
        return int(self.machine.sh("read -r _ _ _ _ last </proc/loadavg; echo $last").stdout)

    def slow(self, seconds: float) -> None:
        """Let a reload of the engine take so long."""
        self.machine.sh(f"for host in /srv/hosts/*; do echo {seconds} >$host/root/slow; done")

    def reloads(self) -> dict[str, int]:
        """How often each engine was told to take a new configuration."""
        said = self.machine.sh(
            "cd /srv/hosts; for host in *; do echo $host $(cat $host/root/reloads 2>/dev/null | wc -l); done"
        )
        return {name: int(count) for name, count in map(str.split, said.stdout.splitlines())}

    def entries(self) -> dict[str, list[str]]:
        """The outcomes that each host's journal tells, in the order of its entries."""
        said = self.machine.sh(
            "cd /srv/hosts; for host in *; do for entry in $host/var/lib/provisioner/journal/*.*; do "
            '[ -f "$entry" ] && echo "$host $(sed -n "s/^outcome //p" "$entry")"; done; done; :'
        )
        found: dict[str, list[str]] = {name: [] for name in self.names}
        for line in said.stdout.splitlines():
            name, _, outcome = line.partition(" ")
            found[name].append(outcome)
        return found

    def mirrors(self) -> set[str]:
        """The different configurations that the hosts have, each as text."""
        said = self.machine.sh("cd /srv/hosts; for host in *; do md5sum <$host/etc/docker/daemon.json; done | sort -u")
        return set(said.stdout.split()) - {"-"}


def chroots(machine: Host, count: int) -> Chroots:
    """Make `count` hosts in `machine`, which was started from BASE."""
    for name in ("docker", "dockerd", "systemctl"):
        machine.write(f"/srv/pretended/usr/bin/{name}", (HERE / name).read_text(), "755")
    machine.sh(f"sh -s {count}", stdin=(HERE / "setup.sh").read_text(), timeout=300)
    return Chroots(machine, tuple(f"u{number:04}" for number in range(1, count + 1)))
