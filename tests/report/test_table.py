from __future__ import annotations

import pytest

from provisioner.errors import DifferenceError, SkippedError, UnreachableError
from provisioner.report.paint import coloured
from provisioner.report.table import lines_text, outcome_text, outcomes_text
from provisioner.runs.outcome import Outcome
from tests.report.outcomes import changed, failed, unreachable


def test_several_hosts_are_a_table_in_their_order():
    outcomes = [changed("web01", "https://a.example"), unreachable("a-long-name"), changed("db")]
    assert outcomes_text(outcomes).splitlines()[:4] == [
        "HOST         STATUS       DOCKER  REGISTRY MIRRORS   SECONDS",
        "web01        changed      26.1.5  https://a.example      3.2",
        "a-long-name  unreachable                                 0.0",
        "db           changed      26.1.5                         3.2",
    ]


def test_failures_are_told_below_in_full():
    text = outcomes_text([changed("web01"), unreachable("web02")])
    assert text.endswith(
        "\n\nweb02: unreachable\n  port 22 is closed\n  -> open it\n     or not\n\n2 hosts: 1 changed, 1 unreachable"
    )


def test_what_went_wrong_alike_is_told_once():
    text = outcomes_text([unreachable("a"), changed("b"), unreachable("c"), failed("d")])
    assert text.count("port 22 is closed") == 1
    assert "\n2 hosts: unreachable\n  a c\n" in text
    assert "\nd: failed\n" in text


def test_one_host_is_a_sentence():
    assert outcome_text(changed("web01", "https://a.example")) == (
        "web01: changed, Docker 26.1.5, mirrors https://a.example (3.2 s)"
    )
    assert outcomes_text([unreachable("web02")]).splitlines() == [
        "web02: unreachable (0.0 s)",
        "  port 22 is closed",
        "  -> open it",
        "     or not",
    ]


def test_mirrors_are_cut_to_the_terminal():
    outcomes = [changed("web01", *(f"https://{number}.example" for number in range(9))), changed("web02")]
    lines = outcomes_text(outcomes, width=70).splitlines()
    assert [len(line) for line in lines[:3]] == [70, 70, 70]
    assert "…" in lines[1]
    assert "https://8.example" in outcomes_text(outcomes)


def test_colours_do_not_move_columns():
    outcomes = [changed("web01", "https://a.example"), unreachable("web02")]
    painted = outcomes_text(outcomes, paint=coloured)
    assert "\x1b[32mchanged    \x1b[0m" in painted
    assert "\x1b" not in outcomes_text(outcomes)


def test_hosts_that_were_left_out():
    outcomes = [
        Outcome("a", "skipped", note="done in run 7"),
        Outcome("b", "skipped", error=SkippedError("not begun: 2 failed", hint="--resume")),
    ]
    text = outcomes_text(outcomes)
    assert "2 hosts: 1 done before, 1 skipped" in text
    assert "b: skipped\n  not begun: 2 failed\n  -> --resume" in text
    assert "done in run 7" in outcomes_text(outcomes[:1])


def test_secrets_are_masked():
    text = outcomes_text([failed("a", "dial http://me:s3cr3t@proxy"), failed("b")])
    assert "s3cr3t" not in text


def test_what_differs_in_the_hosts_own_name_alone_is_told_once():
    def drifted(host):
        error = DifferenceError(f"{host}: no mirrors", hint=f"provisioner apply {host} brings them back")
        return Outcome(host, "drifted", error=error)

    text = outcomes_text([drifted("web01"), drifted("web02"), drifted("web010")])
    assert "3 hosts: drifted\n  web01 web02 web010\n  no mirrors\n  -> provisioner apply web01 brings" in text
    assert text.count("brings them back") == 1


def test_a_line_a_host_whatever_there_is_to_say():
    outcomes = [
        Outcome("a", "verified"),
        Outcome("b", "verified", note="the engine is stopped"),
        Outcome(
            "c",
            "drifted",
            error=DifferenceError("c: files: edited\n  plan: apply would\x1b", hint="provisioner apply c"),
        ),
        unreachable("d"),
    ]
    assert lines_text(outcomes).split("\n") == [
        "a: verified",
        "b: verified, the engine is stopped",
        "c: drifted: files: edited; plan: apply would\\x1b",
        "d: unreachable: port 22 is closed",
    ]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_names_are_wrapped_to_the_terminal(width):
    outcomes = [unreachable(f"web{number:03}.example") for number in range(60)]
    lines = outcomes_text(outcomes, width=width).split("\n")
    named = [line for line in lines if line.startswith("  web")]
    assert max(map(len, named)) <= min(width, 100)


NOBODY = [
    ("root@10.20.4.1", "10.20.4.1 port 22: no answer within 10 s", "port 22: no answer within 10 s"),
    ("web01", "10.20.4.1 refuses connections to port 22", "refuses connections to port 22"),
    ("root@web01.example:2222", "the name web01.example does not resolve", "the name does not resolve"),
    ("ops@[2001:db8::1]", "2001:db8::1 port 22: No route to host", "port 22: No route to host"),
]


@pytest.mark.parametrize(("host", "said", "shared"), NOBODY, ids=[row[2] for row in NOBODY])
def test_hosts_behind_one_dead_line_share_its_failure(host, said, shared):
    outcomes = [
        Outcome(name, "unreachable", error=UnreachableError(f"{name}: {text}", hint="go and look"))
        for name, text in [(host, said), (host.replace("1", "3"), said.replace("1", "3"))]
    ]
    if "port" in said:
        outcomes[1] = Outcome("web9", "unreachable", error=UnreachableError(
            "web9: " + said.replace("10.20.4.1", "10.20.4.9").replace("2001:db8::1", "2001:db8::9"), hint="go and look"))  # fmt: skip
    text = outcomes_text(outcomes)
    assert f"\n2 hosts: unreachable\n  {host} {outcomes[1].host}\n  {shared}\n  -> go and look\n" in text
    assert said in outcomes_text(outcomes[:1])


def test_a_way_out_that_names_one_host_says_that_it_is_one_of_them():
    def drifted(host):
        error = DifferenceError(f"{host}: no mirrors", hint=f"provisioner apply {host} brings them back")
        return Outcome(host, "drifted", error=error)

    assert "\n     (the others alike, each by its own name)\n" in outcomes_text([drifted("web01"), drifted("web02")])
    assert "the others alike" not in outcomes_text([drifted("web01"), changed("web02")])
