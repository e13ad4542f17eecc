"""paramiko's side of a connection, made to offer exactly what it is told to.

paramiko itself puts certificates behind each list of host keys, and knows the key exchange curve25519-sha256 by its
old name only. This module loads paramiko: it is imported when a connection is made.
"""

from __future__ import annotations

import logging

import paramiko

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # else its tracebacks go to stderr
_KEX = vars(paramiko.Transport)
_OLD, _NEW = "curve25519-sha256@libssh.org", "curve25519-sha256"


class Client(paramiko.Transport):
    if _OLD in _KEX["_kex_info"]:
        _kex_info = {_NEW: _KEX["_kex_info"][_OLD], **_KEX["_kex_info"]}
        _preferred_kex = (_NEW, *_KEX["_preferred_kex"])

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        return tuple(self.get_security_options().key_types)
