"""A container through `image run`: with a terminal on one host, without one on many."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager

import pytest

from tests.e2e import image_hosts
from tests.e2e.command_line import COMMAND, Begun, run, sound

pytestmark = pytest.mark.e2e
ENGINES = ["debian-12-engine", "debian-13-engine", "forky-engine"]
PATIENCE = 60


@pytest.fixture(scope="module")
def hosts(bed):
    """The three engines, each with busybox."""
    with image_hosts.filled(bed, "docker pull -q busybox", ("20.10", "26.1", "28.5")) as found:
        yield {image_hosts.KINDS[kind]: host for kind, host in found.items()}


@pytest.fixture(params=ENGINES)
def host(hosts, request):
    return hosts[request.param]


def words(bed, *options, on):
    """The command line up to the image: options of ours stand before it."""
    where = [word for target in on for word in ("--on", target)]
    reached = ["--private-key", str(bed.key_file), "--known-hosts", str(bed.known_hosts)]
    return [*COMMAND, "image", "run", *where, *reached, *options]


def image_run(bed, *rest, on, options=("--rm", "--no-color"), **more):
    return run([*words(bed, *options, on=on), *rest], **more)


class Terminal:
    """The program at a pseudo-terminal, that somebody types into."""

    def __init__(self, asked, columns=80, lines=24):
        self.asked = asked
        self.shown = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(asked[0], asked)
        self.resize(columns, lines, tell=False)

    def resize(self, columns, lines, *, tell=True):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if tell:
            os.kill(self.pid, signal.SIGWINCH)

    def type(self, text):
        os.write(self.fd, text.encode())

    def until(self, text):
        """Wait for `text` in what is shown from now on, and return all up to it."""
        limit = time.monotonic() + PATIENCE
        while text.encode() not in self.shown:
            assert time.monotonic() < limit, f"{text!r} does not come: {self.shown!r}"
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self.fd, 4096)
                except OSError:
                    pytest.fail(f"{text!r} did not come: {self.shown!r}")
        before, _, self.shown = self.shown.partition(text.encode())
        return before.decode()

    def end(self):
        """Return the exit status, once the program has ended."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    chunk = os.read(self.fd, 4096)
                except OSError:
                    break
                if not chunk:
                    break
                self.shown += chunk
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        sound(self.asked, status, self.shown.decode(errors="replace"))
        return status

    def settings(self):
        return termios.tcgetattr(self.fd)


@contextmanager
def at_a_terminal(bed, *rest, on, options=("--rm", "-it"), **size):
    terminal = Terminal([*words(bed, *options, on=on), *rest], **size)
    try:
        yield terminal
    finally:
        os.close(terminal.fd)


def test_typing_window_size_and_exit_status(bed, host):
    with at_a_terminal(bed, "busybox", "sh", on=[host.target], columns=101, lines=37) as terminal:
        before = terminal.settings()
        terminal.until("# ")
        assert terminal.settings() != before, "raw mode: every key goes to the container"
        terminal.type("echo it is $((6*7))\r")
        terminal.until("it is 42")
        terminal.until("# ")
        terminal.type("busybox stty size\r")
        terminal.until("37 101")
        terminal.until("# ")
        terminal.resize(120, 50)
        time.sleep(1)
        terminal.type("busybox stty size\r")
        terminal.until("50 120")
        terminal.until("# ")
        terminal.type("exit 3\r")
        assert terminal.end() == 3
        assert terminal.settings() == before


def test_ctrl_c_goes_to_the_container(bed, host):
    with at_a_terminal(bed, "busybox", "sh", on=[host.target]) as terminal:
        terminal.until("# ")
        terminal.type("trap 'echo caught' INT; sleep 30; echo after\r")
        terminal.until("\n")
        time.sleep(1)
        terminal.type("\x03")
        terminal.until("caught")
        terminal.until("# ")
        terminal.type("exit 4\r")
        assert terminal.end() == 4


def test_ctrl_c_ends_what_does_not_mind_it(bed, hosts):
    host = hosts["forky-engine"]
    with at_a_terminal(bed, "busybox", "sh", "-c", "echo begun; sleep 60 & wait", on=[host.target]) as terminal:
        before = terminal.settings()
        terminal.until("begun")
        terminal.type("\x03")
        assert terminal.end() in {130, 2}
        assert terminal.settings() == before
    assert host.sh("docker ps -q").stdout == ""


CAUGHT = ("busybox", "sh", "-c", "trap 'echo caught; exit 7' INT TERM; echo begun; while :; do sleep 0.1; done")
HEEDLESS = ("busybox", "sh", "-c", "trap '' INT; echo begun; sleep 1000 & wait")


