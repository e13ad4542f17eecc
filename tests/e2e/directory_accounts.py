"""Accounts that only a directory has: libnss-extrausers stands in for LDAP on hosts of Debian."""

from __future__ import annotations

from tests.testbed import Host
from tests.testbed.debs import unpack_on


def join(host: Host) -> None:
    """Let `host` know bob and CORP\\eve from its directory, besides those of its own files."""
    unpack_on(host.name, "libnss-extrausers")
    host.sh("sed -i 's/^\\(passwd\\|group\\):.*/\\1: files extrausers/' /etc/nsswitch.conf")
    host.write(
        "/var/lib/extrausers/passwd",
        "bob:x:5001:5001:Bob:/home/bob:/bin/bash\nCORP\\eve:x:5002:5001:Eve:/home/eve:/bin/bash\n",
    )
    host.write("/var/lib/extrausers/group", "")
    host.sh("getent passwd bob 'CORP\\eve'")
