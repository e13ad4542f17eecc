"""SSH as OpenSSH's users know it: host keys, logins, configuration, and what is said when it fails."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time

import paramiko
import pytest

from provisioner.errors import AuthenticationError, ConnectionLostError, UnreachableError
from provisioner.transports import ssh_session
from tests.machine import cannot, has_ipv6_loopback, needs
from tests.transports.openssh import key_file
from tests.transports.ssh_server import Server, key, write_key

ECHO = "echo hello"

# paramiko's own threads end with an EOFError when the other end, here in the same process, goes first.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def hello(transport):
    return transport.run(ECHO, timeout=20).stdout == "hello\n"


# --- reaching a host ---------------------------------------------------------------------------------------------


def test_a_name_that_does_not_resolve(ssh):
    with Server(password="x") as server, pytest.raises(UnreachableError, match=r"the name no-such\.invalid does not"):
        ssh(server, host="no-such.invalid").connect()


def test_a_port_where_nobody_listens(ssh):
    with Server(password="x") as server:
        transport = ssh(server)
    with pytest.raises(UnreachableError, match=f"web1: 127.0.0.1 refuses connections to port {server.port}") as caught:
        transport.connect()
    assert caught.value.exit_code == 3


def test_a_server_that_never_says_who_it_is(ssh):
    with Server(silent=True) as server:
        start = time.monotonic()
        with pytest.raises(UnreachableError, match="no SSH greeting within 1 s"):
            ssh(server, timeout=1).connect()
        assert time.monotonic() - start < 10


def test_a_server_that_is_no_ssh_server(ssh):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        client, _ = listener.accept()
        with client:
            client.recv(100)
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=answer, daemon=True).start()
    with Server() as server, pytest.raises(UnreachableError, match="no SSH connection"):
        ssh(server, port=listener.getsockname()[1], timeout=3).connect()
    listener.close()


def test_hang_ups_of_a_crowded_server_are_tried_again(ssh):
    """MaxStartups: sshd closes connections at random while too many are not logged in yet."""
    with Server(password="x", hang_ups=2) as server:
        assert hello(ssh(server))
        assert server.connections == 3


def test_hang_ups_without_end(ssh, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with (
        Server(password="x", hang_ups=99) as server,
        pytest.raises(UnreachableError, match=r"hangs up without a greeting \(MaxStartups, or no SSH server\)"),
    ):
        ssh(server).connect()
    assert server.connections == 6


def test_an_ipv6_literal(ssh, known_hosts):
    if not has_ipv6_loopback():
        cannot("this machine has no IPv6 loopback")
    with Server(password="x", family=socket.AF_INET6) as server:
        known_hosts.write_text(server.known_hosts(f"[::1]:{server.port}"))
        assert hello(ssh(server, host="::1"))


def test_nothing_of_paramikos_noise_reaches_stderr(ssh, capfd):
    import logging

    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []  # as in a program without logging set up
    try:
        with Server(silent=True) as server, pytest.raises(UnreachableError):
            ssh(server, timeout=0.5).connect()
        with Server(password="x", hang_ups=99) as server, pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "sleep", lambda _: None)
            with pytest.raises(UnreachableError):
                ssh(server).connect()
    finally:
        root.handlers = handlers
    assert capfd.readouterr() == ("", "")


# --- a connection that breaks -------------------------------------------------------------------------------------


def test_a_connection_that_breaks_in_the_middle(ssh):
    heard = []
    with Server(password="x", drop_after=20) as server:
        transport = ssh(server)
        with pytest.raises(ConnectionLostError, match="web1: the connection was lost"):
            transport.run(
                "for n in 1 2 3 4 5 6 7 8 9; do echo line$n; sleep 0.05; done", timeout=20, on_line=heard.append
            )
        assert heard[:2] == ["line1", "line2"]
        assert all(line in {f"line{n}" for n in range(1, 10)} for line in heard), (
            "no half line is taken for a whole one"
        )
        server.drop_after = None
        assert hello(transport)


def test_a_connection_that_broke_between_two_scripts_is_made_again(ssh):
    with Server(password="x") as server:
        transport = ssh(server)
        assert hello(transport)
        server.drop()
        time.sleep(0.2)
        assert hello(transport)
        assert server.connections == 2


def test_a_channel_that_ends_without_a_status_on_a_living_connection(ssh):
    with Server(password="x", status=False) as server:
        assert ssh(server).run(ECHO, timeout=20).status < 0


def test_a_long_silence_of_a_living_host_is_no_problem(ssh, monkeypatch):
    monkeypatch.setattr(ssh_session, "IDLE", 0.2)
    monkeypatch.setattr(ssh_session, "TICK", 0.1)
    monkeypatch.setattr(ssh_session, "PATIENCE", 0.5)
    with Server(password="x") as server:
        assert ssh(server).run("sleep 2; echo hello", timeout=20).stdout == "hello\n"


def test_a_dead_peer_is_noticed_long_before_the_timeout(ssh, monkeypatch):
    """The host vanishes without a word: everything sent to it from then on is swallowed."""
    monkeypatch.setattr(ssh_session, "IDLE", 0.2)
    monkeypatch.setattr(ssh_session, "TICK", 0.1)
    monkeypatch.setattr(ssh_session, "PATIENCE", 0.5)
    with Server(password="x") as server, Wire(server.port) as wire:
        transport = ssh(server, port=wire.port)
        heard = []

        def cut(line):
            heard.append(line)
            wire.cut.set()

        start = time.monotonic()
        with pytest.raises(ConnectionLostError, match="no sign of life"):
            transport.run("echo begun; sleep 30; echo never", timeout=60, on_line=cut)
        assert time.monotonic() - start < 15
        assert heard == ["begun"]


class Wire:
    """Forwards TCP to a port until `cut` is set; then both ends hear nothing any more."""

    def __init__(self, port):
        self._there = port
        self.cut = threading.Event()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        with contextlib.suppress(OSError):
            near, _ = self._listener.accept()
            far = socket.create_connection(("127.0.0.1", self._there))
            self._sockets += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.cut.is_set():
                    target.sendall(data)

    def __exit__(self, *_):
        self._listener.close()
        for each in self._sockets:
            each.close()


@pytest.fixture(autouse=True)
def wire_key(known_hosts, request):
    """The wire has a port of its own; its host key is looked up without the port, as OpenSSH does."""
    if "dead_peer" in request.node.name:
        each = key()
        known_hosts.write_text(f"127.0.0.1 {each.get_name()} {each.get_base64()}\n")


def test_a_server_without_a_free_session(ssh):
    with (
        Server(password="x", sessions=False) as server,
        pytest.raises(UnreachableError, match="refuses a session") as caught,
    ):
        ssh(server).run(ECHO, timeout=5)
    assert "MaxSessions" in caught.value.hint


def test_an_account_that_runs_no_commands(ssh):
    with (
        Server(password="x", commands=False) as server,
        pytest.raises(UnreachableError, match="refuses to run commands"),
    ):
        ssh(server).run(ECHO, timeout=5)


@pytest.mark.parametrize("shell", [("/bin/sh", "-c"), ("bash", "-c"), ("fish", "-c"), ("csh", "-c"), ("tcsh", "-c")], ids=lambda shell: shell[0])  # fmt: skip
def test_the_login_shell_sees_bare_words_only(ssh, shell):
    needs(shell[0])
    with Server(password="x", shell=shell) as server:
        assert hello(ssh(server))
        assert server.executed == ["sh -s"]


def test_a_login_shell_that_talks(ssh):
    """Banners of a ForceCommand or an rc file come in front; our own output is marked and survives them."""
    heard = []
    shell = ("/bin/sh", "-c", 'echo "*** authorized use only ***"; echo note >&2; eval "$0"')
    with Server(password="x", shell=shell) as server:
        completed = ssh(server).run("echo '@@1 begin'", timeout=20, on_line=heard.append)
    assert heard == ["*** authorized use only ***", "@@1 begin"]
    assert completed.stderr == "note\n"


# --- logging in ---------------------------------------------------------------------------------------------------


def test_a_wrong_password(ssh):
    with Server(password="secret") as server, pytest.raises(AuthenticationError) as caught:
        ssh(server, password="wrong-one").connect()
    assert str(caught.value) == "web1: login as user was refused: tried the password"
    assert server.attempts == ["password"], "a wrong password counts towards a lock-out"
    assert "wrong-one" not in repr(caught.value.__cause__) + caught.value.hint
    assert caught.value.exit_code == 3


def test_nothing_to_log_in_with(ssh):
    with Server(password="secret") as server, pytest.raises(AuthenticationError, match="there is no key, no agent and no password") as caught:  # fmt: skip
        ssh(server, password=None).connect()
    assert "-k" in caught.value.hint


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_a_key_file(ssh, tmp_path, kind):
    login = key(kind, 5)
    write_key(login, tmp_path / "login")
    with Server(keys=(login,)) as server:
        assert hello(ssh(server, key_files=(str(tmp_path / "login"),)))
        assert server.attempts == [f"publickey {login.get_name()}"]


def test_a_key_of_the_usual_name(ssh, home):
    login = key("ecdsa", 5)
    login.write_private_key_file(str(home / ".ssh/id_ecdsa"))
    with Server(keys=(login,)) as server:
        assert hello(ssh(server))


def test_a_key_file_that_is_not_there(ssh):
    with (
        Server(keys=(key("ecdsa", 5),)) as server,
        pytest.raises(AuthenticationError, match="there is no /nowhere/key"),
    ):
        ssh(server, key_files=("/nowhere/key",)).connect()


def test_a_key_file_that_is_none(ssh, tmp_path):
    (tmp_path / "login").write_text("not a key")
    with Server(keys=(key("ecdsa", 5),)) as server, pytest.raises(AuthenticationError, match="is no private key"):
        ssh(server, key_files=(str(tmp_path / "login"),)).connect()


def test_a_key_with_a_passphrase(ssh, tmp_path):
    login = key("ecdsa", 6)
    login.write_private_key_file(str(tmp_path / "login"), password="passphrase")
    with Server(keys=(login,)) as server, pytest.raises(AuthenticationError, match="login has a passphrase") as caught:
        ssh(server, key_files=(str(tmp_path / "login"),)).connect()
    assert "ssh-add" in caught.value.hint


def test_a_password_helps_where_the_key_does_not(ssh, tmp_path):
    key("ecdsa", 6).write_private_key_file(str(tmp_path / "login"))
    with Server(password="x") as server:
        assert hello(ssh(server, key_files=(str(tmp_path / "login"),)))
        assert server.attempts == ["publickey ecdsa-sha2-nistp256", "password"]


def test_a_password_is_tried_before_keys_that_are_a_guess(ssh, home):
    key("ecdsa", 6).write_private_key_file(str(home / ".ssh/id_ecdsa"))
    with Server(password="x") as server:
        assert hello(ssh(server))
        assert server.attempts == ["password"]


def test_keyboard_interactive_is_a_password_too(ssh):
    """Many servers allow only that."""
    with Server(password="s3cret pass'\"$", prompts=("Password: ",)) as server:
        assert hello(ssh(server))


def test_a_wrong_password_by_keyboard_interactive(ssh):
    with Server(password="secret", prompts=("Password: ",)) as server, pytest.raises(AuthenticationError, match=r"tried the password \(keyboard-interactive\)"):  # fmt: skip
        ssh(server, password="wrong").connect()


def test_a_second_question_is_named(ssh):
    with Server(password="secret", prompts=("Password: ", "Verification code: ")) as server, pytest.raises(AuthenticationError, match="asks 'Verification code:'"):  # fmt: skip
        ssh(server).connect()


def test_a_key_and_then_a_password(ssh, tmp_path):
    login = key("ecdsa", 5)
    login.write_private_key_file(str(tmp_path / "login"))
    with Server(keys=(login,), password="x", both=True) as server:
        assert hello(ssh(server, key_files=(str(tmp_path / "login"),)))
        server.attempts.clear()
        with pytest.raises(AuthenticationError, match=r"\(taken, but not enough\); the server allows password"):
            ssh(server, key_files=(str(tmp_path / "login"),), password=None).connect()


def test_an_agent_that_is_gone(ssh, monkeypatch, tmp_path):
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "gone"))
    with Server(keys=(key("ecdsa", 5),)) as server, pytest.raises(AuthenticationError):
        ssh(server).connect()


@pytest.fixture
def agent(monkeypatch, tmp_path):
    needs("ssh-agent")
    address = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL)
    for _ in range(100):
        if address.exists():
            break
        time.sleep(0.05)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(address))
    yield lambda path: subprocess.run(["ssh-add", "-q", path], check=True)
    process.terminate()
    process.wait()


def test_a_key_of_the_agent(ssh, agent, tmp_path):
    login = key("ecdsa", 5)
    login.write_private_key_file(str(tmp_path / "login"))
    agent(tmp_path / "login")
    with Server(keys=(login,)) as server:
        assert hello(ssh(server))


def test_identities_only_leaves_the_agents_other_keys_alone(ssh, agent, tmp_path, home):
    for number in (5, 6):
        key("ecdsa", number).write_private_key_file(str(tmp_path / f"login{number}"))
        agent(tmp_path / f"login{number}")
    wanted = key("ecdsa", 6)
    (tmp_path / "login6").unlink()  # the private half is only in the agent
    (tmp_path / "login6.pub").write_text(f"{wanted.get_name()} {wanted.get_base64()}\n")
    (home / ".ssh/config").write_text(f"Host *\n IdentitiesOnly yes\n IdentityFile {tmp_path}/login6\n")
    with Server(keys=(wanted,)) as server:
        assert hello(ssh(server))
        assert len(server.attempts) == 1


def test_another_agent_than_that_of_the_environment(ssh, agent, tmp_path, home, monkeypatch):
    login = key("ecdsa", 5)
    login.write_private_key_file(str(tmp_path / "login"))
    agent(tmp_path / "login")
    monkeypatch.setenv("AGENT", os.environ["SSH_AUTH_SOCK"])
    monkeypatch.delenv("SSH_AUTH_SOCK")
    with Server(keys=(login,)) as server:
        for value in (f"{tmp_path}/agent", "${AGENT}", "$AGENT", '"%d/../agent"'):
            (home / ".ssh/config").write_text(f"Host *\n IdentityAgent {value}\n")
            assert hello(ssh(server)), value


@pytest.mark.parametrize(("value", "said"), [("none", "no agent"), ("/nowhere/agent", "the agent does not answer: ")])
def test_no_agent_is_asked_but_the_one_that_is_named(ssh, agent, tmp_path, home, value, said):  # noqa: PLR0917
    login = key("ecdsa", 5)
    login.write_private_key_file(str(tmp_path / "login"))
    agent(tmp_path / "login")
    (home / ".ssh/config").write_text(f"Host *\n IdentityAgent {value}\n")
    with Server(keys=(login,)) as server, pytest.raises(AuthenticationError, match=said):
        ssh(server).connect()
    assert server.attempts == []


def test_a_socket_that_is_no_agent(ssh, home, tmp_path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()

    def hang_up():
        listener.accept()[0].close()

    threading.Thread(target=hang_up, daemon=True).start()
    (home / ".ssh/config").write_text(f"Host *\n IdentityAgent {tmp_path}/socket\n")
    with Server(keys=(key("ecdsa", 5),)) as server, pytest.raises(AuthenticationError, match="agent does not answer"):
        ssh(server).connect()
    listener.close()


def test_a_public_key_names_one_of_the_agents(ssh, agent, tmp_path, home):
    for number in (5, 6):
        key_file(tmp_path, f"login{number}", key("ecdsa", number))
        agent(tmp_path / f"login{number}")
    (home / ".ssh/config").write_text(f"Host *\n IdentitiesOnly yes\n IdentityFile {tmp_path}/login6.pub\n")
    with Server(keys=(key("ecdsa", 6),)) as server:
        assert hello(ssh(server))
        assert len(server.attempts) == 1


@pytest.mark.parametrize("by", ["file", "option", "agent"])
def test_a_certificate_of_the_user(ssh, agent, tmp_path, home, by):
    """It is shown before the key alone, as ssh does."""
    needs("ssh-keygen")
    login = key_file(tmp_path, "login", key("ecdsa", 5))
    authority = key_file(tmp_path, "authority", key("ecdsa", 11))
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "me", "-n", "user", f"{login}.pub"], check=True)
    certificate = tmp_path / "login-cert.pub"
    if by != "file":
        certificate = certificate.rename(tmp_path / "elsewhere")
    (home / ".ssh/config").write_text(f"Host *\n CertificateFile {certificate}\n")
    options = {} if by == "agent" else {"key_files": (str(login),)}
    if by == "agent":
        agent(login)
    with Server(keys=(key("ecdsa", 5),)) as server:
        assert hello(ssh(server, **options))
        assert server.certificates == [True]


def test_a_certificate_of_another_key_is_not_shown(ssh, tmp_path, home):
    needs("ssh-keygen")
    login, other = key_file(tmp_path, "login", key("ecdsa", 5)), key_file(tmp_path, "other", key("ecdsa", 6))
    subprocess.run(["ssh-keygen", "-q", "-s", other, "-I", "me", "-n", "user", f"{other}.pub"], check=True)
    (home / ".ssh/config").write_text(f"Host *\n CertificateFile {tmp_path}/other-cert.pub\n")
    with Server(keys=(key("ecdsa", 5),)) as server:
        assert hello(ssh(server, key_files=(str(login),)))
        assert server.certificates == [False]


@pytest.mark.parametrize(
    "line",
    [
        "PasswordAuthentication no\nKbdInteractiveAuthentication no",
        "BatchMode yes",
        "NumberOfPasswordPrompts 0",
        "PreferredAuthentications publickey",
    ],
)
def test_a_password_is_not_sent_where_the_configuration_forbids_it(ssh, home, line):
    (home / ".ssh/config").write_text(f"{line}\n")
    with Server(password="secret") as server, pytest.raises(AuthenticationError) as caught:
        ssh(server).connect()
    assert server.attempts == []
    assert f"the password is not sent: {line.partition(chr(10))[0]} of {home}/.ssh/config, line 1" in str(caught.value)


def test_no_key_is_tried_where_the_configuration_forbids_it(ssh, home, tmp_path):
    login = key_file(tmp_path, "login", key("ecdsa", 5))
    (home / ".ssh/config").write_text("PubkeyAuthentication no\n")
    with Server(keys=(key("ecdsa", 5),)) as server, pytest.raises(AuthenticationError) as caught:
        ssh(server, key_files=(str(login),)).connect()
    assert server.attempts == []
    assert f"no key is tried: PubkeyAuthentication no of {home}/.ssh/config, line 1" in str(caught.value)


def test_what_is_configured_and_not_used_is_named(ssh, home):
    (home / ".ssh/config").write_text("PKCS11Provider /usr/lib/token.so\n")
    key("ecdsa", 6).write_private_key_file(str(home / ".ssh/id_ecdsa"))
    with Server(keys=(key("ecdsa", 5),), both=True) as server, pytest.raises(AuthenticationError) as caught:
        ssh(server, password="x").connect()
    assert f"PKCS11Provider /usr/lib/token.so of {home}/.ssh/config, line 1 is not used" in str(caught.value)


def test_too_many_keys(ssh, tmp_path):
    """OpenSSH hangs up after MaxAuthTries (6); paramiko's server after 10."""
    files = []
    for number in range(12):
        key("ecdsa", 20 + number).write_private_key_file(str(tmp_path / f"login{number}"))
        files.append(str(tmp_path / f"login{number}"))
    with Server(keys=(key("ecdsa", 5),)) as server, pytest.raises(AuthenticationError, match=r"hung up after 1[01] attempts") as caught:  # fmt: skip
        ssh(server, key_files=tuple(files)).connect()
    assert "--private-key" in caught.value.hint