def begun(asked, lines=1):
    """The program, once its containers have printed so many lines."""
    running = Begun(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = "".join(running.stdout.readline() for _ in range(lines))
    assert said.count("begun") == lines, said + running.stderr.read()
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_goes_to_the_container_without_a_terminal_as_well(bed, host, number):
    """As `docker run` does on that host itself."""
    words_there = 'docker run --rm busybox sh -c "$SCRIPT" >/tmp/said & client=$!; '
    wait = "until grep -q begun /tmp/said; do sleep 0.1; done; "
    script = CAUGHT[-1].replace("'", "'\\''")
    end = f"kill -s {number.name.removeprefix('SIG')} $client; wait $client; echo $?; cat /tmp/said; rm /tmp/said"
    there = host.sh(f"SCRIPT='{script}'; {words_there}{wait}{end}").stdout
    with begun([*words(bed, "--rm", on=[host.target]), *CAUGHT]) as running:
        running.send_signal(number)
        out, err = running.communicate(timeout=PATIENCE)
    assert (f"{running.returncode}\nbegun\n{out}", err) == (there, "")
    assert running.returncode == 7
    assert host.sh("docker ps -aq").stdout == ""


@pytest.mark.parametrize("account", ["ops", "pat"])
def test_a_signal_goes_to_the_container_through_sudo(bed, hosts, account):
    host = hosts["debian-12-engine"]
    options = ["--rm", "-K"] if account in bed.passwords else ["--rm"]
    asked = [*words(bed, *options, on=[host.target_as(account)]), *CAUGHT]
    running = Begun(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with running:
        running.stdin.write(bed.passwords.get(account, "") + "\n")
        running.stdin.flush()
        assert running.stdout.readline() == "begun\n"
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out) == (7, "caught\n")


def test_ctrl_c_ends_the_containers_of_many_hosts(bed, hosts):
    on = [host.target for host in hosts.values()]
    with begun([*words(bed, "--rm", on=on), *CAUGHT], lines=len(on)) as running:
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=PATIENCE)
    assert sorted(out.splitlines()) == sorted(f"{target}: caught" for target in on)
    assert running.returncode == 7, err
    assert "3 containers were told to end" in err
    for host in hosts.values():
        assert host.sh("docker ps -aq").stdout == ""


def test_whoever_insists_leaves_a_container_that_does_not_mind(bed, hosts):
    """The client of 20.10 passes signals on without an end."""
    host = hosts["debian-12-engine"]
    with begun([*words(bed, on=[host.target]), *HEEDLESS]) as running:
        for _ in range(4):
            running.send_signal(signal.SIGINT)
            time.sleep(1)
        _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    assert "once more leaves the container running there" in err
    assert len(host.sh("docker ps -q").stdout.split()) == 1
    host.sh("docker rm -f $(docker ps -aq)")


def test_the_terminal_is_put_back_when_the_host_is_gone(bed, hosts):
    host = hosts["debian-12-engine"]
    with at_a_terminal(bed, "busybox", "sh", on=[host.target]) as terminal:
        before = terminal.settings()
        terminal.until("# ")
        host.sh("pkill -f '^sshd: root@pts'")
        assert terminal.end() == 3
        assert terminal.settings() == before
    host.sh("docker rm -f $(docker ps -aq)", check=False)


def test_without_a_terminal_it_is_dockers_own_output(bed, host):
    there = host.sh("docker run --rm busybox ls /bin").stdout
    done = image_run(bed, "busybox", "ls", "/bin", on=[host.target])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == there
    done = image_run(bed, "busybox", "sh", "-c", "echo out; echo err >&2; exit 3", on=[host.target])
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_words_arrive_as_they_are(bed, hosts):
    host = hosts["forky-engine"]
    said = ["two words", "it's", "$HOME", '"', "\\n", "!x", "--rm", "-v", "*", "a\nb", ""]
    done = image_run(
        bed, "busybox", "sh", "-c", 'printf "%s." "$@" "$word"', "sh", *said,
        on=[host.target], options=("--rm", "-e", "word= it's "),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "".join(f"{word}." for word in [*said, " it's "]))


def test_standard_input_goes_through(bed, hosts):
    host = hosts["debian-13-engine"]
    content = "line\n" * 100_000
    asked = [*words(bed, "--rm", "-i", on=[host.target]), "busybox", "cat"]
    done = run(asked, stdin=None, input=content)
    assert (done.returncode, done.stdout) == (0, content)


