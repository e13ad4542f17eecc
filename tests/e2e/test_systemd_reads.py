"""What is said of the next start against what systemd really starts: units and environment files of all kinds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.systemd_environment import depends_on_version, environment_settings
from provisioner.host_files.systemd_unit import Unit
from tests.e2e.engine_ages import ALL
from tests.hosts import RUNNING

pytestmark = pytest.mark.e2e
COUNT = 40
WORDS = [
    *("-H", "fd://", "--label=a", "$A", "${A}", "$B", "x${A}y", '"q w"', "'s t'", "'\\x41b'", "%%", "%n", "$$", "é"),
    *("--m=${B}", "\\\n   ", " \\\n# c\n ", "$UNSET", "${UNSET}", '"$A"', "a\\tb", "%i"),
]
VALUES = ["--mirror=https://a", "-D", '"x y"', "'z w'", "--l=a\\ b", "%%", '--b "c d"', "\\x42", "  ", 'q"r s"t']
PIECES = [
    *("A", "=", "B", "=", " ", '"', "'", "\\", "\n", "#", ";", "x", "--m=https://a", "$", "`", "\t", "export "),
    *("é", "A=", "B=", 'B="', "\\\n", '"\n', "'\n", "\n", "A=x y", '\\"', "  ", "\n#", "\n;"),
]
SHOW = """#!/bin/sh
{ for word in "$@"; do printf '%s\\001' "$word"; done; printf '\\002'; env -0 | tr '\\0' '\\003'; } >/root/reads/out
"""
RUN = """cp /root/reads/*.service /run/systemd/system/; systemctl daemon-reload; number=0
while [ -e /root/reads/t$number.service ]; do
  rm -f /root/reads/out; systemctl start t$number.service 2>/dev/null; cat /root/reads/out 2>/dev/null; printf '\\004'
  number=$((number + 1))
done
rm -f /run/systemd/system/t*.service; systemctl daemon-reload; systemctl reset-failed"""


def unit(chance):
    lines = []
    for name in chance.sample("AB", chance.randint(0, 2)):
        value = " ".join(chance.sample(VALUES, chance.randint(0, 3))).replace('"', '\\"')
        more = chance.choice(["", " \\\n  --more"])
        lines.append(f'Environment="{name}={value}{more}"')
    return lines, " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 6)))


@pytest.fixture(scope="module", params=ALL)
def host(request, bed):
    running = bed.start(request.param)
    running.write("/root/reads/dockerd", SHOW, mode="755")
    yield running
    running.stop()


def started(host, services, files):
    """The words and the environment of each service, as its process has them; None where systemd starts none."""
    host.sh("rm -f /root/reads/t*")
    for number, (text, content) in enumerate(zip(services, files, strict=True)):
        host.write(f"/root/reads/t{number}.service", text)
        host.write(f"/root/reads/t{number}.env", content)
    answers = host.sh(RUN, timeout=240).stdout.split("\4")[:-1]
    found = []
    for answer in answers:
        words, _, environment = answer.partition("\2")
        variables = dict(line.partition("=")[::2] for line in environment.split("\3") if line)
        found.append((words.split("\1")[:-1], variables) if answer else None)
    return found


def test_words_of_the_next_start(host):
    chance = random.Random(host.recipe.slug)
    cases = [unit(chance) for _ in range(COUNT)]
    files = [chance.choice(["", "A='x y' \n", "# c\nB=--d 'e f'\n", "export A=1\nB=\n"]) for _ in cases]
    services = [
        "\n".join(
            [
                *("[Service]", "Type=oneshot", *lines, f"EnvironmentFile=/root/reads/t{number}.env"),
                f"ExecStart=/root/reads/dockerd {words}\n",
            ]
        )
        for number, (lines, words) in enumerate(cases)
    ]
    for number, real in enumerate(started(host, services, files)):
        name = f"t{number}.service"
        own = Unit(name, "loaded", "inactive", "static", (HostFile(f"/etc/systemd/system/{name}", services[number]),))
        facts = replace(
            RUNNING,
            engine=replace(RUNNING.engine, unit=name),
            units={name: own},
            sysconfig_files=(HostFile(f"/root/reads/t{number}.env", files[number]),),
        )
        ours = Host.of(facts).flags.next
        if real is not None:
            assert ([word.text for word in ours.words], ours.doubt) == (real[0], ""), (services[number], files[number])


def test_variables_of_environment_files(host):
    chance = random.Random(host.recipe.slug)
    files = ["".join(chance.choice(PIECES) for _ in range(chance.randint(1, 14))) for _ in range(COUNT)]
    services = [
        f"[Service]\nType=oneshot\nEnvironmentFile=/root/reads/t{number}.env\nExecStart=/root/reads/dockerd\n"
        for number in range(COUNT)
    ]
    for text, real in zip(files, started(host, services, files), strict=True):
        file = HostFile("/x", text)
        if real is None or depends_on_version(file):
            continue
        ours = {setting.name: setting.value for setting in environment_settings(file)}
        assert {name: real[1].get(name) for name in ours} == ours, repr(text)
        assert {name for name in ("A", "B", "x") if name in real[1]} <= set(ours), repr(text)
