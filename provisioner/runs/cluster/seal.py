"""What travels between controller and worker is closed to everybody between them.

The scheduler keeps tasks and events, shows them to every client and may log them. So jobs and outcomes are sealed: by
a key that both ends agree on (X25519), each from its own secret and the other's public part, and which never travels.
That keeps secrets out of a cluster's memory, pages and logs. Who is at the other end is for TLS to check.
"""

from __future__ import annotations

import os
import pickle
import zlib
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class Seal:
    """One end; `public` is for the other."""

    def __init__(self) -> None:
        self._secret = X25519PrivateKey.generate()
        self.public = self._secret.public_key().public_bytes_raw()

    def with_peer(self, public: bytes) -> Envelope:
        """Return what both ends close and open with."""
        shared = self._secret.exchange(X25519PublicKey.from_public_bytes(public))
        derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"provisioner").derive(shared)
        return Envelope(derived)


class Envelope:
    """Closes values, and opens what the other end has closed."""

    def __init__(self, key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(key)

    def close(self, value: Any) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, zlib.compress(pickle.dumps(value)), None)

    def open(self, closed: bytes) -> Any:
        """Return the value.

        Raises:
            cryptography.exceptions.InvalidTag: somebody else has closed it.
        """
        plain = self._cipher.decrypt(closed[:_NONCE], closed[_NONCE:], None)
        return pickle.loads(zlib.decompress(plain))  # noqa: S301 # by our own other end: nobody else has the key
