"""What becomes of a repository that somebody has set up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.masking import masked
from provisioner.planner.planner import plan
from provisioner.sources.reach import CONFIGURED, RPM_REPOSITORY
from provisioner.wanted.spec import Spec
from tests.offered import EL9, ROCKY, good

BASE = "http://configured.example"
WRITTEN = f"""\
[docker-ce-stable]
name=mine
baseurl={BASE}/linux/rhel/9/$basearch/stable
username = me
password=s3cr,et x
sslclientcert=/etc/pki/me.pem
exclude=docker*
[docker-ce-test]
username = me
"""


@pytest.mark.parametrize(("base", "kept"), [(BASE, True), ("http://other.example", False)])
def test_a_repository_keeps_how_it_is_reached_and_nothing_else(base, kept):
    file = HostFile(RPM_REPOSITORY, WRITTEN.replace(BASE, base))
    facts = replace(ROCKY, source_files=(file,))
    planned = plan("h", Host.of(facts), (good(CONFIGURED, EL9, suites=("rhel/9",)),), Spec())
    (diff,) = (diff for diff in planned.diffs if diff.path == RPM_REPOSITORY)
    assert diff.after.endswith("username = me\npassword=s3cr,et x\nsslclientcert=/etc/pki/me.pem\n") is kept
    assert ("s3cr" in diff.after, "exclude" in diff.after) == (kept, False)
    assert "s3cr" not in masked(diff.after)
