"""What is said to be refused by dockerd is refused by it: documents and keys against 20.10, 26.1 and 28.5 themselves."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from provisioner.catalogue.daemon_keys import key_problems
from provisioner.catalogue.rows import data
from provisioner.facts.host import Host
from provisioner.host_files.daemon_json import DaemonJson
from provisioner.host_files.host_file import HostFile
from provisioner.planner.daemon_refusals import file_problems
from tests.e2e.engine_ages import ALL
from tests.hosts import INFO, RUNNING

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SAMPLES = (True, 5, -1, 1.5, 2**70, "x", ["x"], [5], {"a": 1}, {"a": "b"}, {"a": {}}, None)
TEXTS = [
    *('{"debug": true, "debug": false}', '{"log-opts": {"a": "1", "a": "2"}}', "null", "[]", '"x"', "{", "{]", ""),
    *('{"debug": true,}', '{"debug" true}', "{debug: true}", "{'debug': true}", '{"debug": True}', '{"mtu": NaN}'),
    *(
        '{"mtu": 1e999}',
        '{"mtu": 01}',
        '{"labels": ["a=\\ud800"]}',
        '{"labels": ["a=\\x01"]}',
        '{"labels": ["a=\x01"]}',
    ),
    *(
        '{"debug": true} x',
        '{"debug": true}{}',
        '{"debug": true} // why',
        '{"debug": true /* why */}',
        '{"Debug": true}',
    ),
    *('\ufeff{"debug": true}', '{"labels": ["a=\udcff"]}', '{"debug": true}\udcff', '{"labels": ["a=\u0085b"]}'),
    *("\udcff\udcfe" + "".join(f"{char}\0" for char in '{"debug": true}'), "\udcfe\udcff\0{\0}"),
]
VALIDATE = "dockerd --validate --config-file $path"
# Engines before 23.0 say that they need root once they have taken their configuration.
UNSHARE = "unshare -U dockerd --config-file $path 2>&1 | grep -q 'needs to be started with root'"


@pytest.fixture(scope="module", params=ALL)
def taken(request, bed):
    """A function: which of these documents dockerd takes."""
    host = bed.start(request.param)
    host.sh("systemctl stop docker.socket docker.service; mkdir /root/claims")
    ask = UNSHARE if host.recipe.engine.startswith("20") else VALIDATE

    def which(texts):
        blob = "\n".join(text.encode("utf-8", "surrogateescape").hex() for text in texts)
        loop = f'while read -r hex; do path=/root/c.json; printf "%s" "$hex" | xxd -r -p >$path; {ask} >/dev/null 2>&1; echo $?; done'
        host.sh(
            "command -v xxd >/dev/null || { printf '#!/usr/bin/perl\\nprint pack(\"H*\", <STDIN>)\\n' >/usr/bin/xxd; chmod 755 /usr/bin/xxd; }"
        )
        return [line == "0" for line in host.sh(loop, stdin=f"{blob}\n", timeout=500).stdout.split()]

    yield which, host.recipe.engine
    host.stop()


def engine_with(text, version):
    engine = replace(RUNNING.engine, info=replace(INFO, version=version), version=version)
    return Host.of(replace(RUNNING, engine=engine, daemon_json=HostFile("/etc/docker/daemon.json", text)))


def test_what_is_said_of_a_document(taken):
    which, version = taken
    answers = which(TEXTS)
    assert len(answers) == len(TEXTS)
    for text, accepted in zip(TEXTS, answers, strict=True):
        broken = DaemonJson.read(text).broken
        if accepted and broken:
            assert broken.caution, (version, text)
        if not accepted and broken is None and text:
            assert file_problems(engine_with(text, version)), (version, text)


# dockerd starts for each.
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.matrix)], ids=["a fifth", "all"])
def test_what_is_said_of_a_key(taken, every):
    which, version = taken
    documents = [{name: value} for name in data("daemon_keys")["keys"] for value in SAMPLES]
    said = [document for document in documents if key_problems(document, version)]
    assert len(said) > 300
    said = said[::every]
    wrong = [document for document, accepted in zip(said, which(map(json.dumps, said)), strict=True) if accepted]
    assert wrong == []
