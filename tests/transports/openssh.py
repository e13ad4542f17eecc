"""The real ssh beside our own transport: both go to the same server, and may both go in or not."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from provisioner.errors import ConnectError, UsageError
from provisioner.transports.ssh import SSHOptions, SSHTransport
from tests.transports.ssh_server import write_key


@dataclass
class Verdict:
    """Did it connect, what was said, and what stood in known_hosts afterwards."""

    connected: bool
    words: str
    noted: str = ""


def with_ssh(config, server, *arguments, host="127.0.0.1", environment=None):
    """Log in with ssh as the configuration says, without a terminal that could be asked."""
    done = subprocess.run(
        ["ssh", "-F", config, "-p", str(server.port), "-l", server.user, *arguments, "--", host, "sh -s"],
        input="echo hello\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,
        env=(environment or dict(os.environ)) | {"SSH_AUTH_SOCK": ""},
    )
    return Verdict(done.stdout == "hello\n" and done.returncode == 0, done.stderr)


def with_ours(config, server, *, host="127.0.0.1", **options):
    """Log in as provisioner does."""
    try:
        transport = SSHTransport(
            SSHOptions(host, user=server.user, port=server.port, ssh_config=str(config), timeout=20, **options)
        )
        done = transport.run("echo hello\n", timeout=20)
        transport.close()
    except (ConnectError, UsageError) as cause:
        return Verdict(connected=False, words=f"{cause} ({cause.hint})")
    return Verdict(done.stdout == "hello\n", done.stderr)


def public(key):
    return f"{key.get_name()} {key.get_base64()}"


def key_file(folder, name, key):
    """Write a private key as ssh wants it, and its public half beside it; return where."""
    path = folder / name
    write_key(key, path)
    path.chmod(0o600)
    (folder / f"{name}.pub").write_text(f"{public(key)} comment\n")
    return path