def test_options_of_docker(bed, hosts):
    host = hosts["debian-13-engine"]
    options = ("-d", "-e", "A=1", "-v", "/etc:/there:ro", "-p", "9999:80", "--name", "ours", "--entrypoint", "sleep")
    done = image_run(bed, "busybox", "1000", on=[host.target], options=options)
    try:
        assert done.returncode == 0, done.stderr
        (found,) = json.loads(host.sh(f"docker inspect {done.stdout.strip()}").stdout)
        assert (found["Name"], found["Path"], found["Args"]) == ("/ours", "sleep", ["1000"])
        assert "A=1" in found["Config"]["Env"]
        assert found["HostConfig"]["Binds"] == ["/etc:/there:ro"]
        assert found["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "", "HostPort": "9999"}]}
    finally:
        host.sh("docker rm -f ours")


def test_many_hosts(bed, hosts):
    on = [host.target for host in hosts.values()]
    script = "cat; echo begun; echo error >&2; [ $(uname) = Linux ] && exit 5"
    done = image_run(bed, "busybox", "sh", "-c", script, on=on)
    assert done.returncode == 5
    assert sorted(done.stdout.splitlines()) == sorted(f"{target}: begun" for target in on)
    assert sorted(done.stderr.splitlines()) == sorted(f"{target}: error" for target in on)


def test_one_of_many_that_cannot_be_reached(bed, hosts, tmp_path):
    host = hosts["forky-engine"]
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    done = image_run(bed, "busybox", "echo", "well", on=["root@127.0.0.1:9", host.target], env=env)
    assert done.returncode == 3
    assert done.stdout == f"{host.target}: well\n"
    assert "root@127.0.0.1:9: 127.0.0.1 refuses connections" in done.stderr
    history = json.loads(run([*COMMAND, "history", "last", "--json"], env=env).stdout)["run"]
    assert history["command"] == "image run"
    assert [row["status"] for row in history["hosts"]] == ["unreachable", "changed"]


def test_json(bed, hosts):
    host = hosts["forky-engine"]
    done = image_run(
        bed, "busybox", "sh", "-c", "echo out; echo err >&2; exit 3", on=[host.target], options=("--rm", "--json")
    )
    document = json.loads(done.stdout)
    assert done.returncode == 3
    assert document["command"] == "image run"
    (row,) = document["hosts"]
    assert (row["exit_status"], row["output"], row["errors"], row["error"]) == (3, "out\n", "err\n", None)


def test_an_account_that_sudo_asks(bed, hosts):
    host = hosts["debian-12-engine"]
    on = [host.target_as("pat")]
    refused = image_run(bed, "busybox", "true", on=on)
    assert refused.returncode == 6
    assert "may not ask the engine" in refused.stderr
    asked = [*words(bed, "--rm", "-K", on=on), "busybox", "echo", "well"]
    done = run(asked, stdin=None, input=bed.passwords["pat"] + "\n")
    assert (done.returncode, done.stdout) == (0, "well\n")
    with at_a_terminal(bed, "busybox", "sh", "-c", "echo well; exit 3", on=on) as terminal:
        terminal.until("[sudo] password: ")
        terminal.type(bed.passwords["pat"] + "\r")
        terminal.until("well")
        assert terminal.end() == 3


def test_accounts_without_a_password(bed, hosts):
    host = hosts["debian-12-engine"]
    done = image_run(bed, "busybox", "echo", "well", on=[host.target_as("ops")])
    assert (done.returncode, done.stdout) == (0, "well\n")
    host.sh("usermod -aG docker nosudo")
    try:
        done = image_run(bed, "busybox", "echo", "well", on=[host.target_as("nosudo")])
        assert (done.returncode, done.stdout) == (0, "well\n")
    finally:
        host.sh("gpasswd -d nosudo docker")


@pytest.mark.parametrize(
    ("options", "rest", "said"),
    [
        (("-t",), ("busybox",), "-t needs a terminal"),
        (("-i", "--on", "root@127.0.0.1:10"), ("busybox",), "-i and -t are for one host"),
        ((), ("Busybox",), "is no image name"),
        (("--unknown",), ("busybox",), "No such option"),
    ],
)
def test_what_is_refused_before_any_host_is_asked(bed, options, rest, said):
    done = image_run(bed, *rest, on=["root@127.0.0.1:9"], options=options)
    assert done.returncode == 2
    assert said in done.stderr


def test_this_machine():
    done = run([*COMMAND, "image", "run", "--rm", "no.such.host.invalid/none", "true"])
    assert done.returncode == 125
    with_terminal = Terminal([sys.executable, *COMMAND[1:], "image", "run", "--rm", "-it", "no.such.host.invalid/none"])
    assert with_terminal.end() == 125
    os.close(with_terminal.fd)
