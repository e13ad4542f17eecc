"""Root, a sudoer without and one with a password that a shell would trip over: the same result, no trace of it."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e.command_line import at_a_terminal, outcomes, provisioner

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("debian-13-engine")
    yield running
    running.stop()


def test_every_kind_of_login_gives_the_same_result(host, bed):
    results = []
    for user in ("root", "ops"):
        outcomes(bed, "mirror", "clear", host.target, "--yes")
        (result,) = outcomes(bed, "mirror", "set", bed.mirrors[0].url, host.target_as(user), "--yes").values()
        results.append((result["status"], result["registry_mirrors"], result["steps"], result["checks"]))
    outcomes(bed, "mirror", "clear", host.target, "--yes")
    words = ("mirror", "set", bed.mirrors[0].url, host.target_as("pat"), "--yes", "-K", "--json")
    status, shown = at_a_terminal(bed, *words, answers=[bed.passwords["pat"]])
    assert status == 0, shown
    assert '"status": "changed"' in shown
    assert bed.passwords["pat"] not in shown
    assert results[0] == results[1]
    assert bed.mirrors[0].url in host.sh("docker info").stdout


def test_the_password_is_nowhere(host, bed, tmp_path):
    """Watch arguments and environments of every process on the host and here while it is used, then look for files."""
    secret = bed.passwords["pat"]
    assert secret == "s3cret pass'\"$"
    watch = (
        "while [ ! -e {}/stop ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; done"
        " | grep -a -c 's3cre[t]'"
    )
    there, here = watch.format("/root"), watch.format(tmp_path)
    with (
        subprocess.Popen(["docker", "exec", host.name, "sh", "-c", there], stdout=subprocess.PIPE) as on_host,
        subprocess.Popen(["sh", "-c", here], stdout=subprocess.PIPE) as on_controller,
    ):
        words = ("mirror", "set", bed.mirrors[1].url, host.target_as("pat"), "--yes", "-K", "-v")
        status, shown = at_a_terminal(bed, *words, answers=[secret])
        host.sh("touch /root/stop")
        (tmp_path / "stop").touch()
        assert on_host.communicate(timeout=20)[0] == b"0\n"
        assert on_controller.communicate(timeout=20)[0] == b"0\n"
    assert status == 0, shown
    assert "s3cret" not in shown
    assert (
        host.sh("grep -rIl s3cret /var/lib/provisioner /var/log /home /root /tmp /run/lock", check=False).stdout == ""
    )
    assert "s3cret" not in host.sh("journalctl -q --no-pager").stdout


def test_sudo_rs_with_password(host, bed):
    """Debian 13 has 0.2.5, which reads more from its input than the line of the password."""
    host.sh("apt-get update -q && apt-get install -y -q --no-install-recommends sudo-rs", timeout=200)
    host.sh("ln -s /usr/lib/cargo/bin/sudo /usr/local/bin/sudo")
    try:
        words = (host.target_as("pat"), "-K")
        status, shown = at_a_terminal(bed, "facts", *words, answers=[bed.passwords["pat"]])
        assert (status, "pat, sudo: password" in shown) == (0, True), shown
        words = ("mirror", "set", "https://behind-sudo-rs.example", *words, "--yes", "--force")
        status, shown = at_a_terminal(bed, *words, answers=[bed.passwords["pat"]])
        assert status == 0, shown
        assert "behind-sudo-rs" in host.sh("docker info -f '{{.RegistryConfig.Mirrors}}'").stdout
    finally:
        host.sh("rm /usr/local/bin/sudo")


def test_a_wrong_password_is_said_once_and_nothing_changes(host, bed):
    before = host.read("/etc/docker/daemon.json")
    words = ("mirror", "set", "https://other.example", host.target_as("pat"), "--yes", "--force", "-K")
    status, shown = at_a_terminal(bed, *words, answers=["wrong"])
    assert status == 6, shown
    assert "cannot become root" in shown
    assert host.read("/etc/docker/daemon.json") == before


@pytest.mark.parametrize(
    ("user", "reason"),
    [pytest.param("pat", "sudo asks for a password", id="no password given"), pytest.param("nosudo", "", id="no sudo")],
)
def test_without_root_nothing_is_tried(host, bed, user, reason):
    done = provisioner(bed, "mirror", "set", "https://other.example", host.target_as(user), "--yes", "--force")
    assert done.returncode == 6, done.stdout + done.stderr
    assert "cannot become root" in done.stdout
    assert reason in done.stdout


def test_facts_need_no_root(host, bed):
    done = provisioner(bed, "facts", host.target_as("nosudo"))
    assert done.returncode == 0
    assert "Debian GNU/Linux 13" in done.stdout


def test_an_unknown_host_key_is_refused_with_its_fingerprint_and_may_be_accepted(host, bed, tmp_path):
    known = tmp_path / "known_hosts"
    done = provisioner(bed, "facts", host.target, "--known-hosts", known)
    expected = host.sh("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").stdout.split()[1]
    assert done.returncode == 3
    assert expected in done.stderr
    assert provisioner(bed, "facts", host.target, "--known-hosts", known, "--accept-new").returncode == 0
    assert provisioner(bed, "facts", host.target, "--known-hosts", known).returncode == 0
