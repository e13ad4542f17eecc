"""A Dask cluster on this machine: a scheduler and workers, processes that can be killed, with TLS and papers of its own."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.until import until

ROOT = Path(__file__).parent.parent


class Papers:
    """A CA, and one certificate of it, as PEM files."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.ca, self.cert, self.key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
        authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.ca.write_bytes(self._certificate("authority", authority.public_key(), authority, authority=True))
        self.cert.write_bytes(self._certificate("node", own.public_key(), authority, authority=False))
        self.key.write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    @staticmethod
    def _certificate(name, public, signer, *, authority):
        now = dt.datetime.now(dt.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .sign(signer, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def of_a_node(self):
        return ["--tls-ca-file", str(self.ca), "--tls-cert", str(self.cert), "--tls-key", str(self.key)]

    @property
    def paths(self):
        return str(self.ca), str(self.cert), str(self.key)


class DaskCluster:
    """`folder` takes its logs, which are at debug level. Without papers it speaks tcp://. Its scheduler has no
    provisioner.
    """

    def __init__(self, folder, papers=None, *, pages=False):
        self.folder, self.papers = folder, papers
        folder.mkdir(parents=True, exist_ok=True)
        self.configuration = folder / "dask.yaml"
        self.configuration.write_text("logging: {distributed: debug, distributed.core: debug, tornado: debug}\n")
        self.bare = folder / "bare"
        self.bare.mkdir(exist_ok=True)
        (self.bare / "provisioner.py").write_text("raise ImportError('it is not installed here')\n")
        self._processes = []
        self._shows_pages = pages
        self.address, self.scheduler, self.pages = "", None, ""

    def __enter__(self):
        try:
            self.start_scheduler()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def start_scheduler(self, port=0):
        scheme = "tls" if self.papers else "tcp"
        pages = ["--dashboard-address", "127.0.0.1:0"] if self._shows_pages else ["--no-dashboard"]
        self.scheduler = self._start(
            "scheduler",
            "dask_scheduler",
            "--host",
            f"{scheme}://127.0.0.1",
            "--port",
            str(port),
            *pages,
            folder=self.bare,
        )
        self.address = self._said(self.scheduler, rf"Scheduler at:\s*({scheme}://\S+)")
        if self._shows_pages:
            self.pages = self._said(self.scheduler, r"dashboard at:\s*(\S+:\d+)")

    def start_workers(self, number):
        """Return the processes of workers that have joined, each with its `address`."""
        return [self.joined(process) for process in self.start(number)]

    def start(self, number, folder=ROOT):
        """Return the processes of workers that are about to join; their Python looks into `folder` first."""
        words = [self.address, "--no-nanny", "--nthreads", "2", "--no-dashboard", "--local-directory", str(self.folder)]
        return [self._start("worker", "dask_worker", *words, folder=folder) for _ in range(number)]

    def joined(self, worker):
        self._said(worker, r"(Registered to):")
        worker.address = self._said(worker, r"Start worker at:\s*(\S+)")
        return worker

    def _start(self, name, module, *words, folder=ROOT):
        path = self.folder / f"{name}-{len(self._processes)}.log"
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words]
        command += self.papers.of_a_node if self.papers else []
        environment = {
            **os.environ,
            "DASK_CONFIG": str(self.configuration),
            "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
        }
        with path.open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
        process.log = path
        self._processes.append(process)
        return process

    @staticmethod
    def _said(process, pattern):
        until(lambda: re.search(pattern, process.log.read_text(errors="replace")))
        return re.search(pattern, process.log.read_text(errors="replace")).group(1)

    def logs(self):
        return {path.name: path.read_text(errors="replace") for path in self.folder.glob("*.log")}


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    return process
