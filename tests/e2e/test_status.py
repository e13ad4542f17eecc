"""Drift of a real host, found by `provisioner status`."""

from __future__ import annotations

import pytest

from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e
CONFIG = "/etc/docker/daemon.json"


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("debian-12-engine")
    yield running
    running.stop()


def differences(host, bed, *words, status=9):
    (result,) = outcomes(bed, "status", host.target, *words, status=status).values()
    assert result["status"] == ("drifted" if status else "verified")
    return {check["name"]: check["detail"] for check in result["checks"] if not check["passed"]}


def test_what_has_changed_is_found_and_a_run_or_a_yes_settles_it(host, bed):
    mirror = bed.mirrors[0].url
    wanted = ("--registry-mirror", mirror)
    assert differences(host, bed, status=0) == {}
    assert set(differences(host, bed, *wanted)) == {"registry mirrors", "plan"}
    outcomes(bed, "mirror", "set", mirror, host.target, "--yes")
    fine = provisioner(bed, "status", host.target, *wanted)
    assert (fine.returncode, fine.stdout.count("\n")) == (0, 1), fine.stdout

    edited = f'{{"registry-mirrors": ["{mirror}"], "labels": ["by=hand"]}}'
    host.write(CONFIG, edited)
    found = differences(host, bed, *wanted)
    assert f"{CONFIG} was edited" in found["files"]
    assert "labels is [], " not in found["configuration"]
    assert "was not reloaded: labels is []" in found["configuration"]
    host.sh("systemctl reload docker; sleep 1")
    assert set(differences(host, bed, *wanted)) == {"files"}
    assert differences(host, bed, *wanted, "--accept", status=0) == {}
    assert differences(host, bed, *wanted, status=0) == {}
    assert host.read(CONFIG) == edited


def test_services_versions_and_mirrors_are_looked_at(host, bed):
    host.sh("systemctl disable docker.service 2>/dev/null")
    host.sh(
        "mkdir -p /etc/systemd/system/docker.service.d && printf '[Service]\\nNice=1\\n' >/etc/systemd/system/docker.service.d/n.conf"
    )
    found = differences(host, bed, "--docker-version", "28", "--hold")
    assert found["service"] == "active, disabled"
    assert "daemon-reload" in found["unit files"]
    assert found["version"].endswith("wanted 28")
    assert "docker.io" in found["hold"]
    host.sh("systemctl daemon-reload; systemctl enable docker.service 2>/dev/null")
    outcomes(bed, "mirror", "set", bed.dead_mirror, host.target, "--yes", "--force")
    assert differences(host, bed, status=0) == {}
    assert "dead" in differences(host, bed, "--probe")[f"mirror {bed.dead_mirror}"]


def test_an_edit_that_would_end_the_next_start_is_a_difference(host, bed):
    host.write(CONFIG, '{"registry-mirrors": [],}')
    assert "the next start will fail" in differences(host, bed)["configuration"]
