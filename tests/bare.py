"""make test-bare: README's commands, `make test` and `make unit` on a machine that has nothing: python -m tests.bare

Each is a step in one fresh container; the first that fails ends it. `make test` runs the first minutes of this itself
(e2e/test_bare_machine.py), so that what a bare machine lacks is noticed with every change.
"""

from __future__ import annotations

import re
import sys

from tests.testbed import testbed
from tests.testbed.engine import REPOSITORY

# No root and no network but loopback, on which the tests' own servers listen.
UNIT = """useradd somebody && chown -R somebody . &&
unshare --net sh -c 'ip link set lo up && exec setpriv --reuid somebody --regid somebody --clear-groups make unit'"""


def readme_command(manager: str) -> str:
    """Return the command of README that makes a bare machine ready for `make up`."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(rf"^    ({manager} .*?)\s+# ", readme, re.MULTILINE)
    return str(command)


STEPS = {
    "what README names": readme_command("apt-get"),
    "make up": "make up",
    "make up, again": "make up | grep 'nothing to do'",
    "make test": "CI=true make test",
    "make unit, without root and network": UNIT,
}


def main() -> None:
    done = []
    with testbed() as bed:
        machine = bed.start_bare()
        for title, script in STEPS.items():
            print(f"\n=== {title}: {script}", flush=True)
            ran = machine.run(script, show=True)
            done.append(f"{ran.seconds:6.0f} s  {title}{'' if ran.status == 0 else f': status {ran.status}'}")
            if ran.status != 0:
                break
    print("\n=== on a bare Debian 12\n" + "\n".join(done))
    sys.exit(ran.status != 0)


if __name__ == "__main__":
    main()
