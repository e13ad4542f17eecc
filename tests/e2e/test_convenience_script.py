"""The strategy convenience-script against a stand-in that honours the contract of get.docker.com."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.e2e.command_line import outcomes, provisioner
from tests.testbed import server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SHA256 = hashlib.sha256(Path(server.SCRIPT).read_bytes()).hexdigest()


@pytest.mark.parametrize("slug", ["debian-13", "centos-9-lookalike"])
def test_the_script_that_was_shown_is_run_and_the_engine_starts_once(slug, start_host, bed):
    host = start_host(slug)
    wanted = (
        "--strategy", "convenience-script", "--script-url", f"{bed.source.url}/get-docker.sh",
        "--source", bed.source.url, "--registry-mirror", bed.mirrors[0].url, "--docker-version", "26.1",
    )  # fmt: skip
    other = provisioner(bed, "apply", host.target, "--yes", *wanted, "--script-sha256", "0" * 64)
    assert other.returncode == 5
    assert f"has the sha256 {SHA256}, expected 000" in other.stdout
    assert host.sh("command -v docker", check=False).returncode != 0
    planned = provisioner(bed, "plan", host.target, *wanted)
    assert f"sha256 {SHA256}" in planned.stdout
    assert f"run DOWNLOAD_URL={bed.source.url} " in planned.stdout
    assert "--channel stable --version 26.1 --no-autostart" in planned.stdout
    result = outcomes(bed, "apply", host.target, "--yes", *wanted, "--script-sha256", SHA256, "--proof", "hello-world")
    assert result[host.target]["strategy"] == "convenience-script"
    assert result[host.target]["docker_version"].startswith("26.1.5")
    starts = host.sh("journalctl -q -o cat -u docker.service | grep -c 'Daemon has completed initialization'")
    assert starts.stdout == "1\n"
    assert host.sh("systemctl is-enabled docker").stdout == "enabled\n"
    again = outcomes(bed, "apply", host.target, "--yes", *wanted)
    assert again[host.target]["status"] == "converged"


def test_a_page_that_is_no_script_is_not_run(start_host, bed):
    host = start_host("debian-13")
    for path, why in (("linux/debian/gpg", "is no shell script"), ("nothing", "404")):
        done = provisioner(
            bed, "apply", host.target, "--yes", "--strategy", "convenience-script", "--script-url", f"{bed.source.url}/{path}"
        )  # fmt: skip
        assert done.returncode == 5
        assert why in done.stdout
