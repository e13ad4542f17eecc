"""known_hosts as OpenSSH reads and writes it, and host keys checked against it."""

from __future__ import annotations

import base64
import hmac
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioner.errors import HostKeyError
from provisioner.transports.known_hosts import HostKey, Known, accept, host_name, known_as
from provisioner.transports.ssh_config import SSHOptions, resolve
from provisioner.transports.ssh_host_key import ShownKey, verify_host_key
from tests.machine import needs
from tests.transports.ssh_server import Server, certified, key

A, B = HostKey("ssh-ed25519", b"a" * 51), HostKey("ssh-rsa", b"b" * 51)


def line(names, which=A, marker=""):
    return f"{marker} {names} {which.kind} {base64.b64encode(which.blob).decode()} comment\n".lstrip()


def known(files, host, port):
    """What is known of a host: under its name with the port, else, as for every new host, under its bare name."""
    found = known_as(files, host_name(host, port))
    return found if found != Known() else known_as(files, host.lower())


def hashed(name):
    salt = b"0123456789abcdefghij"
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("names", "host", "port", "found"),
    [
        ("web1", "web1", 22, True),
        ("web1", "WEB1", 22, True),
        ("Web1,10.0.0.1", "web1", 22, True),
        ("web1", "web10", 22, False),
        ("[web1]:2222", "web1", 2222, True),
        ("[web1]:2222", "web1", 22, False),
        ("web1", "web1", 2222, True),
        ("*.example.com", "a.example.com", 22, True),
        ("*.example.com,!bad.example.com", "bad.example.com", 22, False),
        ("[*.example.com]:2222", "a.example.com", 2222, True),
        ("web?", "web1", 22, True),
        ("[::1]:2222", "::1", 2222, True),
        ("2001:db8::1", "2001:db8::1", 22, True),
        (hashed("web1"), "web1", 22, True),
        (hashed("[web1]:2222"), "web1", 2222, True),
        (hashed("web1"), "web2", 22, False),
        ("|1|broken|", "web1", 22, False),
        ("|1|", "web1", 22, False),
    ],
)
def test_names(tmp_path, names, host, port, found):
    (tmp_path / "known").write_text(line(names))
    assert known([str(tmp_path / "known")], host, port).keys == ((A,) if found else ())


def test_lines_that_say_nothing_do_no_harm(tmp_path):
    (tmp_path / "known").write_bytes(
        b"# comment\n\n   \nweb1\nweb1 ssh-rsa\nweb1 ssh-rsa ===\nweb1 ssh-dss AAAA\nweb1 new-type@example.com AAAA\n"
        b"\xff\xfe garbage\n@what web1 ssh-rsa AAAA\n|1|x\n" + line("web1").encode()
    )
    assert A in known([str(tmp_path / "known"), str(tmp_path / "absent"), str(tmp_path)], "web1", 22).keys


def test_markers(tmp_path):
    (tmp_path / "known").write_text(
        line("*", B, "@cert-authority")
        + line("web1")
        + line("web1", B, "@revoked")
        + line("web2", B, "@cert-authority")
    )
    found = known([str(tmp_path / "known")], "web1", 22)
    assert (found.keys, found.revoked, found.authorities) == ((A,), (B,), 1)
    assert found.places == (f"{tmp_path}/known:2",)


def test_the_file_is_private_and_ends_well(tmp_path):
    path = tmp_path / "new" / "known"
    assert accept(str(path), "web1", 22, A) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.write_text(path.read_text().rstrip("\n"))  # as an editor may leave it
    accept(str(path), "web2", 2222, B)
    assert path.read_text() == line("web1").replace(" comment", "") + line("[web2]:2222", B).replace(" comment", "")


def test_accepting_twice_and_another_key(tmp_path):
    path = tmp_path / "known"
    assert accept(str(path), "web1", 22, A) is None
    assert accept(str(path), "web1", 22, A) is None
    assert accept(str(path), "web1", 22, B) == A
    assert len(path.read_text().splitlines()) == 1


def test_many_at_once_note_it_once(tmp_path):
    """50 forks meet the same jump host for the first time."""
    path = tmp_path / "known"
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda _: accept(str(path), "gate", 22, A), range(50)))
        list(pool.map(lambda number: accept(str(path), f"web{number}", 22, A), range(50)))
    assert len(path.read_text().splitlines()) == 51
    assert threading.active_count() < 50


