"""What sources offer, for tests of the choice among them."""

from __future__ import annotations

from dataclasses import replace

from provisioner.sources.reach import ScriptReach, Source
from provisioner.strategies.convenience_script import OFFICIAL
from tests.hosts import BARE, answering, sample
from tests.keys import FINGERPRINT, KEY

NOBLE = ("5:28.3.1-1~ubuntu.24.04~noble", "5:28.3.10-1~ubuntu.24.04~noble", "5:29.4.0-1~ubuntu.24.04~noble")
EL9 = ("3:20.10.24-3.el9", "3:26.1.5-1.el9")
ROCKY = replace(BARE, os=sample("rocky-9.5"), package_manager="dnf", package_arch="x86_64")


def good(name, versions=NOBLE, **more):
    return answering(name, KEY, versions, fingerprint=FINGERPRINT, **more)


SCRIPT = "#!/bin/sh\n# it's --no-autostart that this one knows\n"


def script(text=SCRIPT, problem=""):
    return (ScriptReach(Source("script", OFFICIAL, "", ()), text=text, problem=problem),)
