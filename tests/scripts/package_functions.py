"""Single functions out of the scripts that change packages, in the shells of hosts."""

from __future__ import annotations

import subprocess

from provisioner.scripts.render import template_text
from tests.scripts.shells import SHELLS

NOTE = 'note() { printf "note %s\\n" "$*"; }\none_line() { tr "\\n" " "; }\n'
APT, RPM = template_text("packages/apt.sh"), template_text("packages/rpm.sh")


def function(text, name):
    return (
        f"{name}() {{{text.partition(f'''{chr(10)}{name}() {{''')[2].partition(f'''{chr(10)}}}{chr(10)}''')[0]}\n}}\n"
    )


def ran(shell, directory, script):
    done = subprocess.run(
        [*SHELLS[shell], "-c", f"RUN={directory}\n{NOTE}{script}"], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout
