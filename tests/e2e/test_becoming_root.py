"""Every way to become root, from every login shell: the same result, nothing of the password, nothing left behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading

import pytest

from tests.e2e import accounts
from tests.e2e.command_line import COMMAND, at_a_terminal, outcomes, provisioner, run
from tests.until import until

pytestmark = pytest.mark.e2e
CONFIG = "/etc/docker/daemon.json"
SLOW_RELOAD = "[Service]\nExecReload=\nExecReload=/bin/sh -c 'sleep 3; kill -HUP $MAINPID'\n"
WAYS = {
    "root": ("root", "", "root"),
    "doas without a password": ("ops", "doas", "nopasswd doas"),
    "doas with a password": ("pat", "doas", "password doas terminal"),
    "su": ("nosudo", "su", "password su terminal"),
    "sudo that wants a terminal": ("strict", "", "nopasswd sudo terminal"),
    "sudo that wants a terminal and a password, and lectures": ("guarded", "", "password sudo terminal"),
    "fish, and doas because sudo refuses": ("by-fish", "", "nopasswd doas"),
    "csh": ("by-tcsh", "", "nopasswd"),
    "nushell": ("by-nu", "", "nopasswd"),
    "a .bashrc that prints": ("by-bash", "", "nopasswd"),
    "a home that does not exist": ("homeless", "", "nopasswd"),
}


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("debian-13-accounts")
    accounts.make(running)
    running.sh("for place in /tmp /dev/shm; do mount -o remount,noexec $place; done")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def inventory(host, bed, tmp_path_factory):
    """A host for each way, all of them the same one."""
    passwords = {**bed.passwords, "guarded": bed.passwords["pat"], "nosudo": accounts.ROOTS}
    hosts = {}
    for name, (user, method, _) in WAYS.items():
        hosts[name.replace(" ", "-").replace(",", "")] = {
            "ansible_host": host.address,
            "ansible_port": host.port,
            "ansible_user": user,
            **({"ansible_become_method": method} if method else {}),
            **({"ansible_become_pass": passwords[user]} if user in passwords else {}),
        }
    path = tmp_path_factory.mktemp("inventory") / "hosts.yaml"
    path.write_text(json.dumps({"all": {"hosts": hosts}}))
    return path


@pytest.fixture(scope="module")
def seen():
    """The results of all ways, without their URL and their seconds."""
    return set()


def alias(way):
    return way.replace(" ", "-").replace(",", "")


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same_result(host, bed, inventory, seen, way):
    urls = {url: url in host.sh(f"cat {CONFIG} 2>/dev/null", check=False).stdout for url in ("http://a.example", "http://b.example")}  # fmt: skip
    url = min(urls, key=lambda one: urls[one])
    words = ("mirror", "set", url, alias(way), "-i", inventory, "--yes", "--force")
    (result,) = outcomes(bed, *words).values()
    assert (result["status"], result["registry_mirrors"]) == ("changed", [url])
    told = json.dumps([result[part] for part in ("status", "steps", "checks", "warnings") if part in result])
    seen.add(re.sub(r'"seconds": [0-9.]+', "", told.replace(url, "URL")))
    assert len(seen) == 1, seen
    assert url in host.sh("docker info -f '{{.RegistryConfig.Mirrors}}'").stdout
    assert host.sh("ls -d /tmp/provisioner* /dev/shm/provisioner*", check=False).stdout == ""


def test_how_each_becomes_root_is_told(bed, inventory):
    done = provisioner(bed, "facts", "-i", inventory, "--raw", "-l", alias("su"))
    assert "\npassword su terminal\n" in done.stdout
    done = provisioner(bed, "facts", "-i", inventory, "-l", f"{alias('su')},{alias('nushell')}", "--json")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("way", ["doas with a password", "su"])
def test_a_lost_connection_is_joined_again(host, bed, inventory, way):
    user, _, _ = WAYS[way]
    host.write("/etc/systemd/system/docker.service.d/slow.conf", SLOW_RELOAD)
    host.sh("systemctl daemon-reload")

    def cut():
        until(lambda: host.sh("pgrep -f 'sleep [3]'", check=False).returncode == 0)
        host.sh(f"pkill -f 'sshd.*: {user[:-1]}[{user[-1]}]' || true")

    cutting = threading.Thread(target=cut)
    cutting.start()
    url = f"http://{user}.example"
    try:
        (result,) = outcomes(bed, "mirror", "set", url, alias(way), "-i", inventory, "--yes", "--force").values()
    finally:
        cutting.join()
        host.sh("rm /etc/systemd/system/docker.service.d/slow.conf; systemctl daemon-reload")
    assert (result["status"], result["registry_mirrors"]) == ("changed", [url])


def test_the_passwords_are_nowhere(host, bed, inventory, tmp_path):
    """Watch arguments and environments of all processes there and here while they are used, then look for files."""
    watch = (
        "while [ ! -e {}/stop ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; done"
        " | grep -a -c -e 's3cre[t]' -e 'r00[t] pass'"
    )
    there, here = watch.format("/root"), watch.format(tmp_path)
    ways = ",".join(map(alias, ("su", "doas with a password")))
    with (
        subprocess.Popen(["docker", "exec", host.name, "sh", "-c", there], stdout=subprocess.PIPE) as on_host,
        subprocess.Popen(["sh", "-c", here], stdout=subprocess.PIPE) as on_controller,
    ):
        done = provisioner(bed, "facts", "-i", inventory, "-l", ways, "-v")
        raw = provisioner(bed, "facts", "-i", inventory, "-l", alias("su"), "--raw")
        host.sh("touch /root/stop")
        (tmp_path / "stop").touch()
        assert on_host.communicate(timeout=20)[0] == b"0\n"
        assert on_controller.communicate(timeout=20)[0] == b"0\n"
    said = done.stdout + done.stderr + raw.stdout + raw.stderr
    assert done.returncode == raw.returncode == 0, said
    secret = "grep -rIl -e s3cret -e 'r00t pass' /var/lib/provisioner /var/log /home /root /tmp /dev/shm /run/lock"
    assert host.sh(secret, check=False).stdout == ""
    assert "s3cret" not in said + host.sh("journalctl -q --no-pager").stdout
    assert "r00t pass" not in said + host.sh("journalctl -q --no-pager").stdout


@pytest.mark.parametrize(
    ("user", "method", "hint"),
    [
        ("pat", "doas", "the password for doas was wrong"),
        ("nosudo", "su", "the password of root was wrong"),
        ("guarded", "sudo", "the password for sudo was wrong"),
    ],
)
def test_a_wrong_password_changes_nothing_and_says_the_way_out(host, bed, user, method, hint):
    before = host.read(CONFIG)
    words = ("mirror", "set", "https://other.example", host.target_as(user), "--yes", "--force", "-K")
    status, shown = at_a_terminal(bed, *words, "--become-method", method, answers=["wrong"])
    assert status == 6, shown
    assert f"{user} cannot become root" in shown
    assert hint in " ".join(shown.split())
    assert "usual lecture" not in shown
    assert host.read(CONFIG) == before


def test_without_root_facts_are_told_and_nothing_is_tried(host, bed):
    target = host.target_as("nosudo")
    done = provisioner(bed, "facts", target, "--become-method", "su")
    assert done.returncode == 0
    assert "nosudo, su: password su asks for a password" in done.stdout
    done = provisioner(
        bed, "mirror", "set", "https://other.example", target, "--yes", "--force", "--become-method", "su"
    )
    assert done.returncode == 6
    assert "nosudo cannot become root: su asks for a password" in done.stdout
    assert "give root's password with -K" in " ".join((done.stdout + done.stderr).split())


def test_the_shell_of_root_does_not_matter_as_long_as_it_is_one(host, bed, inventory):
    host.sh("chsh -s /usr/bin/fish root")
    try:
        shown = provisioner(bed, "facts", "-i", inventory, "-l", alias("su")).stdout
        assert "nosudo, su: password\n" in "".join(f"{line.rstrip()}\n" for line in shown.splitlines())
        host.sh("chsh -s /usr/sbin/nologin root")
        (result,) = outcomes(
            bed, "mirror", "set", "http://c.example", alias("su"), "-i", inventory, "--yes", "--force", status=6
        ).values()
        assert "restricted shell /usr/sbin/nologin" in result["error"]["message"]
        assert "chsh -s /bin/sh root" in result["error"]["hint"]
    finally:
        host.sh("usermod -s /bin/bash root")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param("sleep 2", "", id="takes its time"),
        pytest.param("read -r answer", "", id="asks one thing"),
        pytest.param("exec bash", "", id="another of its kind"),
        pytest.param("exec fish", "the answer is incomplete", id="another shell"),
        pytest.param("exit 0", "the answer is incomplete", id="ends"),
    ],
)
def test_what_runs_before_the_shell(host, bed, script, said):
    host.write("/home/by-bash/.bashrc", f"{script}\n")
    done = provisioner(bed, "facts", host.target_as("by-bash"))
    if said:
        assert done.returncode == 4, done.stdout
        assert said in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert "by-bash, sudo: nopasswd" in done.stdout


@pytest.mark.parametrize("way", ["su", "doas with a password", "sudo that wants a terminal", "nushell"])
def test_a_container_has_its_input_its_output_and_its_status(host, bed, inventory, way, tmp_path):
    if "busybox" not in host.sh("docker image ls").stdout:
        host.sh(
            "mkdir -p /srv/image/bin && cp /bin/busybox /srv/image/bin/sh &&"
            " tar -C /srv/image -c . | docker import - busybox"
        )
    options = ("--private-key", bed.key_file, "--known-hosts", bed.known_hosts, "--inventory", inventory)
    words = map(str, (*COMMAND, "image", "run", *options, "--rm", "-i", "--on", alias(way)))
    container = ("busybox", "sh", "-c", "IFS= read -r line; echo $line; echo no >&2; exit 5")
    done = run(
        [*words, *container],
        stdin=None,
        input="a 'line' of \"words\"\n",
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (5, "a 'line' of \"words\"\n", "no\n")
