"""Names of hosts and users reach shells and argument lists on the controller: nothing in them is ever run.

Each attack would leave a marker behind; ssh of the class of CVE-2023-51385 did.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from provisioner.errors import UsageError
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.transports.ssh_config import resolve
from tests.machine import needs

MARKER = "marker"

# What a shell makes of it when it stands there bare, in single or in double quotes.
ATTACKS = [
    f"x;touch {MARKER};",
    f"x;touch${{IFS}}{MARKER};",
    f"$(touch {MARKER})",
    f"`touch${{IFS}}{MARKER}`",
    f"x|touch>{MARKER}",
    f"x&touch>{MARKER}&",
    f"x>{MARKER}",
    f"x\ntouch {MARKER}\n",
    f"x'$(touch {MARKER})'",
    f'x"$(touch {MARKER})"',
    f"'; touch {MARKER}; '",
    f'"; touch {MARKER}; "',
    f"(touch>{MARKER})",
    f"{{touch,{MARKER}}}",
    f"<{MARKER}",
    f"-oProxyCommand=touch>{MARKER}",
    "-F/etc/passwd",
    "-",
    "\\",
    "x\x1b]0;title\x07",
    "x\u202ecod",
    "x\u0085y",
    "x\ty",
    "",
]
SHELLS = [
    "true %h %r %n; exit 1",
    "true '%h' '%r' '%n'; exit 1",
    'true "%h" "%r" "%n"; exit 1',
    'sh -c "true %h" x; exit 1',
    "x=`true %h %r`; exit 1",
    "x=$(true %h %r); exit 1",
]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """What is run leaves its marker here."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / MARKER).exists(), "a name was run by a shell"


def tried(**options):
    """Reach for a host; it ends with an error of ours."""
    with pytest.raises(UsageError) as caught:
        SSHTransport(SSHOptions(**{"host": "web1", "timeout": 2} | options)).connect()
    assert caught.value.exit_code == 2
    return caught.value


named = pytest.mark.parametrize("name", ATTACKS, ids=lambda name: repr(name) or "empty")


@named
@pytest.mark.parametrize("shell", SHELLS)
def test_a_host(config, name, shell):
    config(f"Host *\n ProxyCommand {shell}\n")
    tried(host=name)


@named
@pytest.mark.parametrize("shell", SHELLS)
def test_a_user(config, name, shell):
    config(f"Host *\n ProxyCommand {shell}\n")
    if name:  # an empty one is none
        tried(user=name)


@named
def test_a_jump_host(config, name):
    config("Host *\n ProxyCommand true %h; exit 1\n")
    for jump in (name, f"gate,{name}", f"{name},gate", f"me@{name}", f"{name}@gate", f"ssh://{name}@gate"):
        if name or jump.startswith(("gate,", ",", "me@")):
            tried(jump=jump)


@named
def test_a_jump_host_of_the_configuration(config, name):
    config(f"Host web1\n ProxyJump {name}\nHost *\n ProxyCommand true %h; exit 1\n")
    if name.strip() and "\n" not in name:
        tried()


@named
def test_a_host_name_of_the_configuration(config, name):
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    config(f"Host web1\n HostName {quoted}\nHost *\n ProxyCommand true %h; exit 1\n")
    tried()


@named
def test_match_exec_never_sees_it(config, name):
    needs("ssh")
    config('Match exec "true %n %h %r"\n Port 1\nHost *\n ProxyCommand true %h; exit 1\n')
    tried(host=name)
    if name:
        tried(user=name)


@pytest.mark.parametrize("name", [f"$(touch {MARKER})", f"-oProxyCommand=touch>{MARKER}"])
def test_from_the_command_line_and_from_an_inventory(home, tmp_path, name):
    """No host is contacted, also none whose name is right."""
    (home / ".ssh/config").write_text("Host *\n ProxyCommand true %h %r; exit 1\n")
    quoted = repr(name).replace("\\\\", "\\")
    (tmp_path / "host.yaml").write_text(f"all: {{hosts: {{good: , bad: {{ansible_host: {quoted}}}}}}}")
    (tmp_path / "user.yaml").write_text(f"all: {{hosts: {{good: , bad: {{ansible_user: {quoted}}}}}}}")
    arguments = shlex.quote(f"-J {name}" if " " not in name else f"-o 'ProxyJump={name}'")
    (tmp_path / "jump.yaml").write_text(
        f"all: {{hosts: {{good: , bad: {{ansible_ssh_common_args: {arguments}}}}}}}", encoding="utf-8"
    )
    for words in (
        ["--", name],
        ["good", f"--user={name}"],
        ["good", f"--jump={name}"],
        ["-i", "host.yaml"],
        ["-i", "user.yaml"],
        ["-i", "jump.yaml"],
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "provisioner", "facts", *words],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd=tmp_path,
            env=os.environ | {"HOME": str(home), "XDG_STATE_HOME": str(tmp_path / "state")},
        )
        assert ended.returncode == 2, (words, ended.stdout, ended.stderr)
        assert "good" not in ended.stdout


@pytest.mark.parametrize("user", ["CORP\\me", "two words", "o'brien", "$(touch marker)", "a;touch marker"])
@pytest.mark.parametrize("shell", ["printf %%s %r", "printf %%s '%r'", 'printf %%s "%r"'])
def test_a_literal_user_of_the_configuration_reaches_the_command_whole(config, user, shell):
    """OpenSSH takes any name from there, and gives it to the shell as it is."""
    escaped = user.replace("\\", "\\\\").replace('"', '\\"')
    config(f'Host *\n User "{escaped}"\n ProxyCommand {shell}\n')
    found = resolve(SSHOptions("web1"))
    assert found.user == user
    shown = subprocess.run(["sh", "-c", found.proxy_command], capture_output=True, check=True, text=True)
    assert shown.stdout == user


@pytest.mark.parametrize("text", ["nc %z", "nc %", "nc %C", "nc %d"])
def test_tokens_that_openssh_does_not_know_there(config, text):
    config(f"Host *\n ProxyCommand {text}\n")
    with pytest.raises(UsageError, match=r"config, line 2: the token %.? is not known here"):
        resolve(SSHOptions("web1"))
