"""Runs that other accounts, other controllers, slow readers and lost rights get in the way of: one host for all."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioner.plan.model import Plan, Step
from provisioner.remote.execute import execute
from provisioner.transports.ssh import SSHOptions, SSHTransport
from tests.e2e.command_line import begun, outcomes, provisioner
from tests.until import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
CONFIG = "/etc/docker/daemon.json"
RUNS = "/var/lib/provisioner/runs"
SLOW = """#!/bin/sh
if [ -e /root/slow ]; then case $* in *'{{if .ServerVersion}}up'*) until [ -e /root/go ]; do sleep 0.2; done ;; esac; fi
exec /usr/bin/docker "$@"
"""
"""A client that takes its time to show what a change has brought."""


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("debian-13-engine")
    running.write("/usr/local/bin/docker", SLOW, "755")
    yield running
    running.stop()


@pytest.fixture
def slow(host):
    """From here on a change of mirrors goes on until /root/go is there."""
    host.sh("rm -f /root/go; touch /root/slow")
    yield
    host.sh("touch /root/go; sleep 1; rm -f /root/slow")


@pytest.fixture
def transport(bed, host):
    options = SSHOptions(
        host.address, "root", host.port, (str(bed.key_file),), known_hosts=str(bed.known_hosts), ssh_config="/dev/null"
    )
    made = SSHTransport(options)
    yield made
    made.close()


def litter(host):
    """What is on the host besides records: nothing, if all is well."""
    places = f"{RUNS} /etc/docker /etc/apt /usr/sbin/policy-rc.d /run/lock /var/lock"
    found = host.sh(
        f"find {places} \\( -name 'follow.*' -o -name candidate -o -name '*.provisioner' -o -name policy-rc.d"
        " -o -name 'provisioner.lock' -o -name record.new \\) 2>/dev/null; cat /var/lib/provisioner/lock",
        check=False,
    )
    return found.stdout


def change(bed, host, url, user="root"):
    words = ("mirror", "set", url, host.target_as(user), "--yes", "--force")
    return begun(bed, *words, stderr=subprocess.STDOUT)


def steps(text):
    """A plan of one step that runs `text`."""
    params = {
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "held": [],
        "family": "deb",
        "manager": "apt",
        "download_url": "",
        "arguments": [],
        "fresh": False,
        "lock_timeout": 30,
    }
    return Plan("h", "p", "s", steps=(Step("script", "", "", "+", "convenience_script", params),))


PLANTED = {
    "file": "touch {0}",
    "held file": "touch {0}; (flock -x 9; sleep 600) 9>>{0} & sleep 0.3",
    "directory": "mkdir {0}",
    "link": "ln -s /dev/null {0}",
    "fifo": "mkfifo {0}",
}


@pytest.mark.parametrize("what", PLANTED)
def test_no_other_account_blocks_the_runs_of_root(host, bed, what):
    lock = "/run/lock/provisioner.lock"
    try:
        host.sh(PLANTED[what].format(lock), user="nosudo")
        began = time.monotonic()
        assert provisioner(bed, "facts", host.target).returncode == 0
        outcomes(bed, "mirror", "set", f"https://{what.replace(' ', '')}.example", host.target, "--yes", "--force")
        assert time.monotonic() - began < 30
        # What root has made is out of their reach as well.
        assert (
            host.sh("ls /var/lib/provisioner; flock /var/lib/provisioner/lock true", user="nosudo", check=False).stdout
            == ""
        )
        kind = host.sh(f"stat -c '%U %F' {lock}").stdout
        assert kind.startswith("nosudo "), "what another account owns is left to it"
    finally:
        host.sh(f"pkill -u nosudo; rm -rf {lock}", check=False)


def test_a_run_that_goes_on_without_sudo_is_not_called_harmless(host, bed, slow):
    with change(bed, host, "https://without-sudo.example", "ops") as running:
        until(lambda: "without-sudo" in host.sh(f"cat {CONFIG}", check=False).stdout)
        host.sh("mv /etc/sudoers.d/accounts /root/; pkill -f 'sshd.*: op[s]'; touch /root/go", check=False)
        said, _ = running.communicate(timeout=120)
    host.sh("mv /root/accounts /etc/sudoers.d/")
    assert running.returncode == 6, said
    assert "nothing was changed" not in said
    assert "sudo refuses now" in said
    assert RUNS in said
    assert "without-sudo" in host.read(CONFIG)
    assert "without-sudo" in host.sh("docker info").stdout


def test_a_step_that_prints_much_to_a_slow_reader_is_a_success(transport):
    text = "#!/bin/sh\nhead -c 20000000 /dev/zero | tr '\\0' x | fold -w 80\necho 'the end of it'\n"
    heard = []

    class Slow:
        """A controller that has other things to do: eight seconds for the first megabyte."""

        name, become_method = "h", ""

        def run(self, script, *, timeout, on_line):
            def listened(line):
                heard.append(line)
                if len(heard) < 8000 and len(heard) % 1000 == 0:
                    time.sleep(1)
                on_line(line)

            return transport.run(script, timeout=timeout, on_line=listened)

    ran = execute(Slow(), steps(text), become_password=None, on_step=lambda _step, _what: None)
    assert ran.error is None
    assert ran.results[0].status == "ok"
    assert ran.results[0].log.endswith("the end of it")
    assert ran.facts.engine.running
    assert len(heard) < 60_000


def test_a_run_is_kept_while_others_find_its_lock(host, bed, transport):
    waiting = steps("#!/bin/sh\nuntil [ -e /root/go ]; do sleep 0.2; done\n")
    unended = f"ls {RUNS}; cd {RUNS}; for run in *; do [ -e $run/ended ] || ls $run; done"
    host.sh("rm -f /root/go")
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(execute, transport, waiting, become_password=None, on_step=lambda _step, _what: None)
        until(lambda: "get-docker.sh" in host.sh(unended).stdout)
        before = host.sh(unended).stdout
        words = ("mirror", "set", "https://other.example", host.target, "--yes", "--force")
        others = list(pool.map(lambda _: provisioner(bed, *words), range(21)))
        after = host.sh(unended).stdout
        host.sh("touch /root/go")
        assert first.result(60).error is None
    assert {other.returncode for other in others} == {8}
    assert all("locked: " in other.stdout and " since " in other.stdout for other in others)
    assert after == before
    assert litter(host) == ""


def test_a_controller_whose_clock_is_behind_keeps_its_own_run(host, bed, transport, monkeypatch):
    host.sh(f"for n in $(seq 10 40); do mkdir {RUNS}/2026$n && touch {RUNS}/2026$n/ended; done")
    host.lets_stay("^state: .* runs/2026[0-9]{2}(/ended)?$", why="they were made here")
    monkeypatch.setattr(
        "provisioner.remote.execute.time.gmtime", lambda: time.struct_time((1999, 1, 1, 0, 0, 0, 4, 1, 0))
    )
    ran = execute(
        transport,
        steps("#!/bin/sh\n:\n"),
        become_password=None,
        on_step=lambda _step, _what: None,
    )
    assert ran.error is None
    runs = host.sh(f"ls {RUNS}").stdout.split()
    assert len(runs) == 20
    assert runs[0].startswith("19990101T000000Z-")


@pytest.mark.parametrize("cut", ["the connection", "the run", "everything"])
def test_nothing_but_records_is_left_of_a_run_that_was_cut(host, bed, slow, cut):
    url = f"https://{cut.replace(' ', '-')}.example"
    with change(bed, host, url) as running:
        until(lambda: url in host.sh(f"cat {CONFIG}", check=False).stdout)
        if cut in {"the run", "everything"}:
            host.sh(f"pkill -9 -f {RUNS}/", check=False)
        if cut in {"the connection", "everything"}:
            host.sh("pkill -f 'sshd.*: roo[t]'", check=False)
        host.sh("touch /root/go")
        said, _ = running.communicate(timeout=120)
    if cut == "the connection":
        assert running.returncode == 0, said
    else:
        assert running.returncode == 6, said
        assert "the run was cut off: it was killed" in said
        assert "nothing was changed" not in said
    (result,) = outcomes(bed, "mirror", "set", f"{url}/next", host.target, "--yes", "--force").values()
    assert result["status"] == "changed"
    assert json.loads(host.read(CONFIG))["registry-mirrors"] == [f"{url}/next"]
    assert litter(host) == ""
    assert host.sh(f"cd {RUNS}; for run in *; do [ -e $run/ended ] || echo $run; done").stdout == ""
