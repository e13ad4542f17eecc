"""Host certificates as ssh-keygen makes them: what is in them, and for whom they speak."""

from __future__ import annotations

import pytest

from provisioner.transports.ssh_certificates import kind, parse, plain_key
from tests.machine import needs
from tests.transports.ssh_server import certified, key

HOST, AUTHORITY = key("ecdsa"), key("ecdsa", 11)
SIGNED = ("ecdsa-sha2-nistp256",)
NOW = 1_800_000_000


def made(folder, *arguments, **more):
    needs("ssh-keygen")
    return certified(HOST, AUTHORITY, folder, *arguments, **more).blob


def test_what_is_in_it(tmp_path):
    found = parse(made(tmp_path, "-h", "-z", "7", "-V", "20200101000000Z:20300101000000Z", principals="web1,10.0.0.1"))
    assert (found.serial, found.key_id, found.principals) == (7, "host", ("web1", "10.0.0.1"))
    assert (found.valid_after, found.valid_before) == (1577836800, 1893456000)
    assert (found.plain, found.authority, found.critical) == (HOST.asbytes(), AUTHORITY.asbytes(), b"")
    assert found.algorithm == "ecdsa-sha2-nistp256"
    assert found.is_signed()


@pytest.mark.parametrize(
    ("arguments", "principals", "host", "said"),
    [
        (("-h",), "web1", "web1", ""),
        (("-h",), "web1", "web2", "it is for web1"),
        (("-h",), "web*", "web1", "it is for web*"),
        (("-h",), "", "web1", "it is for no host"),
        ((), "web1", "web1", "it is not a host's certificate"),
        (("-h", "-V", "20200101000000Z:20210101000000Z"), "web1", "web1", "it has expired"),
        (("-h", "-V", "20400101000000Z:20410101000000Z"), "web1", "web1", "it is not valid yet"),
        (("-h", "-O", "critical:x=y"), "web1", "web1", "it has critical options"),
    ],
)
def test_for_whom_it_speaks(tmp_path, arguments, principals, host, said):
    found = parse(made(tmp_path, *(arguments or ("-V", "always:forever")), principals=principals))
    problem = found.problem(host, SIGNED, NOW)
    assert problem.startswith(said)
    assert bool(problem) == bool(said)


def test_with_what_it_is_signed(tmp_path):
    found = parse(made(tmp_path))
    assert not found.problem("127.0.0.1", SIGNED)
    assert "CASignatureAlgorithms" in found.problem("127.0.0.1", ("ssh-ed25519",))


def test_what_was_changed_is_not_signed(tmp_path):
    blob = made(tmp_path)
    assert not parse(blob.replace(b"127.0.0.1", b"127.0.0.2")).is_signed()


@pytest.mark.parametrize("cut", [0, 1, 4, 30, 100, 200, -1])
def test_a_certificate_that_is_damaged(tmp_path, cut):
    blob = made(tmp_path)
    with pytest.raises(ValueError):
        parse(blob[:cut])
    with pytest.raises(ValueError, match="more than"):
        parse(blob + b"x")


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa384"])
def test_authorities_of_each_type(tmp_path, kind):
    needs("ssh-keygen")
    certificate = parse(certified(key("ecdsa"), key(kind, 11), tmp_path).blob)
    assert certificate.is_signed()
    assert certificate.plain == key("ecdsa").asbytes()
    assert certificate.authority == key(kind, 11).asbytes()


def test_a_key_is_no_certificate():
    assert kind(HOST.asbytes()) == "ecdsa-sha2-nistp256"
    assert plain_key(HOST.asbytes()) == HOST.asbytes()
    with pytest.raises(ValueError, match="no type of a certificate"):
        parse(HOST.asbytes())


def test_the_key_in_a_certificate(tmp_path):
    assert plain_key(made(tmp_path)) == HOST.asbytes()
