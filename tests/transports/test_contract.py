"""What every transport promises (transports/base.py), held against this machine and a real SSH server."""

from __future__ import annotations

import itertools
import sys
import threading
import time

import paramiko
import pytest

from provisioner.errors import AnswerTooLongError, ConnectionLostError
from provisioner.scripts import render
from provisioner.transports.local import LocalTransport
from tests.transports.ssh_server import RELAY, Server, key
from tests.ways_to_root import DOAS, PASSWORD

# paramiko's own threads end with an EOFError when the other end, here in the same process, goes first.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(params=["local", "ssh", "jump", "proxy-command"])
def transport(request, ssh, home, known_hosts):
    if request.param == "local":
        yield LocalTransport("web1")
        return
    with Server(password="secret") as server, Server(keys=(key("ecdsa", 9),)) as gate:
        known_hosts.write_text(server.known_hosts() + gate.known_hosts())
        options = {}
        if request.param == "jump":
            key("ecdsa", 9).write_private_key_file(str(home / ".ssh/id_ecdsa"))
            options["jump"] = f"user@127.0.0.1:{gate.port}"
        if request.param == "proxy-command":
            (home / "relay.py").write_text(RELAY)
            (home / ".ssh/config").write_text(
                f"Host 127.0.0.1\n ProxyCommand '{sys.executable}' {home}/relay.py %h %p\n"
            )
        yield ssh(server, **options)


def test_the_name_is_the_users(transport):
    assert transport.name == "web1"


def test_status_and_both_streams(transport):
    completed = transport.run("echo out; echo err >&2; exit 3", timeout=20)
    assert (completed.status, completed.stdout, completed.stderr) == (3, "out\n", "err\n")


def test_several_scripts_over_one_connection(transport):
    assert [transport.run(f"echo {number}", timeout=20).stdout for number in range(3)] == ["0\n", "1\n", "2\n"]


def test_nothing_of_the_script_is_an_argument_or_a_variable(transport):
    completed = transport.run("unlikely=1; tr '\\0' ' ' </proc/$$/cmdline; env", timeout=20)
    assert completed.stdout.startswith("sh -s ")
    assert "unlikely" not in completed.stdout


def test_large_streams_each_way_at_once(transport):
    """10 MB in, 10 MB out, 10 MB of errors: any of them drained alone would block the others."""
    script = (
        "main() { head -c 10000000 /dev/zero | tr '\\0' x & head -c 10000000 /dev/zero | tr '\\0' y >&2; wait; }\n"
        f"main </dev/null\n: {'z' * 10_000_000}\necho end\n"
    )
    completed = transport.run(script, timeout=60)
    assert (completed.status, len(completed.stdout), len(completed.stderr)) == (0, 10_000_004, 10_000_000)
    assert completed.stdout.endswith("end\n")


def test_a_child_that_eats_its_stdin_eats_nothing(transport):
    """The shape of all our scripts: the whole of it is read before anything runs."""
    completed = transport.run("main() { cat; echo after; }\nmain </dev/null\n", timeout=20)
    assert completed.stdout == "after\n"


def test_a_script_that_reads_nothing_further_ends(transport):
    completed = transport.run("exit 4\n" + "# padding\n" * 400_000, timeout=30)
    assert completed.status == 4


def test_bytes_survive(transport):
    completed = transport.run("printf 'a\\r\\n\\377\\303\\244\\n'; printf '\\376' >&2", timeout=20)
    assert completed.stdout.encode("utf-8", "surrogateescape") == b"a\r\n\xff\xc3\xa4\n"
    assert completed.stderr.encode("utf-8", "surrogateescape") == b"\xfe"


def test_lines_arrive_while_the_script_runs_and_in_the_calling_thread(transport):
    heard = []
    completed = transport.run(
        "echo one; printf 'tw'; sleep 0.4; echo o; printf three",
        timeout=20,
        on_line=lambda line: heard.append((line, time.monotonic(), threading.get_ident())),
    )
    assert [line for line, _, _ in heard] == ["one", "two", "three"]
    assert heard[1][1] - heard[0][1] > 0.2
    assert {thread for _, _, thread in heard} == {threading.get_ident()}
    assert completed.stdout == "one\ntwo\nthree"


