"""The engine's own words; those without a mark are as engines of 20.10, 26.1 and 28.5 said them."""

from __future__ import annotations

import pytest

from provisioner.images.name import image_name
from provisioner.images.pull_trouble import ROWS, trouble

HUB = 'Get "https://registry-1.docker.io/v2/": '
REG = "registry.example:5000"
RESOLVE = f'Error response from daemon: failed to resolve reference "{REG}/a/b:1": '
HEAD = f"unexpected status from HEAD request to https://{REG}/v2/a/b/manifests/1: "
LOGIN = f"docker login {REG}"

SAID = [
    ("no matching manifest for linux/amd64 in the manifest list entries", "no image for", "--platform"),
    ("no matching manifest for linux/s390x in the manifest list entries: no match for platform in manifest: not found",
     "no image for", "--platform"),
    ("image with reference a was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64",
     "no image for", "--platform"),
    ("Error response from daemon: manifest unknown", "no image of that name", "check both"),
    ("Error response from daemon: manifest for a/b:1 not found: manifest unknown: manifest unknown",
     "no image of that name", "check both"),
    (RESOLVE + f"{REG}/a/b:1: not found", "no image of that name", "check both"),
    ("Error response from daemon: unauthorized", "does not give it to this login", LOGIN),
    ("Error response from daemon: denied", "does not give it to this login", LOGIN),
    (("Error response from daemon: pull access denied for a/b, repository does not exist or may require 'docker login': "
     "denied: requested access to the resource is denied"), "does not give it to this login", LOGIN),
    ('Error response from daemon: Head "https://x/v2/": no basic auth credentials', "does not give it", LOGIN),
    (RESOLVE + HEAD + "401 Unauthorized", "does not give it to this login", LOGIN),
    (RESOLVE + HEAD + "403 Forbidden", "does not give it to this login", LOGIN),
    ("Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit.",
     "allows no more pulls", "wait"),
    (RESOLVE + HEAD + "429 Too Many Requests", "allows no more pulls", "wait"),
    ("Error response from daemon: received unexpected HTTP status: 500 Internal Server Error", "in trouble", "later"),
    (RESOLVE + HEAD + "503 Service Unavailable", "in trouble", "later"),
    ("unexpected EOF", "broke off", "again"),
    ("EOF", "broke off", "again"),
    (f'Get "http://{REG}/v2/a/b/blobs/sha256:5b": EOF', "broke off", "again"),
    ("error pulling image configuration: download failed after attempts=6: EOF", "broke off", "again"),
    ("filesystem layer verification failed for digest sha256:12", "broke off", "again"),
    ("write /var/lib/docker/tmp/GetImageBlob1: no space left on device", "the disk is full", "docker system df"),
    ("failed to extract layer sha256:1: write /var/lib/containerd/x: no space left on device", "the disk is full", "df"),
    (f'Error response from daemon: Get "https://{REG}/v2/": http: server gave HTTP response to HTTPS client',
     "speaks no TLS", f"provisioner apply [TARGET] --insecure-registry {REG}"),
    (f'Error response from daemon: Get "https://{REG}/v2/": tls: first record does not look like a TLS handshake',
     "speaks no TLS", f"--insecure-registry {REG}"),
    ((f'Error response from daemon: Get "https://{REG}/v2/": tls: failed to verify certificate: x509: certificate signed '
     "by unknown authority"), "is not trusted there", f"/etc/docker/certs.d/{REG}/ca.crt"),
    (f'Error response from daemon: Get "https://{REG}/v2/": dial tcp: lookup registry.example on 10.0.0.1:53: no such host',
     "is not reached from there", "check name and port"),
    (f'Error response from daemon: Get "https://{REG}/v2/": dial tcp 10.0.0.1:5000: connect: connection refused',
     "is not reached from there", "check name and port"),
    (('Error response from daemon: Get "https://x/v2/": net/http: request canceled while waiting for connection '
     "(Client.Timeout exceeded while awaiting headers)"), "is not reached from there", "check name and port"),
    ("Error response from daemon: Get x: net/http: TLS handshake timeout", "is not reached from there", "check name"),
    ("Error response from daemon: Get x: context deadline exceeded", "is not reached from there", "check name and port"),
    ('"--platform" is only supported on a Docker daemon with experimental features enabled', "experimental", "20.10"),
    ('not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported',
     "given up", "pushed anew"),
    ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
     "the engine went away", "provisioner status [TARGET]"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "what", "hint"), SAID, ids=[f"{row[1]}: {row[0][-30:]}" for row in SAID])
