"""What tests ask of the machine they run on: its programs, and what to do without one."""

from __future__ import annotations

import os
import shutil
import socket

import pytest

TOOLS = {
    # Every Debian has these; elsewhere one may be missing.
    "/bin/sh": "dash",
    "/usr/lib/apt/apt-helper": "apt",
    "apt-config": "apt",
    "apt-get": "apt",
    "bash": "bash",
    "cat": "coreutils",
    "chattr": "e2fsprogs",
    "chmod": "coreutils",
    "cp": "coreutils",
    "cut": "coreutils",
    "dash": "dash",
    "dpkg": "dpkg",
    "dpkg-deb": "dpkg",
    "env": "coreutils",
    "flock": "util-linux",
    "grep": "grep",
    "gzip": "gzip",
    "head": "coreutils",
    "id": "coreutils",
    "ldd": "libc-bin",
    "lsattr": "e2fsprogs",
    "mkdir": "coreutils",
    "mktemp": "coreutils",
    "mount": "mount",
    "mv": "coreutils",
    "pgrep": "procps",
    "pkill": "procps",
    "rm": "coreutils",
    "sed": "sed",
    "sh": "dash",
    "sha256sum": "coreutils",
    "sleep": "coreutils",
    "tail": "coreutils",
    "tar": "tar",
    "timeout": "coreutils",
    "touch": "coreutils",
    "tr": "coreutils",
    "umount": "mount",
    "unshare": "util-linux",
    # The two commands of README need these, and README names them.
    "make": "make",
    "python3": "python3",
    # Tools that the product uses where a host has them, and shells that a login may have.
    "busybox": "busybox",
    "bzip2": "bzip2",
    "csh": "tcsh",
    "curl": "curl",
    "fish": "fish",
    "getfacl": "acl",
    "getfattr": "attr",
    "perl": "perl-base",
    "setfacl": "acl",
    "socat": "socat",
    "tcsh": "tcsh",
    "wget": "wget",
    "xz": "xz-utils",
    "zstd": "zstd",
    # The other side of what is tested: keys, certificates, agents.
    "gpg": "gnupg",
    "gpgconf": "gnupg",
    "openssl": "openssl",
    "ssh": "openssh-client",
    "ssh-add": "openssh-client",
    "ssh-agent": "openssh-client",
    "ssh-keygen": "openssh-client",
    # What the test bed builds its hosts and its package source with.
    "apt-ftparchive": "apt-utils",
    "createrepo_c": "createrepo-c",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "rpm": "rpm",
    "rpmbuild": "rpm",
    "rpmsign": "rpm",
}
"""Every program that tests start or ask for, and the Debian package it is in; `make test` installs what is missing.

Two are not in it: `docker`, which the test bed has from the product, and `shellcheck`, a development dependency.
"""


def missing(*programs: str) -> list[str]:
    """Return those of `programs` that this machine has not."""
    return [program for program in programs if shutil.which(program) is None]


def packages(*programs: str) -> list[str]:
    """Return the Debian packages of `programs`, each once, in the order of the alphabet."""
    return sorted({TOOLS[program] for program in programs})


def needs(*programs: str) -> None:
    """Skip the test where one of the programs is missing; with CI=true that is a failure, since nobody reads skips.

    A program that is no row of TOOLS fails the test on every machine: a bare one would not have it.
    """
    if unlisted := [program for program in programs if program not in TOOLS]:
        pytest.fail(f"nobody installs {', '.join(unlisted)}: no row of TOOLS in tests/machine.py")
    if lost := missing(*programs):
        lacks(f"{', '.join(lost)} not installed here; make tools installs what tests need")


def lacks(what: str) -> None:
    """Skip the test because of `what`; fail with CI=true. For what a command mends: a package, running as root."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def cannot(what: str) -> None:
    """Skip the test because of `what`, also with CI=true: no command gives it to this machine."""
    pytest.skip(what)


def has_ipv6_loopback() -> bool:
    """True when ::1 can be listened on; containers often have no IPv6 at all."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