def test_a_timeout_ends_it_and_the_lines_so_far_were_told(transport):
    heard = []
    start = time.monotonic()
    with pytest.raises(ConnectionLostError, match="web1: no end after 1 s"):
        transport.run("echo begun; sleep 30", timeout=1, on_line=heard.append)
    assert heard == ["begun"]
    assert time.monotonic() - start < 5


def test_output_without_end_does_not_outrun_the_timeout(transport):
    start = time.monotonic()
    with pytest.raises(ConnectionLostError):
        transport.run("yes | head -c 3000000000", timeout=0.5)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param("yes", "more than 12 MiB", id="lines"),
        pytest.param("yes | tr -d '\\n'", "a line of more than 1 MiB", id="one line"),
        pytest.param("yes >&2", "more than 12 MiB", id="errors"),
    ],
)
def test_what_never_ends_is_given_up_and_then_it_works_again(transport, script, said):
    count = itertools.count()
    start = time.monotonic()
    with pytest.raises(AnswerTooLongError, match=f"web1: it printed {said}"):
        transport.run(script, timeout=60, on_line=lambda _: next(count))
    assert time.monotonic() - start < 30
    assert transport.run("echo again", timeout=20).stdout == "again\n"


def test_after_a_timeout_it_works_again(transport):
    with pytest.raises(ConnectionLostError):
        transport.run("sleep 30", timeout=0.3)
    assert transport.run("echo again", timeout=20).stdout == "again\n"


def test_closing_twice_and_connecting_again(transport):
    transport.connect()
    transport.connect()
    assert transport.run("echo 1", timeout=20).stdout == "1\n"
    transport.close()
    transport.close()
    assert transport.run("echo 2", timeout=20).stdout == "2\n"


def test_closing_before_connecting(transport):
    transport.close()


def test_a_killed_shell_is_a_negative_status(transport):
    completed = transport.run("echo before; kill -9 $$", timeout=20)
    assert completed.status < 0
    assert completed.stdout == "before\n"


def test_an_exception_of_the_listener_gets_through(transport):
    def broken(line):
        raise LookupError(line)

    with pytest.raises(LookupError, match="x"):
        transport.run("echo x; sleep 0.2", timeout=20, on_line=broken)
    assert transport.run("echo y", timeout=20).stdout == "y\n"


def test_a_listener_that_has_heard_too_much_is_not_kept_waiting(transport):
    def over(line):
        raise AnswerTooLongError(line)

    start = time.monotonic()
    with pytest.raises(AnswerTooLongError):
        transport.run("echo x; sleep 30", timeout=60, on_line=over)
    assert time.monotonic() - start < 10
    assert transport.run("echo y", timeout=20).stdout == "y\n"


def test_three_threads_at_most(transport):
    """A connection: paramiko's own, the one that feeds the script, and one that asks a silent peer."""
    most = []

    def count(line):
        ours = [
            thread
            for thread in threading.enumerate()
            if (isinstance(thread, paramiko.Transport) and not thread.server_mode)
            or str(getattr(getattr(thread, "_target", None), "__module__", "")).startswith("provisioner")
        ]
        most.append(len(ours))

    transport.run("echo 1; sleep 0.2; echo 2\n" + "# padding\n" * 500_000, timeout=20, on_line=count)
    assert max(most) <= 3
    transport.close()
    for _ in range(50):
        count("")
        if most[-1] == 0:
            break
        time.sleep(0.1)
    assert most[-1] == 0


def test_nobody_asks_for_a_way_to_root_unless_told(transport):
    assert transport.become_method == ""


def test_a_password_that_is_read_from_a_terminal(transport, tmp_path):
    """Whatever the way there: the terminal is made on the host, and the script does not pass it."""
    for name, body in (("id", "echo 'uid=1000(ops) gid=1000(ops)'"), ("doas", DOAS)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    payload = f"tty; printf 'a\\r\\n'; : {'z' * 70_000}\necho err >&2; exit 3"
    envelope = render._envelope("n", payload, PASSWORD, "doas", needs_root=True)
    done = transport.run(f"PATH={tmp_path}:$PATH; export PATH\n{envelope}", timeout=60)
    assert "\npassword doas terminal\n" in done.stdout, done
    assert done.stdout.endswith("end login\nnot a tty\na\r\n")
    assert (done.status, done.stderr) == (3, "err\n")
