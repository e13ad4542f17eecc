"""Mirrors of any registry, and one behind a private authority, on 28.5 with the containerd image store."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e
GHCR = "/etc/docker/certs.d/ghcr.io/hosts.toml"


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("forky-engine")
    words = ("apply", "--daemon", 'features={"containerd-snapshotter": true}', "--docker-user", "ops")
    outcomes(bed, *words, running.target, "--yes")
    yield running
    running.stop()


def test_any_registry_gets_mirrors_and_loses_them(host, bed):
    first, dead = bed.mirrors[0], bed.dead_mirror
    daemon = host.sh("systemctl show -p MainPID docker").stdout
    set_ = ("mirror", "set", f"ghcr.io={dead}", f"ghcr.io={first.url}", host.target, "--yes", "--force")
    outcomes(bed, *set_)
    (again,) = outcomes(bed, *set_).values()
    assert again["status"] == "converged"
    pulls = first.pulls(host)
    host.sh("docker pull -q ghcr.io/library/hello-world")
    assert first.pulls(host) > pulls
    status = json.loads(provisioner(bed, "mirror", "status", host.target, "--json").stdout)["hosts"][0]
    assert [(row["registry"], row["mirrors"]) for row in status["registries"]] == [("ghcr.io", [dead, first.url])]
    outcomes(bed, "mirror", "set", "ghcr.io=", host.target, "--yes")
    assert host.sh(f"test -e {GHCR}", check=False).returncode == 1
    assert host.sh("systemctl show -p MainPID docker").stdout == daemon


def test_a_file_of_somebody_else_stays(host, bed):
    host.write(GHCR, '# by hand\n[host."https://theirs.example"]\n')
    done = provisioner(bed, "mirror", "set", f"ghcr.io={bed.mirrors[0].url}", host.target, "--yes")
    assert done.returncode == 6, done.stdout + done.stderr
    assert GHCR in done.stdout
    assert host.read(GHCR).startswith("# by hand")
    host.sh(f"rm {GHCR}")


@pytest.fixture
def tls_mirror(bed, tmp_path):
    """A mirror over TLS, signed by an authority of its own: (URL, the authority's certificate file)."""
    mirror = urlsplit(bed.mirrors[0].url)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mirror of the tests")])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(mirror.hostname))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "ca.crt").write_bytes(certificate.public_bytes(pem))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.crt", tmp_path / "key.pem")
    server = socket.create_server((mirror.hostname, 0))

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)

    def serve(connection):
        try:
            with (
                context.wrap_socket(connection, server_side=True) as client,
                socket.create_connection((mirror.hostname, mirror.port)) as upstream,
            ):
                threading.Thread(target=pump, args=(client, upstream), daemon=True).start()
                pump(upstream, client)
        except OSError:
            pass

    def accept():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"https://{mirror.hostname}:{server.getsockname()[1]}", tmp_path / "ca.crt"
    server.close()


def test_a_private_authority_is_trusted_for_its_mirror_alone(host, bed, tls_mirror):
    url, authority = tls_mirror
    done = provisioner(bed, "mirror", "set", url, host.target, "--yes", "--proof", "hello-world")
    assert done.returncode == 7, done.stdout + done.stderr
    words = ("mirror", "set", url, host.target, "--yes", "--mirror-ca", authority, "--proof", "hello-world")
    (result,) = outcomes(bed, *words).values()
    (proof,) = (check for check in result["checks"] if check["name"] == "proof")
    assert f"came from {url}" in proof["detail"]
    outcomes(bed, "mirror", "set", f"ghcr.io={url}", host.target, "--yes", "--mirror-ca", authority)
    outcomes(bed, "mirror", "set", f"ghcr.io={url}", host.target, "--yes")
    host.sh("docker pull -q ghcr.io/library/busybox")
    assert host.read(f"/etc/docker/certs.d/{url.removeprefix('https://')}/ca.crt") == authority.read_text()
