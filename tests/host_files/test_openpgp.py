from __future__ import annotations

import base64
import os
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.host_files.openpgp import armoured, fingerprints
from tests.machine import needs

# A throw-away key, made with gpg for this test.
KEY = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawUcaRYJKwYBBAHaRw8BAQdA4VWY/T83d7LK4eRmbsjLZFgivtNBVFlERBLd
Lb1mw460G1Rlc3Qga2V5IDx0ZXN0QGV4YW1wbGUuY29tPoiQBBMWCAA4FiEEwaqW
eR0LzGbVnEpmhAX4Zk4hX6wFAmsFHGkCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgEC
F4AACgkQhAX4Zk4hX6z/jAEA3ozdPxLUMeR4EGZPAfhkMTGRC7Ibg8t5OildvLxh
ejYA/1LUDzAeBpRGkzYJi5mldT5TsenwVpIRg4rCtUPkdegG
=GQC8
-----END PGP PUBLIC KEY BLOCK-----
"""
FINGERPRINT = "C1AA96791D0BCC66D59C4A668405F8664E215FAC"
BINARY = base64.b64decode("".join(KEY.splitlines()[2:-2]))

# The primary key of the sample certificate in RFC 9580, A.3.
VERSION_6 = base64.b64decode("xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laM=")[:44]
FINGERPRINT_6 = "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9"

BODY = BINARY[2:53]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(KEY, (FINGERPRINT,), id="armour"),
        pytest.param(KEY.encode(), (FINGERPRINT,), id="armour as bytes"),
        pytest.param(b"\xef\xbb\xbf" + KEY.replace("\n", "\r\n").encode(), (FINGERPRINT,), id="Windows line ends"),
        pytest.param("Our key:\n\n" + KEY + "\nBye.\n", (FINGERPRINT,), id="text around it"),
        pytest.param(KEY.replace("\n\n", "\nVersion: GnuPG v2\nComment: a: b\n\n"), (FINGERPRINT,), id="headers"),
        pytest.param(KEY.replace("=GQC8\n", ""), (FINGERPRINT,), id="no checksum"),
        pytest.param(BINARY, (FINGERPRINT,), id="binary, old format"),
        pytest.param(b"\x99\x00\x33" + BODY, (FINGERPRINT,), id="two octets of length"),
        pytest.param(b"\x9a\x00\x00\x00\x33" + BODY, (FINGERPRINT,), id="four octets of length"),
        pytest.param(b"\xc6\x33" + BODY, (FINGERPRINT,), id="new format"),
        pytest.param(b"\xc6\xff\x00\x00\x00\x33" + BODY, (FINGERPRINT,), id="new format, five octets of length"),
        pytest.param(
            b"\xc6\x33" + BODY + b"\xcd\xc0\x08" + b"u" * 200,
            (FINGERPRINT,),
            id="new format, two octets of length",
        ),
        pytest.param(VERSION_6, (FINGERPRINT_6,), id="version 6"),
        pytest.param(BINARY + VERSION_6 + BINARY, (FINGERPRINT, FINGERPRINT_6), id="several, each once"),
        pytest.param(KEY + armoured(VERSION_6), (FINGERPRINT, FINGERPRINT_6), id="several blocks"),
        pytest.param(BINARY + b"\xce\x33" + BODY, (FINGERPRINT,), id="subkeys are not listed"),
    ],
)
def test_fingerprints(data, expected):
    assert fingerprints(data) == expected
    assert fingerprints(armoured(data)) == expected


def test_armour_is_what_gpg_writes():
    assert armoured(BINARY) == KEY
    assert armoured(KEY + KEY).count("BEGIN") == 1
    assert "\n=" not in armoured(VERSION_6)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "not an OpenPGP key", id="empty"),
        pytest.param("<!DOCTYPE html><html><body>404</body></html>", "not an OpenPGP key but a web page", id="web page"),
        pytest.param("\N{SNOWMAN}".encode(), "not an OpenPGP key", id="other binary data"),
        pytest.param(KEY[:200], "its armour has no end", id="armour cut off"),
        pytest.param(BINARY[:-1], "cut off", id="binary cut off"),
        pytest.param(BINARY[:1], "cut off", id="only a header"),
        pytest.param(BINARY + b"\0", "no packet begins", id="trailing zero"),
        pytest.param(KEY.replace("PUBLIC", "PRIVATE"), "a PGP private key block, not a public", id="private key block"),
        pytest.param(KEY.replace("PUBLIC KEY BLOCK", "SIGNATURE"), "a PGP signature, not a public", id="signature block"),
        pytest.param(b"\xc5" + BINARY[1:], "secret key", id="secret key"),
        pytest.param(BINARY + b"\xc7\x01\x04", "secret key", id="secret subkey"),
        pytest.param(b"\xcb\x01t", "type 11", id="message"),
        pytest.param(b"\xc2\x01\x04", "no public key", id="only a signature"),
        pytest.param(b"\xc6\xe1" + BODY, "partial length", id="partial length"),
        pytest.param(b"\x9b" + BODY, "indeterminate length", id="indeterminate length"),
        pytest.param(b"\xc6\x03\x04\0\0", "too short", id="key packet too short"),
        pytest.param(b"\xc6\x00", "version 0", id="empty key packet"),
        pytest.param(b"\xc6\x33\x03" + BODY[1:], "version 3", id="version 3"),
        pytest.param(b"\xc6\x33\x06" + BODY[1:], "too short or too long", id="version 6, wrong length"),
        pytest.param(b"\xc6\xff\x00\x01\x00\x00\x04" + bytes(65535), "too long", id="version 4, too long"),
        pytest.param(KEY.replace("mDME", "mDMF"), "checksum does not match", id="a letter changed"),
        pytest.param(KEY.replace("mDME", "mD*E"), "armour is damaged", id="not base64"),
        pytest.param(KEY.replace("mDME", "mDM"), "damaged", id="a letter lost"),
        pytest.param(KEY.replace("\n\n", "\n"), "no empty line", id="no empty line"),
    ],
)  # fmt: skip
def test_what_is_no_public_key_is_refused_with_a_reason(data, reason):
    for function in (fingerprints, armoured):
        with pytest.raises(ValueError, match=re.escape(reason)):
            function(data)


@given(st.binary(max_size=80) | st.text(max_size=80) | st.tuples(st.integers(0, len(BINARY) - 1), st.integers(0, 255)))
def test_damage_never_ends_in_another_exception(data):
    if isinstance(data, tuple):
        position, byte = data
        data = BINARY[:position] + bytes([byte]) + BINARY[position + 1 :]
    try:
        found = fingerprints(data)
    except ValueError:
        return
    assert all(re.fullmatch("[0-9A-F]{40}|[0-9A-F]{64}", fingerprint) for fingerprint in found)


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa2048", "nistp256"])
def test_gpg_agrees(algorithm, tmp_path):
    needs("gpg")

    def gpg(*arguments, data=b""):
        environment = os.environ | {"GNUPGHOME": str(tmp_path)}
        command = ["gpg", "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback", *arguments]
        return subprocess.run(command, input=data, env=environment, capture_output=True, check=True, timeout=120).stdout

    tmp_path.chmod(0o700)
    try:
        for name in ("one", "two"):
            gpg("--quick-generate-key", f"{name} <{name}@example.com>", algorithm, "sign", "never")
        listed = re.findall(r"^pub:.*\nfpr:+([0-9A-F]+):", gpg("--with-colons", "--list-keys").decode(), re.MULTILINE)
        assert len(listed) == 2
        assert fingerprints(gpg("--export")) == tuple(listed)
        assert fingerprints(gpg("--armor", "--export")) == tuple(listed)
        assert gpg("--dearmor", data=armoured(gpg("--export")).encode()) == gpg("--export")
        for armour in ((), ("--armor",)):
            secret = gpg(*armour, "--export-secret-keys")
            with pytest.raises(ValueError, match=r"secret key|private key"):
                fingerprints(secret)
    finally:
        subprocess.run(["gpgconf", "--homedir", str(tmp_path), "--kill", "all"], check=False)