@pytest.mark.parametrize(
    ("host", "port"), [("web1.example.com", 22), ("web1.example.com", 2222), ("::1", 2222), ("::1", 22)]
)
def test_openssh_finds_what_we_note(tmp_path, host, port):
    needs("ssh-keygen")
    each = key()
    ours = HostKey(each.get_name(), each.asbytes())
    accept(str(tmp_path / "known"), host, port, ours)
    found = subprocess.run(
        ["ssh-keygen", "-l", "-F", host_name(host, port), "-f", tmp_path / "known"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ours.fingerprint.partition(" ")[2] in found.stdout


def test_we_find_what_openssh_hashes(tmp_path):
    needs("ssh-keygen")
    each = key()
    ours = HostKey(each.get_name(), each.asbytes())
    accept(str(tmp_path / "known"), "web1", 2222, ours)
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", tmp_path / "known"], check=True, capture_output=True)
    assert "web1" not in (tmp_path / "known").read_text()
    assert known([str(tmp_path / "known")], "web1", 2222).keys == (ours,)


# --- against a server ---------------------------------------------------------------------------------------------


def ours(server, index=0):
    each = server.host_keys[index]
    return HostKey(each.get_name(), each.asbytes())


def test_an_unknown_host_key_is_refused_with_its_fingerprint(ssh, known_hosts):
    known_hosts.write_text("")
    with Server(password="x") as server, pytest.raises(HostKeyError) as caught:
        ssh(server).connect()
    assert f"its host key is unknown: {ours(server).fingerprint}" in str(caught.value)
    assert "SHA256:" in str(caught.value)
    assert f"ssh-keyscan -p {server.port} 127.0.0.1" in caught.value.hint
    assert server.attempts == [], "no password goes to a host that is not known"
    assert known_hosts.read_text() == ""


def test_accept_new_notes_it_as_openssh_would(ssh, known_hosts):
    known_hosts.write_text("")
    with Server(password="x") as server:
        ssh(server, accept_new=True).connect()
        assert known_hosts.read_text() == server.known_hosts(f"[127.0.0.1]:{server.port}")
        ssh(server).connect()


def test_a_file_of_ones_own(ssh, tmp_path, known_hosts):
    known_hosts.write_text("")
    with Server(password="x") as server:
        ssh(server, accept_new=True, known_hosts=str(tmp_path / "own")).connect()
        assert (tmp_path / "own").exists()
        assert known_hosts.read_text() == ""


def test_a_file_that_cannot_be_written(ssh, tmp_path):
    with Server(password="x") as server, pytest.raises(HostKeyError, match="cannot be noted in"):
        ssh(server, accept_new=True, known_hosts=str(tmp_path)).connect()


@pytest.mark.parametrize("accept_new", [False, True])
def test_a_changed_host_key_is_refused(ssh, known_hosts, accept_new):
    with Server(password="x") as server:
        other = key("ecdsa", 7)
        known_hosts.write_text(f"[127.0.0.1]:{server.port} {other.get_name()} {other.get_base64()}\n")
        with pytest.raises(HostKeyError) as caught:
            ssh(server, accept_new=accept_new).connect()
        assert f"the host key has changed: it is {ours(server).fingerprint}, {known_hosts}:1 has " in str(caught.value)
        assert f"ssh-keygen -R '[127.0.0.1]:{server.port}'" in caught.value.hint
        assert server.attempts == []


@pytest.mark.parametrize("accept_new", [False, True])
def test_a_key_of_another_type_only_is_a_change_too(ssh, known_hosts, accept_new):
    """Else anybody in between would offer a type that nobody has noted yet."""
    with Server(password="x") as server:
        other = key("ed25519")
        known_hosts.write_text(f"[127.0.0.1]:{server.port} {other.get_name()} {other.get_base64()}\n")
        with pytest.raises(HostKeyError, match="the host key has changed: it is ecdsa-sha2-nistp256"):
            ssh(server, accept_new=accept_new).connect()


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ecdsa384", "ed25519"])
def test_the_type_that_is_known_is_asked_for(ssh, known_hosts, kind):
    """The server has them all; known_hosts has one, not the one paramiko would like best."""
    with Server(password="x", host_keys=(key("ed25519"), key("ecdsa"), key("ecdsa384"), key("rsa"))) as server:
        if kind.startswith("ecdsa"):
            server.host_keys = (key("ed25519"), key(kind), key("rsa"))
        each = key(kind)
        known_hosts.write_text(f"[127.0.0.1]:{server.port} {each.get_name()} {each.get_base64()}\n")
        ssh(server).connect()


def test_a_host_with_several_noted_keys(ssh, known_hosts):
    with Server(password="x", host_keys=(key("rsa"),)) as server:
        lines = [
            f"[127.0.0.1]:{server.port} {k.get_name()} {k.get_base64()}\n"
            for k in (key("ed25519"), key("ecdsa"), key("rsa"))
        ]
        known_hosts.write_text("".join(lines))
        ssh(server).connect()


def test_a_revoked_key(ssh, known_hosts):
    with Server(password="x") as server:
        known_hosts.write_text(server.known_hosts() + "@revoked " + server.known_hosts("*"))
        with pytest.raises(HostKeyError, match="is revoked"):
            ssh(server).connect()


def test_an_authority_does_not_vouch_for_a_plain_key(ssh, known_hosts):
    with Server(password="x") as server:
        known_hosts.write_text("@cert-authority " + server.known_hosts("*"))
        with pytest.raises(HostKeyError, match="unknown") as caught:
            ssh(server).connect()
        assert "@cert-authority" in caught.value.hint


# --- what a loopback cannot show ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("noted", "right"),
    [
        (A, True),
        (None, True),
        (B, False),
    ],
    ids=["the same", "nothing", "another"],
)
@pytest.mark.parametrize("asked", ["yes", "no"])
def test_the_key_of_the_address(tmp_path, asked, noted, right):
    """CheckHostIP: ssh refuses when the address has another key; on loopback it does not look."""
    (tmp_path / "config").write_text(f"CheckHostIP {asked}\nUserKnownHostsFile {tmp_path}/known\n")
    (tmp_path / "known").write_text(line("[web1]:2222") + (line("[192.0.2.1]:2222", noted) if noted else ""))
    settings = resolve(SSHOptions("web1", port=2222, ssh_config=str(tmp_path / "config")))
    known_host = known_as(settings.known_hosts, settings.known_name)

    def judge(address):
        verify_host_key("web1", settings, known_host, ShownKey(A, 256, b"", address))

    judge("127.0.0.1")
    judge(None)
    if right or asked == "no":
        judge("192.0.2.1")
    else:
        with pytest.raises(HostKeyError, match=r"not that of its address.*known:2 has .*\(CheckHostIP\)"):
            judge("192.0.2.1")


def test_localhost_by_its_name_only_and_never_through_a_proxy(tmp_path):
    (tmp_path / "config").write_text(
        f"NoHostAuthenticationForLocalhost yes\nUserKnownHostsFile {tmp_path}/known\nGlobalKnownHostsFile none\n"
    )
    settings = resolve(SSHOptions("web1", ssh_config=str(tmp_path / "config")))
    for address in ("127.0.0.1", "127.9.9.9", "::1"):
        verify_host_key("web1", settings, Known(), ShownKey(A, 256, b"", address))
    for address in (None, "192.0.2.1", "fe80::1%eth0"):
        with pytest.raises(HostKeyError, match="unknown"):
            verify_host_key("web1", settings, Known(), ShownKey(A, 256, b"", address))


def test_a_certificate_that_was_changed_is_not_signed(tmp_path):
    needs("ssh-keygen")
    blob = certified(key("ecdsa"), key("ecdsa", 11), tmp_path).blob
    each = key("ecdsa")
    settings = resolve(SSHOptions("127.0.0.2", ssh_config="none"))
    with pytest.raises(HostKeyError, match="the signature of its host certificate is wrong"):
        verify_host_key(
            "web1",
            settings,
            Known(authority_keys=(HostKey("ecdsa-sha2-nistp256", key("ecdsa", 11).asbytes()),)),
            ShownKey(HostKey(each.get_name(), each.asbytes()), 256, blob.replace(b"127.0.0.1", b"127.0.0.2")),
        )
