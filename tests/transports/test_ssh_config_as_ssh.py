"""An SSH configuration means to us what it means to ssh: compared with `ssh -G`, which is asked as little as possible."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.transports import ssh_program
from provisioner.transports.ssh_config import SSHOptions, resolve
from provisioner.transports.ssh_keywords import KNOWN, NOT_EVERYWHERE
from tests.machine import needs
from tests.transports.openssh import key_file
from tests.transports.ssh_server import Server, key

# paramiko's own threads end with an EOFError when the other end, here in the same process, goes first.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def as_ssh(file, host, *arguments):
    """What `ssh -G` prints, by keyword; None when it refuses."""
    done = subprocess.run(
        ["ssh", "-G", "-T", "-F", file, *arguments, "--", host], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return None
    found = {}
    for line in done.stdout.splitlines():
        keyword, _, value = line.partition(" ")
        found.setdefault(keyword.lower(), []).append(value)
    return found


def of_ssh(found):
    """What ssh prints, in the words of our settings."""
    timeout = found["connecttimeout"][0]
    names = [found[f"{whose}knownhostsfile"][0] for whose in ("user", "global")]
    return {
        "host": found["hostname"][0],
        "port": found["port"][0],
        "user": found["user"][0],
        "jump": found.get("proxyjump", [None])[0],
        "proxy": "proxycommand" in found,
        "keys": len([name for name in found["identityfile"] if name != "none"]),
        "only": found["identitiesonly"][0] == "yes",
        "timeout": 15.0 if timeout in {"none", "0"} else float(timeout),
        "new": found["stricthostkeychecking"][0] in {"accept-new", "false"},
        "known": " ".join(each for each in names if each != "none"),
        "family": found["addressfamily"][0],
        "alias": found.get("hostkeyalias", [""])[0].lower(),
        "from": found.get("bindaddress", [None])[0],
        "agent": found.get("identityagent", [None])[0],
    }


def of_ours(found):
    usual = 7  # as many files have names that ssh tries by itself
    return {
        "host": found.host,
        "port": str(found.port),
        "user": found.user,
        "jump": found.jump,
        "proxy": bool(found.proxy_command),
        "keys": usual if found.default_keys else len(found.keys),
        "only": not found.agent_for_others,
        "timeout": found.timeout,
        "new": found.accept_new,
        "known": " ".join(found.known_hosts),
        "family": {0: "any", 2: "inet", 10: "inet6"}[found.family],
        "alias": found.known_as if found.host_key.alias else "",
        "from": found.bind_address,
        "agent": {None: None, "": "none"}.get(found.login.agent, found.login.agent),
    }


# --- any configuration --------------------------------------------------------------------------------------------

HOSTS = ["web1", "Web1", "db.example.com", "10.0.0.1", "::1", "a-b", "127.1"]
PATTERNS = ["web1", "web*", "*", "!web1", "db*", "10.*", "?eb1", "*.example.com", "Web1", "a-b", "!*.com", "**b*"]
OPTIONS = st.sampled_from([
    "Port 22", "Port 2222", "Port 99999", "User me", 'User "two words"', "User root # comment", "User a=b", "User 'q'",
    "HostName %h.example.org", "HostName 192.0.2.1", "HostName X.Y", "HostName %h", "HostName 0:0::1",
    "ProxyJump gate", "ProxyJump none", "ProxyJump u@gate:22,b", "ProxyJump a,b # c", "ProxyCommand none",
    "ProxyCommand nc %h %p", "ProxyCommand x '%h' \"%r\" %n # c", "ProxyCommand =foo %%", "IdentityFile ~/k",
    "IdentityFile /k/%h", "IdentityFile none", 'IdentityFile "a b"', "IdentityFile %d/x", "IdentitiesOnly yes",
    "IdentitiesOnly NO", "ConnectTimeout 3", "ConnectTimeout 1m", "ConnectTimeout none", "ConnectTimeout 0",
    "ConnectTimeout 2m30", "StrictHostKeyChecking yes", "StrictHostKeyChecking no", "StrictHostKeyChecking accept-new",
    "StrictHostKeyChecking off", "HostKeyAlias C", "HostKeyAlias c", "UserKnownHostsFile /a /b",
    "UserKnownHostsFile none", "UserKnownHostsFile ~/x", 'UserKnownHostsFile "/a b" /c',
    "UserKnownHostsFile /k/%k-%h-%p-%n-%%", "GlobalKnownHostsFile /ga", "GlobalKnownHostsFile none",
    "BindAddress 127.0.0.1", "AddressFamily inet", "AddressFamily any", "Ciphers aes128-ctr", "Ciphers -aes128*",
    "Ciphers +3des-cbc", "Ciphers ^aes256-ctr", "Ciphers nonsense", "HostKeyAlgorithms ssh-ed25519",
    "HostKeyAlgorithms -*cert*", "HostKeyAlgorithms +ssh-rsa", "HostKeyAlgorithms ^rsa-sha2-512",
    "HostKeyAlgorithms ecdsa*", "IdentityAgent none", "IdentityAgent /run/agent-%h", "SendEnv LANG LC_*", "# comment",
    "", "  # comment", "Compression yes", "IdentitiesOnly maybe",
])  # fmt: skip
CRITERIA = st.sampled_from([
    "all", "host web*", "host=db*,!web1", "host WEB1", "originalhost web1", "!originalhost web1", "user me", "user root",
    "user *", "final all", "final host *.org", "!final host *", "final host *", "canonical all", "localuser *",
    "canonical !final host *", "host web1 user me", "exec true", "host web* exec false", "final exec true",
    'originalhost "web1"', "host", "nonsense",
])  # fmt: skip
HEADERS = st.one_of(
    st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3).map(lambda names: "Host " + " ".join(names)),
    CRITERIA.map(lambda criteria: f"Match {criteria}"),
)


@st.composite
def written(draw, line):
    """A line in one of the forms that it may have."""
    keyword, _, value = line.partition(" ")
    if not keyword or "#" in keyword:
        return line
    form = draw(st.sampled_from(["{} {}", "{} {}", "{} {}", "{}={}", "{} = {}", "\t{}   {}  "]))
    return form.format(draw(st.sampled_from([keyword, keyword.upper()])), value)


GIVEN = [((), {}), (("-l", "me"), {"user": "me"}), (("-p", "2200"), {"port": 2200})]
CLOCK = iter(range(10**18, 2 * 10**18, 1000))
LINES = st.one_of(OPTIONS, OPTIONS, HEADERS).flatmap(written)
FILES = st.lists(LINES, min_size=1, max_size=10).map("\n".join)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=FILES,
    included=FILES,
    where=st.integers(0, 10),
    host=st.sampled_from(HOSTS),
    given_=st.sampled_from(GIVEN),
)
def test_any_configuration_means_what_it_means_to_ssh(tmp_path, text, included, where, host, given_):  # noqa: PLR0917
    needs("ssh")
    lines = text.split("\n")
    lines.insert(where, f"Include {tmp_path}/incl*")
    (tmp_path / "included").write_text(included + "\n")
    (tmp_path / "config").write_text("\n".join(lines) + "\n")
    for name in ("included", "config"):  # no two examples have files of the same time
        os.utime(tmp_path / name, ns=(0, next(CLOCK)))
    theirs = as_ssh(tmp_path / "config", host, *given_[0])
    options = SSHOptions(host, ssh_config=str(tmp_path / "config"), **given_[1])
    if theirs is None:
        with pytest.raises(UsageError):
            resolve(options)
        return
    ours = resolve(options)
    expected, found = of_ssh(theirs), of_ours(ours)
    if found["keys"] == 7:
        expected["keys"] = 7
    # ssh keeps to the account's home; the tests have another one.
    found["known"] = found["known"].replace(os.environ["HOME"], pwd.getpwuid(os.getuid()).pw_dir)
    assert found == expected
    for name, each in (("ciphers", ours.algorithms.ciphers), ("hostkeyalgorithms", ours.algorithms.host_keys)):
        if each.option:
            listed = theirs[name][0].split(",")
            assert [kind for kind in each.names if kind in listed] == sorted(listed, key=each.names.index)
            newer = {kind for kind in each.names if kind not in listed}
            assert all(kind.startswith(("webauthn-", "ssh-mldsa")) for kind in newer)
            if name == "hostkeyalgorithms":  # their order decides which key is shown
                assert [kind for kind in each.names if kind in listed] == listed


def test_every_option_that_ssh_prints_is_known():
    needs("ssh")
    printed = as_ssh(os.devnull, "web1").keys() - {"host"}
    assert printed - KNOWN - NOT_EVERYWHERE == set(), "what becomes of these? See ssh_keywords"


# --- when ssh is asked, and when not ------------------------------------------------------------------------------


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """The calls of ssh, each as its arguments; the real one answers."""
    needs("ssh")
    log = tmp_path / "calls"
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin/ssh"
    wrapper.write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec {shutil.which("ssh")} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    ssh_program._knows.cache_clear()
    return lambda: log.read_text().splitlines() if log.exists() else []


def fleet(number=50):
    return [resolve(SSHOptions(f"web{each}")) for each in range(number)]


def test_a_plain_configuration_costs_no_process(config, asked):
    config("Include more\nHost web*\n User me\nMatch host web1 user me\n Port 5\nMatch final all\n Compression no\n")
    config("HashKnownHosts yes\n", ".ssh/more")
    found = fleet()
    assert ({each.user for each in found}, found[1].port, found[2].port) == ({"me"}, 5, 22)
    assert asked() == []


def test_the_configuration_of_fedora_costs_one_process_for_a_fleet(config, asked):
    """As Fedora and RHEL ship it: `Match final all`, the policy of the system, options of a patched OpenSSH."""
    config("Host web1\n HostName 192.0.2.1\n")
    config(FEDORA.format(folder="ssh_config.d"), "system_config")
    path = config(FEDORA_MORE, "system_config.d/50-redhat.conf")
    config(FEDORA.format(folder=path.parent), "system_config")
    config(FEDORA_MORE.replace("/etc/crypto-policies/back-ends/openssh.config", str(path.parent / "policy")), str(path))
    policy = config(POLICY, str(path.parent / "policy"))
    if not ssh_program.knows("gssapikexalgorithms"):
        policy.write_text(POLICY.replace("GSSAPI", "# GSSAPI"))
    ssh_program._knows.cache_clear()
    before = len(asked())
    found = fleet()
    assert (found[1].host, found[2].host) == ("192.0.2.1", "web2")
    assert found[2].host_key.smallest_rsa == 2048
    assert found[2].algorithms.ciphers.names[:2] == ("aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com")
    assert len(asked()) - before <= 2, "one for each option that not every OpenSSH has"


FEDORA = """\
# To modify the system-wide ssh configuration, create a  *.conf  file under
#  /etc/ssh/ssh_config.d/  which will be automatically included below
Include {folder}/*.conf
"""
FEDORA_MORE = """\
# The options here are in the "Match final block" to be applied as the last
# options and could be potentially overwritten by the user configuration
Match final all
\t# Follow system-wide Crypto Policy, if defined:
\tInclude /etc/crypto-policies/back-ends/openssh.config

\tGSSAPIAuthentication yes

# If this option is set to yes then remote X11 clients will have full access
# to the original X11 display. As virtually no X11 client supports the untrusted
# mode correctly we set this to yes.
\tForwardX11Trusted yes

# Uncomment this if you want to use .local domain
# Host *.local
"""
POLICY = """\
Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-gcm@openssh.com,aes128-ctr
MACs hmac-sha2-256-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-512-etm@openssh.com
GSSAPIKexAlgorithms gss-curve25519-sha256-,gss-nistp256-sha256-,gss-group14-sha256-,gss-group16-sha512-
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521
HostKeyAlgorithms ecdsa-sha2-nistp256,ecdsa-sha2-nistp256-cert-v01@openssh.com,ssh-ed25519,rsa-sha2-256,rsa-sha2-512
PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-256,rsa-sha2-512
CASignatureAlgorithms ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-256,rsa-sha2-512
RequiredRSASize 2048
"""


def test_what_depends_on_a_command_is_asked_once_for_each_host(config, asked):
    config('Match exec "test %n = web1"\n Port 5\nHost web2\n Port 6\n')
    assert [each.port for each in fleet(3)] == [22, 5, 6]
    calls = asked()
    assert len(calls) == 3
    assert all(call.startswith("-G -T -F") and " -- web" in call for call in calls)
    fleet(3)
    assert asked() == calls, "it was asked again"


def test_what_does_not_depend_on_a_command_is_not_asked(config, asked):
    config("Match host db* exec true\n Port 5\nMatch exec false host db*\n Port 6\n")
    assert {each.port for each in fleet()} == {22}
    assert asked() == []


def test_user_and_port_of_the_options_are_told_to_ssh(config, asked):
    config('Match exec "test %r-%p = me-2222"\n HostName 192.0.2.1\n')
    assert resolve(SSHOptions("web1", user="me", port=2222)).host == "192.0.2.1"
    assert resolve(SSHOptions("web1", user="me")).host == "web1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CanonicalizeHostname yes\nCanonicalDomains invalid\nHost web1\n Port 5", {"host": "web1", "port": 5}),
        ("User %u-adm", {"user": "%u-adm"}),
        ('Match exec true\nUserKnownHostsFile "/with blank" /b\nGlobalKnownHostsFile none', {"known_hosts": ("/with blank", "/b")}),
        ("Match exec true\nIdentitiesOnly yes", {"agent_for_others": False}),
        ("Match exec true\nHostName %%x", {"host": "%x"}),
        ("Match exec true\nProxyCommand nc '%h' %p", {"proxy_command": "nc 'web1' 22"}),
        ("Match exec true\nProxyJump a,b", {"jump": "a,b", "proxy_command": None}),
        ("Match exec true\nProxyCommand none", {"proxy_command": None}),
        ("Match exec true\nConnectTimeout 7\nStrictHostKeyChecking no", {"timeout": 7.0, "accept_new": True}),
    ],
)  # fmt: skip
def test_the_answer_of_ssh_is_read(config, text, expected):
    needs("ssh")
    config(f"{text}\n")
    found = resolve(SSHOptions("web1"))
    if "%u" in text:  # newer ones replace it
        assert found.user in {"%u-adm", f"{pwd.getpwuid(os.getuid()).pw_name}-adm"}
        return
    assert {name: getattr(found, name) for name in expected} == expected


def test_what_no_file_says_is_our_own_default_also_when_ssh_was_asked(config, home):
    needs("ssh")
    config("Match exec true\n Port 5\n")
    asked, plain = resolve(SSHOptions("web1")), None
    config("Port 5\n")
    plain = resolve(SSHOptions("web1"))
    assert asked == plain
    assert asked.known_hosts[0] == f"{home}/.ssh/known_hosts"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Port 5\nMatch exec true\n Port 6\n", "line 2: Match exec is not supported without OpenSSH"),
        ("Match localnetwork 10.0.0.0/8\n Port 6\n", "line 1: Match localnetwork is not supported without OpenSSH"),
        ("CanonicalizeHostname yes\n", "line 1: canonicalizehostname is not supported without OpenSSH"),
        ("Include %h\n", "line 1: Include with tokens is not supported without OpenSSH"),
        ("Host x\n Ciphers nonsense\n", "line 2: Ciphers: the algorithm nonsense is not supported without OpenSSH"),
        ("Nonsense x\n", "line 1: nonsense is no option of OpenSSH"),
    ],
)
def test_without_openssh_file_and_line_are_named(config, monkeypatch, text, said):
    monkeypatch.setenv("PATH", "/nowhere")
    path = config(text)
    with pytest.raises(UsageError) as caught:
        resolve(SSHOptions("web1"))
    assert f"{path}, {said}" in str(caught.value)
    assert "--ssh-config" in caught.value.hint


def test_options_of_patched_versions_do_no_harm_without_openssh(config, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    config("GSSAPIKeyExchange no\nUseKeychain yes\nObscureKeystrokeTiming no\nPort 5\n")
    assert resolve(SSHOptions("web1")).port == 5


def test_a_command_that_waits_has_an_end(config, monkeypatch):
    needs("ssh")
    monkeypatch.setattr(ssh_program, "_PATIENCE", 0.5)
    config('Match exec "sleep 60"\n Port 5\n')
    with pytest.raises(UsageError, match=r"config, line 1: Match exec: it says: it did not end within"):
        resolve(SSHOptions("web1"))


def test_no_configuration_at_all(config):
    config("Port 5\n")
    assert resolve(SSHOptions("web1", ssh_config="none")).port == 22


def test_a_file_that_others_may_write_is_refused(config):
    path = config("Port 5\n")
    path.chmod(0o646)
    with pytest.raises(UsageError, match="another account may write this file"):
        resolve(SSHOptions("web1"))
    assert resolve(SSHOptions("web1", ssh_config=str(path))).port == 5, "one that is named may be anybody's"


def test_a_changed_file_is_read_again(config):
    config("Include more\n")
    for port in (5, 6):
        path = config(f"Port {port}\n", ".ssh/more")
        os.utime(path, ns=(0, next(CLOCK)))
        assert resolve(SSHOptions("web1")).port == port


# --- as it happened -----------------------------------------------------------------------------------------------

LAB = """\
Host lab1
  HostName 127.0.0.1
Match final all
  GSSAPIAuthentication yes
"""
ECHO = """\
import sys
from provisioner.transports.ssh import SSHOptions, SSHTransport
options = SSHOptions("lab1", user="user", port=int(sys.argv[1]), key_files=(sys.argv[2],), known_hosts=sys.argv[3])
print(SSHTransport(options).run("echo hello", timeout=20).stdout, end="")
"""


@pytest.mark.parametrize("blocks", [LAB, LAB.replace("Match final all", "Match host=127.*"), f"IgnoreUnknown Foo*\nFooBar yes\n{LAB}"])  # fmt: skip
def test_match_final_all_as_the_users_file(ssh, config, known_hosts, tmp_path, blocks):
    config(blocks)
    with Server(keys=(key("ecdsa", 5),)) as server:
        known_hosts.write_text(server.known_hosts())
        login = key_file(tmp_path, "login", key("ecdsa", 5))
        assert ssh(server, host="lab1", key_files=(str(login),)).run("echo hello", timeout=20).stdout == "hello\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts files over those of the system, for itself only")
@pytest.mark.parametrize("more", ["", "Include /etc/ssh/ssh_config.d/*.conf\n", "Match exec true\nCompression no\nMatch all\n"])  # fmt: skip
def test_match_final_all_as_the_systems_file(tmp_path, home, more):
    """In a mount namespace of its own, in the home of the account, as ssh would have it."""
    needs("unshare", "mount")
    (tmp_path / "system").write_text(more + LAB)
    with Server(keys=(key("ecdsa", 5),)) as server:
        (tmp_path / "known").write_text(server.known_hosts())
        login = key_file(tmp_path, "login", key("ecdsa", 5))
        run = in_namespace(
            {tmp_path / "system": "/etc/ssh/ssh_config"},
            [sys.executable, "-c", ECHO, str(server.port), str(login), str(tmp_path / "known")],
        )
    assert (run.stdout, run.returncode) == ("hello\n", 0), run.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts files over those of the system, for itself only")
def test_canonical_names(tmp_path, home):
    """The name that the system's resolver makes of it counts for Host, known_hosts and HostName, as in ssh."""
    needs("unshare", "mount", "ssh")
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n127.0.0.1 lab1.example.test lab1.example.test.\n")
    (tmp_path / "config").write_text(
        "CanonicalizeHostname yes\nCanonicalDomains example.test\n"
        "Host lab1.example.test\n Port 77\nMatch canonical host *.test\n User canon\n"
    )
    show = (
        "from provisioner.transports.ssh_config import *\n"
        f"found = resolve(SSHOptions('lab1', ssh_config='{tmp_path}/config'))\n"
        "print(found.host, found.port, found.user, found.known_as)\n"
    )
    run = in_namespace({tmp_path / "hosts": "/etc/hosts"}, [sys.executable, "-c", show])
    assert run.stdout == "lab1.example.test 77 canon lab1.example.test\n", run.stderr


def in_namespace(files, command):
    mounts = "".join(f"mount --bind '{here}' '{there}' && " for here, there in files.items())
    environment = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"}
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{mounts}exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"HOME": pwd.getpwuid(os.getuid()).pw_dir},
        cwd=Path(__file__).parents[2],
    )
