from __future__ import annotations

import pytest

from provisioner.transports import ssh_config
from provisioner.transports.ssh import SSHOptions, SSHTransport


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own, without agent: nothing of this machine's SSH setup matters."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return home


@pytest.fixture
def known_hosts(home):
    return home / ".ssh" / "known_hosts"


@pytest.fixture
def config(home, monkeypatch):
    """Write ~/.ssh/config, or with a name another file at home; `system_config` is in the place of the system's."""
    monkeypatch.setattr(ssh_config, "_SYSTEM_CONFIG", str(home / "system_config"))

    def write(text, name=".ssh/config"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


@pytest.fixture
def ssh(known_hosts):
    """Make transports to a server whose key is known, with the right password, unless said otherwise."""
    made = []

    def to(server, **options):
        if not known_hosts.exists():
            known_hosts.write_text(server.known_hosts())
        options = {"host": "127.0.0.1", "port": server.port, "user": "user", "password": server.password} | options
        options.setdefault("timeout", 5)
        made.append(SSHTransport(SSHOptions(**options), "web1"))
        return made[-1]

    yield to
    for transport in made:
        transport.close()
