"""Package sources on real hosts: several in a row that will not do, each for its own reason; lists in one packing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.facts.host import Host
from provisioner.planner.planner import plan, questions
from provisioner.remote.gather import gather
from provisioner.remote.source_probe import probe_sources
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.wanted.spec import Spec
from tests.e2e.command_line import outcomes

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=["ubuntu-24.04-lookalike", "centos-9-lookalike"])
def host(request, bed):
    running = bed.start(request.param)
    yield running
    running.stop()


def test_each_source_that_fails_is_passed_over_with_its_reason(host, bed):
    transport = SSHTransport(
        SSHOptions(
            host.address,
            "root",
            host.port,
            (str(bed.key_file),),
            known_hosts=str(bed.known_hosts),
            ssh_config="/dev/null",
        )
    )
    looked_at = Host.of(gather(transport))
    urls = {name: bed.source.variant(name).url for name in ("missing", "slow", "broken", "wrongkey")}
    urls["good"] = bed.source.url
    sources = []
    for name, url in urls.items():
        (source,) = questions(looked_at, Spec(source=url, source_fingerprint=bed.source.fingerprint)).sources
        sources.append(replace(source, name=name))
    reach = probe_sources(transport, tuple(sources), become_password=None)
    transport.close()
    planned = plan(host.name, looked_at, reach, Spec())
    assert planned.strategy in {"apt-repo", "rpm-repo"}
    (source_step,) = (step for step in planned.steps if step.id == "source")
    assert urls["good"] in source_step.title
    reasons = {row.strategy: row.reason for row in planned.rejected if row.strategy.startswith("source ")}
    assert set(reasons) == {"source missing", "source slow", "source broken", "source wrongkey"}
    assert "404" in reasons["source missing"]
    assert "synchronisation" in reasons["source broken"] or "match" in reasons["source broken"]
    assert "nothing of it is trusted" in reasons["source wrongkey"]
    assert reasons["source slow"]


def test_a_source_that_publishes_its_list_in_one_packing_alone_is_installed_from(host, bed):
    found = []
    for variant in ("only-plain", "only-xz"):
        source = ("--source", bed.source.variant(variant).url, "--source-fingerprint", bed.source.fingerprint)
        (probed,) = outcomes(bed, "source", "probe", host.target, *source).values()
        (row,) = probed["sources"]
        assert row["problem"] == "", variant
        found.append(row["newest"])
    assert "26.1.5" in found[0]
    assert found[0] == found[1]
    # The package manager reads what the probe has read.
    (answer,) = outcomes(bed, "apply", "--yes", host.target, "--docker-version", "20.10", *source).values()
    assert answer["docker_version"].startswith("20.10.24")
    if host.recipe.slug.startswith("ubuntu"):
        asked = [
            access.path for access in bed.source.log_of(host) if "/only-xz/" in access.path and access.status == 200
        ]
        assert any(path.endswith("/Packages.xz") for path in asked)
