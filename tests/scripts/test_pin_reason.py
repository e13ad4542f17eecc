"""What is pinned is told from what merely has no source, in the words of apt."""

from __future__ import annotations

import pytest

from tests.scripts.package_functions import APT, function, ran
from tests.scripts.shells import SHELLS

PINNED = """\
containerd.io:
  Installed: (none)
  Candidate: (none)
  Version table:
     1.6.20-1~debian.13~trixie -1
        500 http://source.example/linux/debian trixie/stable amd64 Packages
"""
LEFT_OVER = """\
containerd.io:
  Installed: (none)
  Candidate: (none)
  Version table:
     1.6.20-1~debian.13~trixie -1
        100 /var/lib/dpkg/status
"""
PINNED_AND_LEFT_OVER = LEFT_OVER + "        500 http://source.example/linux/debian trixie/stable amd64 Packages\n"
HELD_BACK = PINNED.replace("Candidate: (none)", "Candidate: 1.6.19-1")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("policy", "asked", "pinned"),
    [
        pytest.param(PINNED, "containerd.io", True, id="by name"),
        pytest.param(PINNED, "containerd.io=1.6.20-1~debian.13~trixie", True, id="by version"),
        pytest.param(HELD_BACK, "containerd.io=1.6.20-1~debian.13~trixie", True, id="that version alone"),
        pytest.param(HELD_BACK, "containerd.io", False, id="another one is a candidate"),
        pytest.param(LEFT_OVER, "containerd.io", False, id="removed, and in no source"),
        pytest.param(LEFT_OVER, "containerd.io=1.6.20-1~debian.13~trixie", False, id="that version removed"),
        pytest.param(PINNED_AND_LEFT_OVER, "containerd.io", True, id="removed, pinned in a source"),
    ],
)
def test_only_a_version_that_a_source_has_is_pinned(tmp_path, shell, policy, asked, pinned):
    (tmp_path / "policy").write_text(policy)
    (tmp_path / "apt-cache").write_text(f"#!/bin/sh\ncat {tmp_path}/policy\n")
    (tmp_path / "apt-cache").chmod(0o755)
    stub = f"PATH={tmp_path}:$PATH\nnamed() {{ printf '%s\\n' \"$@\"; }}\n"
    found = ran(shell, tmp_path, f"{stub}{function(APT, 'pin_reason')}pin_reason {asked} || echo no")
    assert ("is pinned with a negative priority" in found, found == "no\n") == (pinned, not pinned)
