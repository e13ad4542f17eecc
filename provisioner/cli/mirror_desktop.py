"""mirror set --desktop, mirror clear --desktop"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from provisioner.cli.confirmation import confirmed
from provisioner.cli.options import Output, Rollout
from provisioner.desktop import change as run
from provisioner.desktop.docker_desktop import Change, Desktop
from provisioner.errors import UsageError
from provisioner.report import gate
from provisioner.report.desktop import change_text, result_document, result_text
from provisioner.runs.wanted_state import spec


def change(command: str, urls: Sequence[str], targets: Sequence[str], rollout: Rollout, output: Output) -> int:
    """Give Docker Desktop of this user these mirrors, print the result and return the exit code.

    Raises:
        UsageError: a URL is not valid, hosts were named, or nobody is there to ask; nothing was touched.
    """
    if targets:
        raise UsageError(f"--desktop is about this machine; {', '.join(targets)} cannot be changed with it")
    if rollout.proof:
        raise UsageError("--proof is about engines on hosts", hint="docker pull hello-world tries Docker Desktop's")
    mirrors = spec(registry_mirrors=urls).registry_mirrors or ()
    if not rollout.yes and not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on; nothing was touched", hint="add --yes")

    def say(text: str) -> None:
        if not output.quiet:
            gate.remark(text)

    def agreed(planned: Change) -> bool:
        say(change_text(planned))
        return rollout.yes or confirmed("Docker Desktop of this user changes.")

    result = run.change(Desktop(), mirrors, agreed=agreed, allow_restart=rollout.allow_restart, say=say)
    if output.as_json:
        gate.document(result_document(command, result))
    else:
        gate.result(result_text(result))
    return result.exit_code
