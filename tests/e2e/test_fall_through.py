"""Package sources on real hosts: several that will not do, lists in one packing, old lists and dead sources of others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.facts.host import Host
from provisioner.planner.planner import plan, questions
from provisioner.remote.gather import gather
from provisioner.remote.source_probe import probe_sources
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.wanted.spec import Spec
from tests.e2e.command_line import outcomes, provisioner
from tests.testbed.server import LOGIN

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


def test_a_source_gets_the_login_that_the_package_manager_has_for_it(host, bed, tmp_path):
    guarded, (name, password) = bed.source.variant("guarded"), LOGIN
    source = ("--source", guarded.url, "--source-fingerprint", bed.source.fingerprint, "--docker-version", "26.1")
    address = guarded.url.partition("://")[2].partition("/")[0]
    if host.recipe.slug.startswith("ubuntu"):
        path, text = "/etc/apt/auth.conf.d/corp.conf", f"machine http://{address} login {name} password {password}\n"
    else:
        path, text = "/etc/dnf/dnf.conf", f"{host.read('/etc/dnf/dnf.conf')}username={name}\npassword={password}\n"
    refused = provisioner(bed, "plan", *source, host.target, "--strategy", "auto")
    assert "it asks for a login, and /etc/" in refused.stdout, refused.stdout
    host.sh(f"cp -p {path} /root/kept || :")
    host.write(path, text, "600")
    try:
        state = {"XDG_STATE_HOME": str(tmp_path)}
        done = provisioner(bed, "plan", *source, host.target, "--json", env=state)
        assert (done.returncode, f"use the packages of {guarded.url}" in done.stdout) == (0, True), done.stdout
        kept = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
        assert password not in done.stdout + done.stderr + kept
        assert host.sh(f"grep -rlF -e '{password}' /var/log /tmp /run || :").stdout == ""
    finally:
        host.sh(f"mv /root/kept {path} || rm {path}")


def test_old_lists_and_dead_sources_of_others_stop_nobody(host, bed):
    """A package of the distribution is needed that its archive has no more; two sources of somebody else give nothing."""
    dead, gone = "http://127.0.0.1:9", f"{bed.source.url}/nothing"
    if host.recipe.slug.startswith("ubuntu"):
        host.sh(
            "dpkg --purge --force-depends iptables $(dpkg-query -W -f '${Package} ' 'docker-*' containerd.io 2>/dev/null)"
        )
        host.sh(
            "cd /var/lib/apt/lists; apt-get clean; sed -i 's#^\\(Filename: .*/iptables_\\)#\\1gone_#' *_Packages;"
            "sed -i -e 's/^Date:.*/Date: Sat, 01 Jan 2022 00:00:00 UTC/' -e '/binary-[a-z0-9]*.Packages/s/^ [0-9a-f]*/ 00/' *InRelease"
        )
        for name, url in (("corp", dead), ("gone", gone)):
            host.write(f"/etc/apt/sources.list.d/{name}.list", f"deb [trusted=yes] {url} stable main\n")
        named = (f"{gone}/dists/stable/", f"{dead}/dists/stable/", "the lists are fetched anew")
    else:
        for name, url in (("corp", dead), ("gone", gone)):
            host.write(f"/etc/yum.repos.d/{name}.repo", f"[{name}]\nname=x\nbaseurl={url}\nenabled=1\ngpgcheck=0\n")
        named = ("the repository corp gives no list", "the repository gone gives no list")
    source = ("--source", bed.source.url, "--source-fingerprint", bed.source.fingerprint)
    done = provisioner(bed, "apply", "--yes", host.target, *source, "--docker-version", "26.1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "26.1.5" in host.sh("docker version -f '{{.Server.Version}}'").stdout
    for words in named:
        assert words in done.stdout + done.stderr
