"""A bug is written down: one log file with the traceback and the versions, and without secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from provisioner import __version__
from provisioner.errors import BugError, CancelledError, ConnectError, ProvisionerError, SkippedError
from provisioner.masking import masked, visible

if TYPE_CHECKING:
    from provisioner.runs.outcome import Outcome, Status


def as_bug(cause: BaseException, where: str = "") -> BugError:
    """Return the error that tells people of `cause`, an exception nobody expected, and names its log file."""
    import os
    import platform
    import tempfile
    import traceback

    message = f"this is a bug in provisioner: {type(cause).__name__}"
    try:
        handle, path = tempfile.mkstemp(prefix="provisioner-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"provisioner {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
            log.write(f"{where}\n" if where else "")
            log.write(visible(masked("".join(traceback.format_exception(cause)))))
    except OSError as unwritable:
        return BugError(f"{message}: {cause}", hint=f"its details could not be written down: {unwritable}")
    return BugError(message, hint=f"the details are in {path}; please report it with that file")


def as_error(error: Exception, where: str) -> ProvisionerError:
    """Return `error` as it is when it is one of ours, else as a bug that happened at host `where`."""
    return error if isinstance(error, ProvisionerError) else as_bug(error, where)


def stand_in(outcome: Outcome, error: Exception) -> Outcome:
    """Return the outcome of a host whose work did not come to its end."""
    status: Status = "failed"
    if isinstance(error, CancelledError):
        status = "cancelled"
    elif isinstance(error, SkippedError):
        status = "skipped"
    elif isinstance(error, ConnectError):
        status = "unreachable"
    return replace(outcome, status=status, error=as_error(error, outcome.host))
