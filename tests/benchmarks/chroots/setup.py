"""Runs in a container: many hosts behind one sshd, each the container's own root below a layer of its own.

python3 setup.py COUNT. The accounts u0001 and on are root's, and sshd puts each into /srv/hosts/NAME. What is a host's
alone is kept in memory. Processes are the container's, so the pretended engine is one process for all.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
BIND, RECURSIVE = 4096, 16384
SSHD = """\
Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
ChrootDirectory /srv/hosts/%u
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
PerSourcePenalties no
PrintMotd no
MaxStartups 3000
LogLevel ERROR
Subsystem sftp internal-sftp
"""
UNITS = {
    "docker.service": "[Service]\nType=notify\nExecStart=/usr/sbin/dockerd infinity\nExecReload=/bin/kill -s HUP $MAINPID\n",
    "docker.socket": "[Socket]\nListenStream=/run/docker.sock\n",
}


def mount(source: str, place: str, kind: str, flags: int = 0, options: str = "") -> None:
    if LIBC.mount(source.encode(), place.encode(), kind.encode(), flags, options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, f"mount {kind} {source} {place}: {os.strerror(number)}")


def engine() -> None:
    """A process that looks like an engine of systemd's, with what a package has brought."""
    subprocess.run(["cp", "/bin/sleep", "/usr/sbin/dockerd"], check=True)
    for name, text in UNITS.items():
        Path("/usr/lib/systemd/system", name).write_text(text)
    Path("/var/lib/dpkg/info/docker.io.list").write_text("/usr/bin/docker\n/usr/sbin/dockerd\n")
    Path("/etc/docker").mkdir(exist_ok=True)
    Path("/etc/docker/daemon.json").write_text('{\n  "log-opts": {"max-size": "10m"}\n}\n')
    with Path("/etc/group").open("a") as file:
        file.write("docker:x:990:\n")
    process = subprocess.Popen(["dockerd", "infinity"], executable="/usr/sbin/dockerd", stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    Path("/run/docker.pid").write_text(str(process.pid))
    tree = Path("/sys/fs/cgroup/systemd")
    if tree.exists():  # mounted again, since Docker's own is read-only
        subprocess.run(["umount", str(tree)], check=True)
        mount("cgroup", str(tree), "cgroup", options="none,name=systemd")
    else:
        tree = tree.parent
        subprocess.run(["mount", "-o", "remount,rw", str(tree)], check=True)
    group = tree / "system.slice/docker.service"
    group.mkdir(parents=True, exist_ok=True)
    (group / "cgroup.procs").write_text(str(process.pid))


def hosts(count: int) -> None:
    for folder in ("/srv/hosts", "/srv/layers"):
        Path(folder).mkdir(exist_ok=True)
    mount("tmpfs", "/srv/layers", "tmpfs", options="mode=755,size=4g,nr_inodes=0")
    shutil.copytree("/srv/pretended", "/srv/layers/pretended")
    run = Path("/srv/layers/run")
    (run / "systemd/system").mkdir(parents=True)
    (run / "engine.json").write_text("{}\n")
    shutil.copy("/run/docker.pid", run)
    accounts = []
    for number in range(1, count + 1):
        name = f"u{number:04}"
        place, layer = Path("/srv/hosts", name), Path("/srv/layers", name)
        for folder in (place, layer / "upper", layer / "work"):
            folder.mkdir(parents=True)
        layers = f"lowerdir=/srv/layers/pretended:/,upperdir={layer}/upper,workdir={layer}/work"
        mount("overlay", str(place), "overlay", options=layers)
        for shared in ("proc", "dev", "sys"):
            mount(f"/{shared}", str(place / shared), "none", BIND | RECURSIVE)
        shutil.copytree("/srv/layers/run", place / "run", dirs_exist_ok=True)
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(place / "run/docker.sock"))
        accounts.append(f"{name}:*:0:0::/root:/bin/sh\n")
    with Path("/etc/passwd").open("a") as file:
        file.writelines(accounts)


if __name__ == "__main__":
    Path("/etc/ssh/sshd_config").write_text(SSHD)
    if not Path("/etc/ssh/ssh_host_ed25519_key").exists():
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/etc/ssh/ssh_host_ed25519_key"], check=True
        )
    Path("/run/sshd").mkdir(exist_ok=True)
    engine()
    hosts(int(sys.argv[1]))
    subprocess.run(["/usr/sbin/sshd"], check=True)
