from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.plan.model import Restart, Step
from provisioner.preflight.finding import Finding
from provisioner.report import gate
from provisioner.report.findings import check_text
from provisioner.report.plans import confirmation_text, plans_text
from provisioner.runs.check import Checked
from provisioner.scripts.render import apply_script
from tests.report.outcomes import plan


def test_the_plan_of_one_host():
    assert plans_text([plan("web01", warnings=("look out",))]).splitlines() == [
        "web01: debian-12, apt-repo",
        "  warning: look out",
        "  ~ set debug",
        "      reload",
        "      --- /etc/docker/daemon.json",
        "      +++ /etc/docker/daemon.json",
        "      @@ -1 +1 @@",
        "      -{}",
        '      +{"debug": true}',
        "  reload: no container stops",
    ]


def test_the_same_plan_is_shown_once():
    text = plans_text([plan("a"), plan("b", platform="debian-13"), plan("c")])
    assert text.count("  ~ set debug") == 2
    assert text.splitlines()[:2] == ["2 hosts: debian-12, apt-repo", "  a c"]
    assert "b: debian-13, apt-repo" in text


def test_only_differing_diffs_name_their_hosts():
    text = plans_text([plan("a"), plan("b", before=None), plan("c")])
    assert text.count("  ~ set debug") == 1
    assert "      a c:\n      --- /etc/docker/daemon.json\n" in text
    assert "      b:\n      --- /dev/null\n" in text


def test_secrets_in_diffs_are_masked():
    text = plans_text([plan("a", after='{"log-opts": {"splunk-token": "s3cr3t"}}\n')])
    assert "s3cr3t" not in text
    assert '"splunk-token": "***"' in text


def test_secrets_in_the_script_are_masked_and_said_to_be():
    def step(value):
        params = {"write": [{"path": "/d", "mode": "644", "owner": "root:root", "expected": "absent", "text": value}]}
        params["write"][0]["how"] = "put"
        return Step("daemon-config", "set x", "", "~", "write_files", {**params, "remove": []})

    text = plans_text([replace(plan("a"), steps=(step('{"http-proxy": "http://me:s3cr3t@p:3128"}'),))], script=True)
    assert "s3cr3t" not in text
    assert "http://***@p:3128" in text
    assert "*** hides a secret here" in text
    harmless = replace(plan("a"), steps=(step('{"debug": true}'),))
    assert "hides a secret" not in plans_text([harmless], script=True)
    assert apply_script(harmless) in plans_text([harmless], script=True)


@pytest.mark.parametrize("count", [1, 100])
def test_many_hosts_stay_short(count):
    hosts = [f"web{number:03}.example.com" for number in range(count)]
    lines = plans_text([plan(host) for host in hosts]).splitlines()
    assert len(lines) < 30
    assert max(map(len, lines)) <= 100


STOPPING = Restart("restart", "storage-driver", 3)


@pytest.mark.parametrize(
    ("plans", "allow", "expected"),
    [
        ([plan("a")], False, "1 of 4 hosts change, no engine restarts."),
        (
            [plan("a"), plan("b", restart=Restart("restart", "x"))],
            False,
            "2 of 4 hosts change, 1 restarts the engine.",
        ),
        (
            [plan("a"), plan("b", restart=STOPPING), plan("c", restart=STOPPING)],
            True,
            "3 of 4 hosts change, 2 restart the engine, 6 running containers stop.",
        ),
        (
            [plan("a"), plan("b", restart=STOPPING)],
            False,
            "1 of 4 hosts change, no engine restarts; 1 stays as it is: a restart would stop 3 containers (--allow-restart).",
        ),
    ],
    ids=["reload", "restart", "allowed", "blocked"],
)
def test_the_question(plans, allow, expected):
    assert confirmation_text(plans, 4, allow_restart=allow) == expected


def test_the_question_about_one_host():
    assert confirmation_text([plan("a", restart=STOPPING)], 1, allow_restart=True) == (
        "The host changes, its engine restarts, 3 running containers stop."
    )


@pytest.mark.parametrize("width", [40, 60, 80, None])
def test_secrets_are_hidden_before_lines_are_broken(width):
    said = (
        "the daemon was told to log to a far away place with splunk-token = s3cr3t of the whole fleet, password: s3cr3t"
    )
    text = plans_text([plan("a", warnings=(said,), restart=Restart("restart", said))], width=width)
    assert "s3cr3t" not in gate.shown(text)
    finding = Finding("daemon.json", "warn", said, said)
    assert "s3cr3t" not in gate.shown(check_text([Checked("a", (finding,))], width=width))
