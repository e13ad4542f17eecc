"""Registry mirrors: Debian's docker-registry over a store with two small images."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import debs, services
from tests.testbed.engine import LABEL, TestbedError, cache_directory, docker
from tests.testbed.hosts import Host
from tests.testbed.locks import locked
from tests.testbed.services import Service

GREETING = "\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n"
# busybox alone is in both; the second has its commands as links, `sleep` among them.
COMMANDS = ("sh", "sleep", "echo", "cat", "ls", "true", "wget")
IMAGES = {
    "library/hello-world": ("/bin/busybox", "echo", GREETING),
    "library/busybox": ("sh",),
}
CONFIG = """version: 0.1
log:
  level: error
storage:
  filesystem:
    rootdirectory: {store}
  maintenance:
    uploadpurging:
      enabled: false
    readonly:
      enabled: {readonly}
http:
  addr: {address}:{port}
"""


@dataclass(frozen=True, slots=True)
class Mirror(Service):
    def pulls(self, host: Host, repository: str = "library/hello-world") -> int:
        """Return how many times `host` has downloaded `repository` from here; to find it up to date is no download.

        Blobs are counted: an engine may remember the manifest of an image that was removed.
        """
        blobs = [
            access.path
            for access in self.log_of(host)
            if access.method == "GET" and access.path.startswith(f"/v2/{repository}/blobs/") and access.status == 200
        ]
        return max(Counter(blobs).values(), default=0)


def start_mirror(session: Path, name: str) -> Mirror:
    """Start the mirror called `name`, or return the running one."""
    store = build()
    config = session / f"{name}.yml"
    words = ["sh", "-ec", 'printf "%s" "$1" >"$2"; exec "$3" serve "$2"', "sh"]
    text = CONFIG.replace("{store}", str(store / "data")).replace("{readonly}", "true")
    service = services.start(session, name, [*words, text, str(config), str(store / "docker-registry")], "/v2/")
    return Mirror(service.address, service.port, service.log_file)


def start_registry(session: Path, name: str) -> Mirror:
    """Start an empty one that takes pushes, and is a mirror as well: names below library/ are those of Docker Hub."""
    folder = session / name
    folder.mkdir(exist_ok=True)
    words = ["sh", "-ec", 'printf "%s" "$1" >"$2"; exec "$3" serve "$2"', "sh"]
    text = CONFIG.replace("{store}", str(folder)).replace("{readonly}", "false")
    program = str(build() / "docker-registry")
    service = services.start(session, name, [*words, text, str(session / f"{name}.yml"), program], "/v2/")
    return Mirror(service.address, service.port, service.log_file)


def build() -> Path:
    """The directory with the registry's program and its images, filled on first use."""
    digest = hashlib.sha256(repr((IMAGES, COMMANDS, CONFIG)).encode()).hexdigest()[:12]
    store = cache_directory() / f"registry-{digest}"
    with locked("registry"):
        if not store.exists():
            with tempfile.TemporaryDirectory(dir=cache_directory()) as folder:
                _fill(Path(folder))
                shutil.copytree(folder, f"{store}.part", dirs_exist_ok=True)
            Path(f"{store}.part").rename(store)
    return store


def _fill(folder: Path) -> None:
    packages = debs.unpacked("docker-registry", "busybox-static")
    shutil.copy(packages / "usr/bin/docker-registry", folder / "docker-registry")
    (folder / "data").mkdir()
    port = services.free_port("127.0.0.1")
    config = folder / "filling.yml"
    values = {"store": str(folder / "data"), "readonly": "false", "address": "127.0.0.1", "port": str(port)}
    config.write_text(CONFIG.format(**values))
    log = folder / "filling.log"
    with log.open("w") as output:
        registry = subprocess.Popen([folder / "docker-registry", "serve", config], stdout=output, stderr=output)
    try:
        services.wait_for(f"http://127.0.0.1:{port}/v2/", log)
        for name, command in IMAGES.items():
            # On 127.0.0.1 an engine pushes without TLS.
            tag = f"127.0.0.1:{port}/{name}:latest"
            archive = folder / "image.tar"
            _archive(packages / "bin/busybox", archive)
            docker("import", "--change", f"CMD {json.dumps(command)}", str(archive), tag)
            docker("push", tag)
            docker("rmi", tag)
            archive.unlink()
    except TestbedError as error:
        raise TestbedError(f"the registry of {LABEL} cannot be filled: {error}\n{log.read_text()[-2000:]}") from error
    finally:
        registry.terminate()
        registry.wait()


def _archive(busybox: Path, archive: Path) -> None:
    with tarfile.open(archive, "w") as tar:
        tar.add(busybox, "bin/busybox")
        for command in COMMANDS:
            link = tarfile.TarInfo(f"bin/{command}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
