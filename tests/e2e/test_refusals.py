"""Hosts that cannot be helped are told why, and stay as they are."""

from __future__ import annotations

import pytest

from tests.e2e.command_line import provisioner

pytestmark = pytest.mark.e2e


def test_a_kernel_before_3_10_is_refused_with_the_rule(start_host, bed):
    host = start_host("kernel-2.6")
    for command in (("plan",), ("apply", "--yes")):
        done = provisioner(bed, *command, host.target)
        assert done.returncode == 5, done.stdout + done.stderr
        assert "the kernel is 2.6." in done.stdout
        assert "3.10" in done.stdout
    assert host.sh("command -v dockerd", check=False).returncode != 0


def test_an_unknown_distribution_is_described_completely(start_host, bed):
    text = 'ID=plan9ish\nVERSION_ID="4.2"\nPRETTY_NAME="Plan 9 from here"\n'
    host = start_host("debian-12-noinit", os_release=text)
    done = provisioner(bed, "apply", host.target, "--yes")
    assert done.returncode == 5, done.stdout + done.stderr
    for detail in ("id=plan9ish", "version=4.2", "Plan 9 from here", "x86_64", "package manager=apt"):
        assert detail in done.stdout
    assert "-> " in done.stdout
