"""A key made for the tests: the packet of a public key with a number of no strength, whose fingerprint is known."""

from __future__ import annotations

from provisioner.host_files.openpgp import armoured, fingerprints


def _key(seed: int) -> str:
    number = bytes([0x80 | seed % 0x7F]) + bytes(63)
    body = b"\x04" + (1500000000 + seed).to_bytes(4, "big") + b"\x01" + b"\x02\x00" + number + b"\x00\x11\x01\x00\x01"
    return armoured(b"\xc6" + bytes([192 + ((len(body) - 192) >> 8) if len(body) >= 192 else len(body)]) + body)


KEY, OTHER_KEY = _key(1), _key(2)
FINGERPRINT, OTHER_FINGERPRINT = fingerprints(KEY)[0], fingerprints(OTHER_KEY)[0]
