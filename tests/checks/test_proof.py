"""Who served a pull, from log lines of real daemons."""

from __future__ import annotations

import pytest

from provisioner.checks.proof import judge

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
    check = judge(said, mirrors, "hello-world")
    assert (check.passed, check.detail) == (passed, detail)


def test_the_cost_of_a_dead_mirror_is_told():
    later = NEXT.replace("20:21:58Z", "20:22:01.673314157Z")
    assert (
        "connection refused (3.1 s lost)"
        in judge([TRY_DEAD, later, TRY_MIRROR, OK], [DEAD, MIRROR], "hello-world").detail
    )
    line = 'log time="2026-11-24T20:21:{}Z" level={} msg="{}" host="172.17.0.1:1"{}'
    asked = line.format("58.0", "debug", "do request", " request.method=HEAD")
    gone = line.format("58.5", "info", "trying next host", ' error="connection refused"')
    detail = judge([asked, gone, FETCHED.format("200 OK"), OK], [MIRROR], "hello-world").detail
    assert "172.17.0.1:1: connection refused (0.5 s lost)" in detail
