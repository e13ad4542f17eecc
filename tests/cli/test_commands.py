"""The command line as a shell sees it, against ports at which nobody listens."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

NOBODY = ["127.0.0.1:1", "127.0.0.1:2"]


@pytest.fixture
def run(tmp_path):
    def run(*words, **environment):
        return subprocess.run(
            [sys.executable, "-m", "provisioner", *words],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), **environment},
        )

    return run


@pytest.mark.parametrize(
    "words", [("plan",), ("apply", "--yes"), ("verify",), ("mirror", "set", "https://a.example", "--yes")]
)
def test_hosts_that_cannot_be_reached_are_a_3(run, words):
    ended = run(*words, *NOBODY)
    assert ended.returncode == 3, ended.stderr
    for host in NOBODY:
        assert host in ended.stdout
    assert ended.stdout.count("  -> ") in {1, 2}
    assert "-> " not in ended.stderr
    assert "\x1b" not in ended.stdout + ended.stderr


def test_json_is_one_document(run):
    ended = run("apply", "--yes", "--json", "-q", *NOBODY)
    document = json.loads(ended.stdout)
    assert (document["command"], document["status"]) == ("apply", "failed")
    assert [host["name"] for host in document["hosts"]] == NOBODY
    assert ended.stderr == ""
    shown = json.loads(run("history", document["run"], "--json").stdout)["run"]
    assert (shown["id"], shown["exit_code"], shown["statuses"]) == (document["run"], 3, {"unreachable": 2})
    assert [host["name"] for host in shown["hosts"]] == NOBODY


def test_the_history_for_people(run):
    assert "no runs yet" in run("history").stdout
    run("apply", "--yes", *NOBODY)
    listed = run("history").stdout.splitlines()
    assert listed[0].split() == ["RUN", "WHEN", "COMMAND", "HOSTS", "EXIT", "RESULT"]
    assert listed[1].endswith("2 unreachable")
    shown = run("history", "last").stdout
    assert f"provisioner apply --yes {' '.join(NOBODY)}" in shown
    assert "  -> " in shown
    unknown = run("history", "nope")
    assert (unknown.returncode, unknown.stdout) == (2, "")


def test_plans_are_not_in_the_history(run):
    assert json.loads(run("plan", "--json", *NOBODY).stdout)["run"] is None
    assert json.loads(run("history", "--json").stdout)["runs"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("--batch", "0"),
        ("--batch", "x%"),
        ("--max-failures", "200%"),
        ("--canary", "0"),
        ("--resume",),
        ("--report", "/nonexistent/x.html"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_a_2_and_says_so_once(run, words):
    ended = run("apply", "--yes", *words, *NOBODY)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "looking" not in ended.stderr


def test_a_report_of_failures(run, tmp_path):
    ended = run("plan", "--report", str(tmp_path / "x.html"), *NOBODY)
    assert ended.returncode == 3
    assert "<!DOCTYPE html>" in (tmp_path / "x.html").read_text()


def test_a_brake_leaves_hosts_out(run):
    ended = run("apply", "--yes", "--max-failures", "1", "-f", "1", "--json", *NOBODY, "127.0.0.1:3")
    assert [host["status"] for host in json.loads(ended.stdout)["hosts"]] == ["unreachable", "skipped", "skipped"]
    assert ended.returncode == 3


def test_a_port_that_says_nothing_is_one_error(run):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ended = run("plan", "--timeout", "1", f"127.0.0.1:{silent.getsockname()[1]}")
    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr + ended.stdout


@pytest.mark.parametrize(
    ("words", "command", "code"),
    [
        pytest.param(("plan", "-i", "no-such.yaml"), "plan", 2, id="inventory"),
        pytest.param(("mirror", "set", "ftp://x"), "mirror set", 2, id="wanted state"),
        pytest.param(("apply", *NOBODY), "apply", 2, id="no terminal"),
        pytest.param(("history", "no-such-run"), "history", 2, id="history"),
    ],
)
def test_json_is_one_document_when_no_host_was_reached_at_all(run, words, command, code):
    ended = run(*words, "--json")
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["error"]["exit_code"]) == (code, code)
    assert (document["schema"], document["command"], document["status"], document["hosts"]) == (
        1,
        command,
        "failed",
        [],
    )
    assert f"error: {document['error']['message']}" in ended.stderr


def test_an_inventory_without_hosts_is_no_success(run, tmp_path):
    (tmp_path / "empty.yaml").write_text("")
    ended = run("mirror", "set", "https://a.example", "--yes", "-i", str(tmp_path / "empty.yaml"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "empty.yaml names no hosts" in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "--\x1b]0;x\x07"),
        ("plan", "-i", "\x1b[31m\u202e.yaml"),
        ("history", "\x1b[31m"),
        ("\x9b31m",),
        ("plan", "\x1b@@"),
    ],
    ids=["option", "file", "run", "command", "target"],
)
def test_arguments_do_not_reach_the_terminal_raw(run, words):
    ended = run(*words)
    assert ended.returncode == 2
    assert not set(ended.stdout + ended.stderr) & set("\x1b\x07\x9b\u202e")
    assert "\\x" in ended.stderr


@pytest.mark.parametrize("word", [b"caf\xe9@\xe9@", b"--caf\xe9", b"-icaf\xe9"], ids=["target", "option", "file"])
def test_arguments_that_are_no_text_are_wrong_use(run, word):
    ended = run("plan", os.fsdecode(word))
    assert ended.returncode == 2
    assert "caf\\udce9" in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("mirror", "set", "https://m.example/x?sig=s3cr3t", "--yes", *NOBODY),
        ("mirror", "set", "https://me:s3cr3t@m.example", "--yes", *NOBODY),
        ("plan", "--source", "https://me:s3cr3t@m.example", *NOBODY),
        ("plan", "--script-url", "https://me:s3cr3t@m.example/x", *NOBODY),
        ("plan", "-i", "https://me:s3cr3t@m.example/x"),
        ("plan", "--daemon", 'registry-token="s3cr3t"', "--channel", "s"),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_errors_about_arguments_show_no_secret(run, words, form):
    ended = run(*words, *form)
    assert ended.returncode == 2
    assert "s3cr3t" not in ended.stdout + ended.stderr


def test_wrong_use_is_one_document_too(run):
    ended = run("mirror", "set", "--nope", "--json")
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["command"], document["error"]["exit_code"]) == (2, "mirror set", 2)
    assert "--nope" in document["error"]["message"]


@pytest.mark.parametrize(
    "words",
    [
        ("platform", "list"),
        ("mirror", "list", "--json"),
        ("--help",),
        ("--version",),
        ("history",),
        ("render", "schema"),
        ("apply", "--yes", *NOBODY),
    ],
    ids=" ".join,
)
def test_a_full_disk_is_a_plain_error(tmp_path, words):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "provisioner", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        )
    assert ended.returncode == (3 if "apply" in words else 2)
    assert ended.stderr.endswith("error: the result could not be written: No space left on device\n")
    assert "Traceback" not in ended.stderr
    assert "bug" not in ended.stderr


@pytest.mark.parametrize("words", [("platform", "list"), ("mirror", "list", "--json"), ("--help",)], ids=" ".join)
def test_a_reader_that_has_heard_enough_is_no_error(words):
    script = f"{sys.executable} -m provisioner {' '.join(words)} | {{ exec 0<&-; sleep 1; }}"
    ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert ended.stderr == ""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_may_be_closed_from_the_start(tmp_path, closed):
    script = f"{sys.executable} -m provisioner apply {NOBODY[0]} {closed}"
    ended = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 2
    assert ended.stderr in {
        "",
        "error: there is no terminal to ask on; nothing was touched\n  -> add --yes, or look with plan\n",
    }


def test_the_history_is_complete_when_nobody_can_be_told(run, tmp_path):
    script = f"{sys.executable} -m provisioner apply --yes {' '.join(NOBODY)} >/dev/full 2>/dev/full"
    ended = subprocess.run(
        ["sh", "-c", script],
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
    )
    assert ended.returncode == 3
    last = json.loads(run("history", "last", "--json").stdout)["run"]
    assert (last["statuses"], last["exit_code"]) == ({"unreachable": 2}, 3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("words", [("apply", "--yes"), ("plan",)], ids=" ".join)
def test_an_end_by_signal_leaves_no_litter(tmp_path, words, number, times):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        report = tmp_path / "report.html"
        with subprocess.Popen(
            [sys.executable, "-m", "provisioner", *words, "--timeout", "60", "--report", str(report), host, NOBODY[0]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
        ) as process:
            silent.settimeout(60)
            connection, _ = silent.accept()
            for _ in range(times):
                process.send_signal(number)
                time.sleep(0.5)
            _, said = process.communicate(timeout=60)
            connection.close()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert {path.name for path in tmp_path.iterdir()} - {"state", "report.html"} == set()
    assert report.exists() == (times == 1)


def test_a_signal_that_is_ignored_stays_ignored(tmp_path):
    script = f"trap '' HUP; exec {sys.executable} -m provisioner plan --timeout 3 $0"
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        subprocess.Popen(
            ["sh", "-c", script, f"127.0.0.1:{silent.getsockname()[1]}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        ) as process,
    ):
        silent.settimeout(60)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
        connection.close()
    assert process.returncode == 3


@pytest.mark.parametrize(
    "words",
    [
        *[("--timeout", text, NOBODY[0]) for text in ("-1", "0", "nan", "inf", "1e300")],
        *[("-p", text, "127.0.0.1") for text in ("0", "-1", "65536", "9" * 5000, "x")],
        *[(f"127.0.0.1:{text}",) for text in ("0", "65536", "9" * 5000, "\u0662\u0662")],
        ("-i", "a" * 5000),
        ("--daemon", "a=" + "[" * 50_000),
        ("--report", "a" * 5000, NOBODY[0]),
        ("--mirror-ca", "a" * 5000, NOBODY[0]),
    ],
    ids=lambda words: " ".join(words)[:24],
)
def test_values_out_of_range_are_wrong_use(run, words):
    ended = run("plan", *words)
    assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr[:500]
    assert "bug" not in ended.stderr


@pytest.mark.parametrize("share", ["9" * 5000, "9" * 5000 + "%"])
def test_a_share_may_be_as_large_as_one_likes(run, share):
    ended = run("apply", "--yes", "--batch", share, NOBODY[0])
    assert ended.returncode in {2, 3}
    assert "bug" not in ended.stdout + ended.stderr


HOSTS = {"schema", "command", "status", "hosts"}


@pytest.mark.parametrize(
    ("words", "command", "keys"),
    [
        (("facts",), "facts", HOSTS - {"status"}),
        (("check",), "check", HOSTS),
        (("plan",), "plan", HOSTS | {"run"}),
        (("apply", "--yes"), "apply", HOSTS | {"run"}),
        (("verify",), "verify", HOSTS | {"run"}),
        (("status",), "status", HOSTS | {"run"}),
        (("versions",), "versions", HOSTS),
        (("remove", "--yes"), "remove", HOSTS | {"run"}),
        (("source", "probe"), "source probe", HOSTS),
        (("mirror", "probe", "https://m.example"), "mirror probe", HOSTS),
        (("mirror", "status"), "mirror status", HOSTS),
        (("mirror", "add", "https://m.example", "--yes"), "mirror add", HOSTS | {"run"}),
        (("mirror", "remove", "https://m.example", "--yes"), "mirror remove", HOSTS | {"run"}),
        (("mirror", "clear", "--yes"), "mirror clear", HOSTS | {"run"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_command_has_its_envelope(run, words, command, keys):
    ended = run(*words, "--json", "-q", *NOBODY)
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["command"], set(document)) == (3, command, keys)
    assert [host["name"] for host in document["hosts"]] == NOBODY
    for host in document["hosts"]:
        assert set(host["error"]) == {"message", "hint", "exit_code"}
        assert host["error"]["exit_code"] == 3
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [("secret\n", 3, "refuses connections"), ("", 2, "no password was typed; nothing was contacted")],
    ids=["through a pipe", "nothing"],
)
def test_a_password_without_a_terminal(tmp_path, typed, status, said):
    ended = subprocess.run(
        [sys.executable, "-m", "provisioner", "plan", "-K", NOBODY[0]],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )
    assert ended.returncode == status, ended.stderr
    assert said in ended.stdout + ended.stderr
    assert "Warning" not in ended.stderr


@pytest.mark.parametrize(
    ("given", "password", "rest"),
    [
        (b"secret\nfor the container\n", "secret", "for the container\n"),
        (b"one line alone", "one line alone", ""),
        (b"\n\n", "", "\n"),
        (b"\xff\n", None, ""),
        (b"x" * 5000, "x" * 4096, "x" * 904),
    ],
    ids=["and more", "no end", "empty", "no text", "too long"],
)
def test_a_password_takes_its_line_of_a_pipe_and_leaves_the_rest(given, password, rest):
    program = """
import sys
from provisioner.cli.hosts import Typist
from provisioner.errors import UsageError
try:
    print(repr(Typist().password("?")))
except UsageError:
    print(None)
print(repr(sys.stdin.read()))
"""
    asked = subprocess.run(
        [sys.executable, "-c", program], input=given, capture_output=True, check=True, start_new_session=True
    )
    assert asked.stdout.decode() == f"{password!r}\n{rest!r}\n"


@pytest.mark.parametrize("user", ["ops", "CORP\\eve", "eve@corp.example"])
def test_a_target_may_have_an_account_of_a_directory(run, user):
    tried = run("plan", f"{user}@{NOBODY[0]}")
    assert (tried.returncode, "refuses connections" in tried.stdout) == (3, True), tried.stdout + tried.stderr
