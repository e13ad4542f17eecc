"""mirror set, add, remove, clear and status with --desktop"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.checks.mirror_status import MirrorStatus
from provisioner.cli.confirmation import confirmed
from provisioner.cli.mirror_options import MirrorWriting
from provisioner.cli.option_groups import as_typed
from provisioner.cli.options import Output, ReportedOutput, Rollout
from provisioner.desktop import change as run
from provisioner.desktop.docker_desktop import Change, Desktop
from provisioner.errors import DifferenceError, ProvisionerError, UsageError
from provisioner.report import gate
from provisioner.report.desktop import NAME, change_text, result_document, result_text
from provisioner.report.mirror_status import mirror_status_document, mirror_status_text
from provisioner.report.terminal import terminal_width
from provisioner.runs.mirror_status import HostMirrors
from provisioner.runs.outcome import Outcome, status_of
from provisioner.runs.wanted_state import spec


def change(
    command: str,
    said: Mapping[str, Any],
    targets: Sequence[str],
    writing: MirrorWriting,
    *,
    rollout: Rollout,
    others: Sequence[Any],
    output: ReportedOutput,
) -> int:
    """Give Docker Desktop of this user the mirrors of `said` (registry_mirrors or mirror_change of `Spec`), print the
    result and return the exit code.

    `others` are groups of options that are about hosts.

    Raises:
        UsageError: a URL is not valid, an option is about hosts, or nobody is there to ask; nothing was touched.
    """
    _this_machine(targets, proof=rollout.proof)
    said_of_hosts = [
        *as_typed(writing, leave_out=("force",)),
        *as_typed(rollout, leave_out=("plan", "yes", "allow_restart")),
        *(["--report", output.report] if output.report else []),
    ]
    _no_options_of_hosts(others, said_of_hosts)
    wanted = spec(**said)
    if not (rollout.yes or rollout.plan or sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask on; nothing was touched", hint="add --yes, or look with --plan")

    def say(text: str) -> None:
        if not output.quiet:
            gate.remark(text)

    def agreed(planned: Change) -> bool:
        say(change_text(planned))
        return not rollout.plan and (rollout.yes or confirmed("Docker Desktop of this user changes."))

    result = run.change(
        Desktop(),
        wanted.mirror_change or wanted.registry_mirrors or (),
        agreed=agreed,
        allow_restart=rollout.allow_restart,
        say=say,
    )
    if output.as_json:
        gate.document(result_document(command, result))
    else:
        gate.result(result_text(result))
    return result.exit_code


def status(targets: Sequence[str], output: Output, *, others: Sequence[Any], proof: str | None) -> int:
    """Print which mirrors Docker Desktop of this user has, and return the exit code. `others` as for `change`.

    Raises:
        UsageError: an option is about hosts.
    """
    _this_machine(targets, proof=proof)
    _no_options_of_hosts(others)
    found: MirrorStatus | None = None
    error: ProvisionerError | None = None
    try:
        found = Desktop().status()
        if found.problems:
            again = shlex.join(
                ["mirror", "set", *found.configured.urls] if found.configured.urls else ["mirror", "clear"]
            )
            error = DifferenceError("; ".join(found.problems), hint=f"provisioner {again} --desktop restarts it")
    except ProvisionerError as raised:
        error = raised
    outcome = Outcome(NAME, status_of(error) if error else "verified", error=error)
    shown = [HostMirrors(outcome, found)]
    if output.as_json:
        gate.document(mirror_status_document(shown))
    else:
        gate.result(mirror_status_text(shown, width=terminal_width()))
    return outcome.exit_code


def _this_machine(targets: Sequence[str], *, proof: str | None) -> None:
    if targets:
        raise UsageError(
            f"--desktop is about this machine, and not about {', '.join(targets)}",
            hint="leave the hosts out, or --desktop",
        )
    if proof:
        raise UsageError("--proof is about engines on hosts", hint="docker pull hello-world tries Docker Desktop's")


def _no_options_of_hosts(groups: Sequence[Any], said: Sequence[str] = ()) -> None:
    if words := [*said, *(word for group in groups for word in as_typed(group))]:
        raise UsageError(f"{shlex.join(words)} is about engines on hosts", hint="leave it out with --desktop")
