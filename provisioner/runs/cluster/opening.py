"""The door to a cluster: what is asked before anything is sent, and the crew while it is open."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provisioner.errors import UsageError
from provisioner.masking import secret_spans
from provisioner.runs.target import Target
from provisioner.transports.local import LocalTransport
from provisioner.transports.ssh import SSHTransport

if TYPE_CHECKING:
    from provisioner.runs.cluster.crew import DaskCrew

_ADDRESS = re.compile(r"(tls|tcp)://(?:\[[0-9a-fA-F:.%]+\]|[^\s/:@\[\]]+):[0-9]{1,5}")
_NEEDED = ("distributed", "cryptography")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Dask scheduler, and this machine's papers for it; None leaves them to Dask's own configuration."""

    address: str
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    @property
    def encrypted(self) -> bool:
        return self.address.startswith("tls://")


@contextlib.contextmanager
def opened(cluster: Cluster, targets: Sequence[Target]) -> Iterator[DaskCrew]:
    """Within, the workers of the cluster are the crew; nothing was sent before all was found to be in order.

    Raises:
        UsageError: Dask is not installed, the address or a certificate is none, a password would travel in the open,
            a target is this machine, or a worker is another program.
        ConnectError: the scheduler does not answer, or has no workers.
    """
    check(cluster, targets)
    security = security_of(cluster)
    from provisioner.runs.cluster.crew import DaskCrew
    from provisioner.runs.cluster.dask_client import DaskClient

    client = DaskClient(cluster.address, security)
    client.start()
    try:
        crew = DaskCrew(client, cluster.address)
        crew.gather()
        yield crew
    finally:
        client.close()


def check(cluster: Cluster, targets: Sequence[Target]) -> None:
    """Raises UsageError, as `opened` does; nobody is asked."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise UsageError(
            f"--dask needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed",
            hint="pip install 'provisioner[dask]'",
        )
    if not _ADDRESS.fullmatch(cluster.address):
        raise UsageError(f"--dask {cluster.address}: not the address of a scheduler", hint="write tls://SCHEDULER:8786")
    if here := [target.name for target in targets if isinstance(target.transport, LocalTransport)]:
        raise UsageError(
            f"with --dask {here[0]} would be whichever worker takes it; nothing was contacted",
            hint="name a host with its address, or leave --dask out",
        )
    if not cluster.encrypted:
        for target in targets:
            if what := _secret(target):
                raise UsageError(
                    f"{target.name}: {what} would travel to the workers in the open over tcp://; nothing was sent",
                    hint="use a scheduler with TLS, tls://SCHEDULER:8786, or keys and agents on the workers",
                )


def _secret(target: Target) -> str:
    """Name the secret that would travel with a target; "" when there is none."""
    transport = target.transport
    if isinstance(transport, SSHTransport) and transport.options.password is not None:
        return "its login password"
    if target.become_password is not None:
        return "its sudo password"
    wanted = target.spec.model_dump(mode="json", exclude_none=True)
    return "a secret of its wanted state" if secret_spans(json.dumps(wanted)) else ""


def security_of(cluster: Cluster) -> Any:
    """What Dask needs for TLS with both ends checked.

    Raises:
        UsageError: files are missing, or are no certificates and keys.
    """
    from distributed import Security

    given = {"tls_ca_file": cluster.ca, "tls_client_cert": cluster.cert, "tls_client_key": cluster.key}
    if not cluster.encrypted:
        if said := [option for option in given.values() if option]:
            raise UsageError(f"{said[0]} is for tls://, and {cluster.address} is not", hint="write tls://…")
        return Security(require_encryption=False)
    security = Security(require_encryption=True, **{name: path for name, path in given.items() if path})
    for what, option, path in (
        ("CA", "--dask-ca", security.tls_ca_file),
        ("certificate", "--dask-cert", security.tls_client_cert),
    ):
        if not path:
            raise UsageError(
                f"{cluster.address} needs a {what}, and none was given",
                hint=f"{option} FILE, or distributed.comm.tls in ~/.config/dask/distributed.yaml",
            )
    for path in filter(None, (security.tls_ca_file, security.tls_client_cert, security.tls_client_key)):
        _readable(path)
    try:
        security.get_connection_args("client")
    except (OSError, ValueError) as cause:
        raise UsageError(
            f"the certificates for {cluster.address} cannot be used: {cause}",
            hint="--dask-ca, --dask-cert and --dask-key are PEM files; the key is that of the certificate",
        ) from cause
    return security


def _readable(path: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as cause:
        raise UsageError(
            f"{path}: {cause.strerror or cause}", hint="check --dask-ca, --dask-cert, --dask-key"
        ) from cause
