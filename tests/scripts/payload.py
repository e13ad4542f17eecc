"""What a script carries to the host, for a state directory of its own on this machine."""

from __future__ import annotations

import re


def payload(script, state):
    carried = re.search(r"<<'(PROVISIONER_\w+_PAYLOAD)'\n(.*)^\1$", script, re.DOTALL | re.MULTILINE)[2]
    return carried.replace("/var/lib/provisioner", str(state))