def test_what_an_engine_says_has_a_way_out(said, what, hint):
    told, way_out = trouble(image_name(f"{REG}/a/b:1"), said, 1, (), "")
    assert what in told
    assert told.endswith(said.removeprefix("Error response from daemon: "))
    assert hint in way_out
    assert "{" not in told.removesuffix(said) + way_out


def test_every_row_is_met():
    met = {trouble(image_name(f"{REG}/a/b:1"), said, 1, (), "")[1] for said, _, _ in SAID}
    assert len(met) == len(ROWS)


def test_of_the_hub_alone_the_mirrors_may_be_at_fault():
    said = f"{HUB}dial tcp: lookup registry-1.docker.io: no such host"
    mirrors = ("http://m.example/",)
    told, hint = trouble(image_name("redis"), said, 1, mirrors, "")
    assert "the mirrors were asked first (http://m.example)" in told
    assert hint.endswith("provisioner mirror probe http://m.example [TARGET] --image redis:latest")
    told, hint = trouble(image_name("redis"), said, 1, (), "")
    assert ("mirrors" in told, "provisioner mirror probe [TARGET]" in hint) == (False, True)
    told, hint = trouble(image_name("ghcr.io/a/b"), said, 1, mirrors, "")
    assert ("mirrors" in told, "mirror" in hint) == (False, False)


@pytest.mark.parametrize(
    ("said", "status", "what"),
    [
        pytest.param("", 124, "60 minutes", id="no end"),
        pytest.param("", 1, "status 1", id="no word"),
        pytest.param("nobody knows this", 1, "nobody knows this", id="unknown words"),
        pytest.param("a\n  b\x1b[2J", 1, "a b\x1b[2J", id="on one line"),
        pytest.param("x" * 5000, 1, "x" * 600, id="not endless"),
    ],
)
def test_other_ends(said, status, what):
    assert what in trouble(image_name("redis"), said, status, (), "")[0]
    assert len(trouble(image_name("redis"), said, status, (), "")[0]) < 700


LOG = """time="2026-11-27T06:20:26Z" level=info msg="Attempting next endpoint for pull after error: {}"
time="2026-11-27T06:20:26Z" level=info msg="Attempting next endpoint for pull after error: Get \\"https://x/v2/\\": no such host"
"""


@pytest.mark.parametrize(
    ("reason", "what", "hint"),
    [
        pytest.param(
            "manifest unknown", "there is no image of that name", "mirror probe http://m.example", id="unknown"
        ),
        pytest.param("write /var/lib/x: no space left on device", "the disk is full", "docker system df", id="full"),
        pytest.param("EOF", "what came broke off", "mirror probe http://m.example", id="it died"),
        pytest.param("no matching manifest for linux/amd64", "there is no image for", "--platform", id="platform"),
        pytest.param(
            "toomanyrequests: no", "a mirror allows no more pulls", "mirror probe http://m.example", id="rate"
        ),
    ],
)
def test_what_a_mirror_said_is_in_the_log_alone(reason, what, hint):
    said = 'Error response from daemon: Get "https://x/v2/": no such host'
    told, way_out = trouble(image_name("redis"), said, 1, ("http://m.example",), "", log=LOG.format(reason))
    assert what in told
    assert told.endswith(f': {reason}; and then, of Docker Hub: Get "https://x/v2/": no such host')
    assert hint in way_out
    assert (
        "the mirrors were asked first" in trouble(image_name("redis"), said, 1, ("http://m.example",), "", log="x")[0]
    )
    assert (
        reason not in trouble(image_name("ghcr.io/a/b"), said, 1, ("http://m.example",), "", log=LOG.format(reason))[0]
    )