# --- old servers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("kex", "no acceptable kex algorithm"),
        ("keys", "no acceptable host key"),
        ("ciphers", "no acceptable ciphers"),
        ("macs", "no acceptable macs"),
    ],
)
def test_a_server_without_a_common_algorithm(ssh, kind, said, monkeypatch):
    with Server(password="x", version="SSH-2.0-OpenSSH_5.3") as server:
        transport = ssh(server)
        name = {
            "kex": "_preferred_kex",
            "keys": "_preferred_keys",
            "ciphers": "_preferred_ciphers",
            "macs": "_preferred_macs",
        }[kind]
        ours = getattr(paramiko.Transport, name)
        # The client speaks only what the server does not.
        server.transport_options = {"disabled_algorithms": {kind: [ours[0]]}}
        monkeypatch.setattr("provisioner.transports.ssh._prefer", lambda offered, _: restrict(offered, kind, ours[0]))
        with pytest.raises(UnreachableError, match=f"no common algorithm with OpenSSH_5.3: {said}") as caught:
            transport.connect()
        assert "pip install 'paramiko<5'" in caught.value.hint


def restrict(transport, kind, only):
    options = transport.get_security_options()
    name = {"kex": "kex", "keys": "key_types", "ciphers": "ciphers", "macs": "digests"}[kind]
    setattr(options, name, (only,))


@pytest.mark.skipif("ssh-rsa" in paramiko.Transport._preferred_pubkeys, reason="this paramiko still speaks SHA-1")
def test_an_rsa_key_and_a_server_that_knows_sha1_only(ssh, tmp_path):
    write_key(key("rsa", 5), tmp_path / "login")
    old = Server(keys=(key("ecdsa", 5),), version="SSH-2.0-OpenSSH_6.6.1p1")
    with old as server, pytest.raises(AuthenticationError) as caught:
        ssh(server, key_files=(str(tmp_path / "login"),)).connect()
    assert "OpenSSH 6.6 there takes RSA keys with SHA-1 only" in caught.value.hint
    assert "pip install 'paramiko<5'" in caught.value.hint
