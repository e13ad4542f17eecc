"""Accounts and groups that a directory has; on a host without an engine: test_from_nothing.py."""

from __future__ import annotations

import pytest

from tests.e2e import directory_accounts
from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def host(bed):
    running = bed.start("debian-12-engine")
    directory_accounts.join(running)
    yield running
    running.stop()


def members(host):
    return host.sh("getent group docker").stdout.strip().rpartition(":")[2].split(",")


@pytest.mark.parametrize("user", ["bob", "CORP\\eve"])
def test_directory_user(host, bed, user):
    found = outcomes(bed, "check", "--docker-user", user, host.target)
    assert not [row for row in found[host.target]["checks"] if row["name"] == "accounts" and not row["passed"]]
    (result,) = outcomes(bed, "apply", "--docker-user", user, host.target, "--yes").values()
    assert result["status"] == "changed"
    assert user in members(host)
    (again,) = outcomes(bed, "apply", "--docker-user", user, host.target, "--yes").values()
    assert again["status"] == "converged"


def test_an_account_that_is_nowhere_is_refused_before_anything_is_done(host, bed):
    refused = provisioner(bed, "apply", "--docker-user", "nobody-knows", host.target, "--yes")
    assert "there is no user nobody-knows here" in refused.stdout
    assert "nobody-knows" not in members(host)


def test_a_group_of_a_directory_is_changed_there(host, bed):
    host.sh("sed -i /^docker:/d /etc/group /etc/gshadow; echo 'docker:x:5003:bob' >/var/lib/extrausers/group")
    outcomes(bed, "apply", "--docker-user", "bob", host.target, "--yes")
    refused = provisioner(bed, "apply", "--docker-user", "CORP\\eve", host.target, "--yes")
    assert refused.returncode == 8, refused.stdout
    assert "the group docker comes from a directory" in refused.stdout
    assert host.sh("grep -c ^docker: /etc/group", check=False).stdout == "0\n"
