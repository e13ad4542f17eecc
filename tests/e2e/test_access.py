"""Who may read and write daemon.json stays so: through a change, a proof, and a change that is taken back."""

from __future__ import annotations

import pytest

from tests.e2e.command_line import outcomes

pytestmark = pytest.mark.e2e
CONFIG = "/etc/docker/daemon.json"


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("debian-13-engine")
    running.sh("apt-get install -y -q acl attr >/dev/null 2>&1; usermod -a -G adm nosudo", timeout=200)
    running.write(CONFIG, '{"labels": ["kept=yes"]}')
    running.sh(
        f"systemctl restart docker; chown root:adm {CONFIG}; chmod 600 {CONFIG}; setfacl -m u:ops:rw {CONFIG};"
        f"setfattr -n user.note -v theirs {CONFIG}; ls -l {CONFIG} | grep -q '^-rw-rw----+ '"
    )
    yield running
    running.stop()


def access(host, path=CONFIG):
    return host.sh(
        f"stat -c '%a %u %g' {path}; getfacl -cpn {path}; getfattr -d -m '^user' --only-values {path}"
    ).stdout


def may(host, user, how, path=CONFIG):
    return host.sh(f"test -{how} {path}", user=user, check=False).returncode == 0


def test_acl_on_daemon_json(host, bed):
    before = access(host)
    assert [may(host, "ops", "w"), may(host, "nosudo", "w"), may(host, "nosudo", "r")] == [True, False, False]
    words = ("mirror", "set", bed.mirrors[0].url, host.target, "--yes", "--proof", "hello-world")
    outcomes(bed, *words)
    assert access(host) == before
    assert [may(host, "ops", "w"), may(host, "nosudo", "w"), may(host, "nosudo", "r")] == [True, False, False]
    (backup,) = host.sh(f"ls {CONFIG}.*.bak").stdout.split()
    assert access(host, backup) == before
    words = ("apply", "--daemon", "storage-driver=nosuch", host.target, "--yes", "--allow-restart")
    (result,) = outcomes(bed, *words, status=6).values()
    assert result["status"] == "rolled_back"
    assert access(host) == before
    assert bed.mirrors[0].url in host.read(CONFIG)


def test_the_ten_newest_of_our_backups_stay(host, bed):
    host.lets_stay(r"daemon\.json\.mine\.bak$", why="the test itself has written it")
    host.sh(
        f"for n in $(seq 10 25); do cp -p {CONFIG} {CONFIG}.20240101T0000${{n}}Z.bak; done; touch {CONFIG}.mine.bak"
    )
    outcomes(bed, "mirror", "set", "https://another.example", host.target, "--yes", "--force")
    left = host.sh(f"ls {CONFIG}.*.bak").stdout.split()
    assert len(left) == 11
    assert f"{CONFIG}.mine.bak" in left
    assert f"{CONFIG}.20240101T000025Z.bak" in left
    assert f"{CONFIG}.20240101T000010Z.bak" not in left


def test_a_list_that_cannot_be_kept_stays_with_its_file(host, bed):
    """A cp that knows nothing of lists, and none of their own tools."""
    before, text = access(host), host.read(CONFIG)
    shown = host.sh("docker info -f '{{.RegistryConfig.Mirrors}}'").stdout
    cp = """#!/bin/sh
case $1 in --preserve*) echo "cp: unrecognized option '$1'" >&2; exit 1 ;; esac
cat "$2" >"$3"
"""
    host.write("/usr/local/bin/cp", cp, "755")
    host.sh("mkdir /root/away; mv /usr/bin/getfacl /usr/bin/setfacl /usr/bin/getfattr /root/away")
    (result,) = outcomes(
        bed, "mirror", "set", "https://third.example", host.target, "--yes", "--force", status=6
    ).values()
    host.sh("mv /root/away/* /usr/bin/; rm /usr/local/bin/cp")
    assert result["status"] == "failed"
    assert not result["changed"]
    assert f"{CONFIG} stays as it is" in result["error"]["message"]
    assert ": its access control list. Install " in result["error"]["message"]
    assert f"setfacl -b {CONFIG}" in result["error"]["message"]
    assert (access(host), host.read(CONFIG)) == (before, text)
    assert host.sh("docker info -f '{{.RegistryConfig.Mirrors}}'").stdout == shown
