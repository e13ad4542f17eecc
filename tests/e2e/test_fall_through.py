"""Four package sources in a row on a real host: three that will not do, each for its own reason, and one that will."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.planner.planner import plan, sources_needed
from provisioner.remote.gather import gather
from provisioner.remote.source_probe import probe
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.wanted.spec import Spec

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("slug", ["ubuntu-24.04-lookalike", "centos-9-lookalike"])
def test_each_source_that_fails_is_passed_over_with_its_reason(slug, start_host, bed):
    host = start_host(slug)
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
    facts = gather(transport)
    urls = {name: bed.source.variant(name).url for name in ("missing", "slow", "broken", "wrongkey")}
    urls["good"] = bed.source.url
    sources = []
    for name, url in urls.items():
        (source,) = sources_needed(facts, Spec(source=url, source_fingerprint=bed.source.fingerprint))
        sources.append(replace(source, name=name))
    reach = probe(transport, tuple(sources), become_password=None)
    transport.close()
    planned = plan(host.name, facts, reach, Spec())
    assert planned.strategy in {"apt-repo", "rpm-repo"}
    (source_step,) = (step for step in planned.steps if step.id == "source")
    assert urls["good"] in source_step.title
    reasons = {row.strategy: row.reason for row in planned.rejected if row.strategy.startswith("source ")}
    assert set(reasons) == {"source missing", "source slow", "source broken", "source wrongkey"}
    assert "404" in reasons["source missing"]
    assert "synchronisation" in reasons["source broken"] or "match" in reasons["source broken"]
    assert "nothing of it is trusted" in reasons["source wrongkey"]
    assert reasons["source slow"]
