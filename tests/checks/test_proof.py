"""Who served a pull, from log lines of real daemons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.checks.proof import log_level, proof_check, proof_plan, served_check
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from tests.hosts import INFO, RUNNING

MIRROR, DEAD = "http://172.17.0.1:5000", "http://172.17.0.1:1"
STAMP = 'time="2026-11-24T20:21:58.573314157Z" level=debug msg='
TRY = f'log {STAMP}"Trying to pull hello-world from {{}}/ v2"'
TRY_DEAD, TRY_MIRROR = TRY.format(DEAD), TRY.format(MIRROR)
TRY_HUB = TRY.format("https://registry-1.docker.io")
NEXT = (
    'log time="2026-11-24T20:21:58Z" level=info msg="Attempting next endpoint for pull after error: '
    'Get \\"http://172.17.0.1:1/v2/\\": dial tcp 172.17.0.1:1: connect: connection refused"'
)
FETCHED = (
    'log time="2026-11-24T20:21:58Z" level=debug msg="fetch response received" host="172.17.0.1:5000" '
    'response.status="{}" url="http://172.17.0.1:5000/v2/library/hello-world/manifests/latest?ns=docker.io"'
)
OK = "ended 0 1 docker.io/library/hello-world:latest"


@pytest.mark.parametrize(
    ("said", "mirrors", "passed", "detail"),
    [
        pytest.param([TRY_MIRROR, OK], [MIRROR], True, f"hello-world came from {MIRROR} in 1 s", id="mirror"),
        pytest.param(
            [TRY_DEAD, NEXT, TRY_MIRROR, OK],
            [DEAD, MIRROR],
            True,
            f'hello-world came from {MIRROR} in 1 s; {DEAD}: Get "{DEAD}/v2/": '
            "dial tcp 172.17.0.1:1: connect: connection refused",
            id="second mirror",
        ),
        pytest.param(
            [TRY_HUB, OK],
            [],
            False,
            "hello-world came from https://registry-1.docker.io, no mirror is configured",
            id="no mirror",
        ),
        pytest.param(
            [TRY_HUB, OK],
            [MIRROR],
            False,
            f"hello-world came from https://registry-1.docker.io, not from {MIRROR}",
            id="mirrors overridden",
        ),
        pytest.param(
            [FETCHED.format("200 OK"), OK], [MIRROR], True, f"hello-world came from {MIRROR} in 1 s", id="store"
        ),
        pytest.param(
            [FETCHED.format("404 Not Found"), OK],
            [MIRROR],
            False,
            "hello-world was pulled, and the daemon's log does not say from where",
            id="only failures in the log",
        ),
        pytest.param(
            [OK],
            [MIRROR],
            False,
            "hello-world was pulled, and the daemon's log does not say from where",
            id="silent log",
        ),
        pytest.param(
            ["ended 1 3 Error response from daemon: pull access denied"],
            [MIRROR],
            False,
            "hello-world cannot be pulled: Error response from daemon: pull access denied",
            id="pull fails",
        ),
        pytest.param([], [MIRROR], False, "hello-world cannot be pulled: ", id="nothing said"),
    ],
)
def test_the_proof_is_what_the_log_says(said, mirrors, passed, detail):
    check = proof_check(said, mirrors, "hello-world")
    assert (check.passed, check.detail) == (passed, detail)


@pytest.mark.parametrize(
    ("said", "mirrors", "layers", "passed", "detail"),
    [
        pytest.param([TRY_MIRROR], [MIRROR], 2, True, f"in this pull, the manifest of hello came from {MIRROR}", id="mirror"),
        pytest.param(
            [FETCHED.format("200 OK")], [f"{MIRROR}/"], 0, True,
            f"in this pull, the manifest of hello came from {MIRROR}; its layers were here already and were not asked for",
            id="layers are here",
        ),
        pytest.param(
            [TRY_DEAD, NEXT, TRY_HUB], [DEAD], 1, False,
            f"in this pull, the manifest of hello came from https://registry-1.docker.io, not from {DEAD}; {DEAD}: "
            f'Get "{DEAD}/v2/": dial tcp 172.17.0.1:1: connect: connection refused',
            id="not from a mirror",
        ),
        pytest.param(
            [TRY_HUB], [], 1, False,
            "in this pull, the manifest of hello came from https://registry-1.docker.io, no mirror is configured",
            id="no mirror",
        ),
        pytest.param(
            [TRY_MIRROR, TRY_HUB.replace("hello-world", "other"), NEXT], [MIRROR], 1, True,
            f"in this pull, the manifest of hello came from {MIRROR}", id="somebody else pulls",
        ),
        pytest.param(
            [FETCHED.format("200 OK"), FETCHED.format("200 OK").replace("hello-world", "other").replace(":5000", ":5001")],
            [MIRROR], 1, True, f"in this pull, the manifest of hello came from {MIRROR}", id="somebody else, store",
        ),
        pytest.param([], [MIRROR], 1, False, "hello was pulled, and the daemon's log does not say from where", id="silent"),
        pytest.param(
            ["level warn"], [MIRROR], 1, False,
            "hello was pulled, and from where is not known: this engine logs at warn, and after a moment at debug it "
            "would log at info until its restart",
            id="a level that cannot come back",
        ),
    ],
)  # fmt: skip
def test_a_pull_that_was_listened_to_is_proof(said, mirrors, layers, passed, detail):
    check = served_check(said, mirrors, "hello", layers, familiar="hello-world", repository="library/hello-world")
    assert (check.passed, check.detail) == (passed, detail)


HOSTILE = st.one_of(
    st.text(),
    st.builds("{} {}".format, st.sampled_from(["log", "ended", "layers", "left", "level", "unasked"]), st.text()),
    st.builds(
        'log time="{}" msg="do request"'.format, st.from_regex(r"\d+-\d+-\d+T\d+:\d+:\d+(\.\d+)?", fullmatch=True)
    ),
    st.builds('log msg="fetch response received" response.status=200 url="http://[{}/manifests/"'.format, st.text()),
    st.builds(lambda depth: "log " + '{"msg":' * depth, st.sampled_from([1, 100000])),
)


@given(st.lists(HOSTILE, max_size=6))
def test_whatever_a_host_says_there_is_a_check(said):
    assert proof_check(said, [MIRROR], "hello-world").name == "proof"
    assert served_check(said, [MIRROR], "hello", 1, familiar="hello-world", repository="a").name == "proof"


def test_the_cost_of_a_dead_mirror_is_told():
    later = NEXT.replace("20:21:58Z", "20:22:01.673314157Z")
    assert (
        "connection refused (3.1 s lost)"
        in proof_check([TRY_DEAD, later, TRY_MIRROR, OK], [DEAD, MIRROR], "hello-world").detail
    )
    line = 'log time="2026-11-24T20:21:{}Z" level={} msg="{}" host="172.17.0.1:1"{}'
    asked = line.format("58.0", "debug", "do request", " request.method=HEAD")
    gone = line.format("58.5", "info", "trying next host", ' error="connection refused"')
    detail = proof_check([asked, gone, FETCHED.format("200 OK"), OK], [MIRROR], "hello-world").detail
    assert "172.17.0.1:1: connection refused (0.5 s lost)" in detail


def detail(*said):
    check = proof_check(said, [MIRROR], "hello-world")
    return check.passed, check.detail


def test_layers_that_were_here_are_said_to_prove_nothing():
    assert detail(TRY_MIRROR, "layers 0", OK) == (
        True,
        f"the manifest of hello-world came from {MIRROR} in 1 s; its layers were here already and were not asked for",
    )
    assert detail(TRY_HUB, "layers 0", OK) == (
        False,
        f"the manifest of hello-world came from https://registry-1.docker.io, not from {MIRROR}",
    )
    assert detail(TRY_MIRROR, "layers 3", OK) == (True, f"hello-world came from {MIRROR} in 1 s")


def test_what_a_proof_leaves_is_said():
    passed, words = detail(TRY_MIRROR, "layers 1", OK, "left hello-world stays here")
    assert passed
    assert words.endswith("; hello-world stays here")
    passed, words = detail("left alpine stays here", "unasked digest")
    assert not passed
    assert words.endswith("; name an image that is not here; alpine stays here")


def test_an_engine_that_says_too_little_is_told_apart_from_one_that_says_nothing():
    passed, words = detail("level error", OK)
    assert not passed
    assert words.startswith("hello-world was pulled, and from where is not known: this engine logs at error, and ")
    assert detail("level error", "ended 1 3 no such host") == (False, "hello-world cannot be pulled: no such host")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            'log {"level":"debug","msg":"Trying to pull hello-world from http://172.17.0.1:5000/",'
            '"time":"2026-11-26T21:52:53.748223611Z"}',
            id="graph driver",
        ),
        pytest.param(
            'log {"host":"172.17.0.1:5000","level":"debug","msg":"fetch response received","response.status":"200 OK",'
            '"time":"2026-11-26T21:54:15.693922479Z",'
            '"url":"http://172.17.0.1:5000/v2/library/hello-world/manifests/latest?ns=docker.io"}',
            id="containerd store",
        ),
    ],
)
def test_a_log_of_json_is_read(line):
    assert detail(line, "layers 1", OK) == (True, f"hello-world came from {MIRROR} in 1 s")
    assert detail('log {"msg":"fetch response', "layers 1", OK)[0] is False


@pytest.mark.parametrize(
    ("words", "text", "level", "switches"),
    [
        pytest.param((), None, "info", True, id="nothing said"),
        pytest.param((), '{"debug": false}', "info", True, id="debug off"),
        pytest.param((), '{"log-level": "error"}', "error", False, id="file"),
        pytest.param((), '{"log-level": "debug"}', "debug", False, id="debug level in the file"),
        pytest.param(("--log-level=warn",), None, "warn", False, id="option"),
        pytest.param(("-l", "fatal"), None, "fatal", False, id="short option"),
    ],
)
def test_debug_is_switched_only_where_it_leaves_no_trace(words, text, level, switches):
    file = HostFile(path="/etc/docker/daemon.json", text=text) if text is not None else None
    facts = replace(
        RUNNING, daemon_json=file, engine=replace(RUNNING.engine, command_line=("/usr/bin/dockerd", *words))
    )
    assert log_level(Host.of(facts)) == level
    planned = proof_plan("h", Host.of(facts), "hello-world")
    assert (planned.steps[0].params["text"] is not None) is switches
    assert planned.restart.how == ("reload" if switches else "none")
    assert planned.steps[0].params["level"] == (level if level in {"error", "warn", "fatal"} else "")


def test_an_engine_in_debug_mode_is_left_alone_at_any_level():
    file = HostFile(path="/etc/docker/daemon.json", text='{"log-level": "error", "debug": true}')
    facts = replace(RUNNING, daemon_json=file, engine=replace(RUNNING.engine, info=replace(INFO, debug=True)))
    params = proof_plan("h", Host.of(facts), "hello-world").steps[0].params
    assert (params["text"], params["level"]) == (None, "")
