"""The algorithms that OpenSSH has, by the option that chooses among them."""

from __future__ import annotations

from collections.abc import Iterable

SUFFIX = "-cert-v01@openssh.com"
"""Of the types of certificates."""

_ECDSA = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
_HARDWARE = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


def certified(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the types of certificates for keys of these types."""
    return tuple(kind.removesuffix("@openssh.com") + SUFFIX for kind in kinds)


_WEB = ("webauthn-sk-ecdsa-sha2-nistp256@openssh.com",)
_SIGNATURES = ("ssh-ed25519", *_ECDSA, *_HARDWARE, *_WEB, *_RSA)
_KEYS = (*certified(_SIGNATURES), *_SIGNATURES)
# In the order in which patterns are compared with them.
_ALL_KEYS = tuple(
    name
    for kind in ("ssh-ed25519", *_HARDWARE[:1], *_ECDSA, *_HARDWARE[1:], *_WEB, "ssh-dss", "ssh-rsa", *_RSA[::-1],
                 "ssh-mldsa44-ed25519@openssh.com")
    for name in (kind, *certified((kind,)))
)  # fmt: skip

_CIPHERS = (
    "chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr",
    "aes256-ctr",
)  # fmt: skip
_MACS = (
    "umac-64-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com", "hmac-sha1-etm@openssh.com", "umac-64@openssh.com", "umac-128@openssh.com",
    "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1",
)  # fmt: skip
_KEX = (
    "mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com", "curve25519-sha256",
    "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
    "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
)  # fmt: skip
USUAL: dict[str, tuple[str, ...]] = {
    "ciphers": _CIPHERS,
    "macs": _MACS,
    "kexalgorithms": _KEX,
    "hostkeyalgorithms": _KEYS,
    "pubkeyacceptedalgorithms": _KEYS,
    "hostbasedacceptedalgorithms": _KEYS,
    "casignaturealgorithms": _SIGNATURES,
}
"""What OpenSSH offers when nothing is said: myproposal.h of 9.2 and 10.5."""

EVERYTHING: dict[str, tuple[str, ...]] = {
    "ciphers": (*_CIPHERS, "3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "rijndael-cbc@lysator.liu.se"),
    "macs": (
        *_MACS, "hmac-sha1-96", "hmac-md5", "hmac-md5-96", "hmac-sha1-96-etm@openssh.com", "hmac-md5-etm@openssh.com",
        "hmac-md5-96-etm@openssh.com",
    ),
    "kexalgorithms": (
        *_KEX, "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1",
        "mlkem768nistp256-sha256",
    ),
    "hostkeyalgorithms": _ALL_KEYS,
    "pubkeyacceptedalgorithms": _ALL_KEYS,
    "hostbasedacceptedalgorithms": _ALL_KEYS,
    "casignaturealgorithms": tuple(name for name in _ALL_KEYS if not name.endswith(SUFFIX)),
}  # fmt: skip
"""What may be added; patterns are compared with it in this order."""

_WITH_PATTERNS = USUAL.keys() - {"ciphers", "macs", "kexalgorithms"}

OPTIONS = {
    "ciphers": "Ciphers", "macs": "MACs", "kexalgorithms": "KexAlgorithms", "hostkeyalgorithms": "HostKeyAlgorithms",
    "pubkeyacceptedalgorithms": "PubkeyAcceptedAlgorithms", "casignaturealgorithms": "CASignatureAlgorithms",
}  # fmt: skip
"""How the options are written."""


def unknown_name(keyword: str, text: str) -> str:
    """Return the first name in the value of an option that is not known here, and which only ssh can judge."""
    if text.startswith("-"):
        return ""
    for name in text.lstrip("+^").split(","):
        pattern = keyword in _WITH_PATTERNS and set(name) & set("*?")
        if name not in EVERYTHING[keyword] and not pattern:
            return name or "without a name"
    return ""
