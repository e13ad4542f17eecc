"""Files of revoked keys: lines, and KRLs as ssh-keygen makes them."""

from __future__ import annotations

import struct
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.transports.ssh_certificates import packed, parse
from provisioner.transports.ssh_revoked import read
from tests.machine import needs
from tests.transports.ssh_server import certified, key

HOST, OTHER, AUTHORITY = key("ecdsa"), key("ecdsa", 7), key("ecdsa", 11)
HEAD = b"SSHKRL\n\0" + struct.pack(">IQQQ", 1, 1, 0, 0) + packed(b"") + packed(b"")


def public(each):
    return f"{each.get_name()} {each.get_base64()}"


def test_lines(tmp_path):
    (tmp_path / "list").write_text(f"# comment\n\n  {public(HOST)} a b c\n")
    found = read(str(tmp_path / "list"))
    assert found.has(HOST.asbytes())
    assert not found.has(OTHER.asbytes())


@pytest.mark.parametrize("text", ["what\n", "ssh-rsa AAAA\n", "ssh-rsa\n", "\xff", "@revoked * ssh-rsa AAAA\n"])
def test_a_line_that_is_no_key_is_an_error(tmp_path, text):
    (tmp_path / "list").write_text(f"{public(HOST)}\n{text}", encoding="latin-1")
    with pytest.raises(ValueError, match="line 2 is no public key"):
        read(str(tmp_path / "list"))


def test_a_certificate_in_a_list_revokes_its_key(tmp_path):
    needs("ssh-keygen")
    certified(HOST, AUTHORITY, tmp_path)
    (tmp_path / "list").write_text((tmp_path / "host-cert.pub").read_text())
    assert read(str(tmp_path / "list")).has(HOST.asbytes())


def krl(folder, text, *arguments):
    needs("ssh-keygen")
    (folder / "what").write_text(text)
    (folder / "krl").unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-k", "-f", folder / "krl", *arguments, folder / "what"], check=True)
    return read(str(folder / "krl"))


@pytest.mark.parametrize("form", ["{}", "key: {}", "sha1: {}", "sha256: {}"])
def test_keys_in_a_krl(tmp_path, form):
    found = krl(tmp_path, form.format(public(HOST)) + "\n")
    assert found.has(HOST.asbytes())
    assert not found.has(OTHER.asbytes())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(serials=st.sets(st.integers(1, 200), min_size=1, max_size=60), large=st.booleans())
def test_serials_in_a_krl(tmp_path, serials, large):
    """ssh-keygen writes them as lists, ranges and bitmaps, whichever is smallest."""
    offset = 2**63 if large else 0
    certificate = parse(certified(HOST, AUTHORITY, tmp_path).blob)
    (tmp_path / "authority.pub").write_text(public(AUTHORITY) + "\n")
    text = "".join(f"serial: {offset + serial}\n" for serial in serials)
    found = krl(tmp_path, text, "-s", str(tmp_path / "authority.pub"))
    for serial in range(202):
        numbered = type(certificate)(**{**vars(certificate), "serial": offset + serial})
        assert found.has(HOST.asbytes(), numbered) == (serial in serials)
    elsewhere = type(certificate)(
        **{**vars(certificate), "serial": offset + min(serials), "authority": OTHER.asbytes()}
    )
    assert not found.has(HOST.asbytes(), elsewhere)


@pytest.mark.parametrize("whose", ["authority.pub", "none"])
def test_identities_in_a_krl(tmp_path, whose):
    certificate = parse(certified(HOST, AUTHORITY, tmp_path, identity="web 1").blob)
    (tmp_path / "authority.pub").write_text(public(AUTHORITY) + "\n")
    found = krl(tmp_path, "id: web 1\n", "-s", whose if whose == "none" else str(tmp_path / whose))
    assert found.has(HOST.asbytes(), certificate)
    assert not found.has(HOST.asbytes())


def test_a_critical_extension_of_a_krl_is_not_passed_over(tmp_path):
    for critical in (0, 1):
        section = packed(packed(b"new@example.com") + bytes([critical]) + packed(b"what"))
        (tmp_path / f"krl{critical}").write_bytes(HEAD + b"\xff" + section)
    assert not read(str(tmp_path / "krl0")).has(HOST.asbytes())
    with pytest.raises(ValueError, match=r"critical extension 'new@example\.com'"):
        read(str(tmp_path / "krl1"))


@pytest.mark.parametrize(
    "rest",
    [
        b"\x04" + packed(b"signature"),  # OpenSSH reads none of these since 9.4
        b"\x09" + packed(b""),
        b"\x01" + packed(packed(b"") + packed(b"") + b"\x55" + packed(b"")),
        b"\x01" + packed(packed(b"") + packed(b"") + b"\x21" + packed(b"\0" * 24)),
        b"\x02" + packed(packed(b"x") + b"\0\0"),
        b"\x02\xff\xff\xff\xff",
    ],
)
def test_a_krl_with_something_unknown_or_damaged_is_an_error(tmp_path, rest):
    (tmp_path / "krl").write_bytes(HEAD + rest)
    with pytest.raises(ValueError):
        read(str(tmp_path / "krl"))


def test_an_empty_krl(tmp_path):
    (tmp_path / "krl").write_bytes(HEAD)
    assert not read(str(tmp_path / "krl")).has(HOST.asbytes())
