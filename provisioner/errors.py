"""Every expected failure, with the exit code and the way out it carries.

The tree::

    ProvisionerError              -    base class; message, hint, exit_code
      UsageError                  2    bad arguments, inventory or wanted state
      ConnectError                3    a host cannot be reached or refuses the login
        UnreachableError          3    no route, refused, timed out, name not found
        HostKeyError              3    unknown or changed SSH host key
        AuthenticationError       3    the login was refused
        ConnectionLostError       3    the connection broke after it stood
          AnswerTooLongError      3    it was closed, since the host said more than it may
      FactsError                  4    the host's answer is incomplete or unreadable
        FileChangedError          4    a file was written while it was told; the host is asked again
      UnsupportedError            5    no platform row, or every strategy rejected
      PrivilegeError              6    sudo refused
      DaemonConfigurationError    6    an existing configuration file is broken or cannot be edited safely
      ApplyError                  6    a step failed
      VerifyError                 7    applied, but a check afterwards fails
      BlockedError                8    needs --allow-restart, or somebody holds a lock
      DifferenceError             9    plan --exit-code or status found a difference
      BugError                   70    something unexpected on one host; the log file is in the message
      CancelledError            130    Ctrl-C came before this host had ended
      SkippedError                0    not begun because of other hosts, whose codes count

Several hosts: the worst of theirs, see `provisioner.runs.fleet.worst`.
Anything else is a bug: exit code 70 and a log file (see `provisioner.runs.crash`). Ctrl-C ends with 130.
"""

from __future__ import annotations

import re
from typing import Any

from provisioner.masking import HIDDEN, joined, secret_spans

TARGET, WANTED = "[TARGET]", "[OPTION]..."
"""Stand in a hint where a command names the host, and what is wanted of it: `provisioner.runs.target` knows both."""


class ProvisionerError(Exception):
    """What happened, and in `hint` what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """What an error says outlives a journey to another process; where it was raised does not."""
        return _restored, (type(self), self.args, self.__dict__)

    @property
    def after_a_change(self) -> str:
        """The message as it holds for a host that was changed: planning says of one that it only looked at, that
        nothing was.
        """
        return re.sub(r"\s*Nothing was changed(, since [^.]*)?\.", "", self.message)


def _restored(kind: type[ProvisionerError], args: tuple[Any, ...], state: dict[str, Any]) -> ProvisionerError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(ProvisionerError):
    exit_code = 2


class ConnectError(ProvisionerError):
    exit_code = 3


class UnreachableError(ConnectError):
    pass


class HostKeyError(ConnectError):
    pass


class AuthenticationError(ConnectError):
    pass


class ConnectionLostError(ConnectError):
    pass


class AnswerTooLongError(ConnectionLostError):
    pass


class FactsError(ProvisionerError):
    exit_code = 4


class FileChangedError(FactsError):
    pass


class UnsupportedError(ProvisionerError):
    exit_code = 5


class PrivilegeError(ProvisionerError):
    exit_code = 6


class DaemonConfigurationError(ProvisionerError):
    """Says where in the file, and quotes that line with a caret below it and its secrets masked.

    `caution` says what dockerd makes of it where it takes it, or some versions do: the rule is this program's own then.
    """

    exit_code = 6

    def __init__(self, problem: str, *, path: str, text: str, offset: int, hint: str = "", caution: str = "") -> None:
        begin = text.rfind("\n", 0, offset) + 1
        self.path = path
        self.caution = caution
        self.line = text.count("\n", 0, offset) + 1
        self.column = offset - begin + 1
        super().__init__(
            f"{path}, line {self.line}, column {self.column}: {problem}\n{_quoted(text, offset)}",
            hint=hint or f"Correct line {self.line} of {path} and run again; the file has not been touched.",
        )

    @property
    def consequence(self) -> str:
        """What it means for the next start of the engine, as far as that is known."""
        if self.caution:
            return f"this program leaves it as it is ({self.caution}): {self.message}"
        return f"the next start of the engine will fail: {self.message}"


class ApplyError(ProvisionerError):
    exit_code = 6


class VerifyError(ProvisionerError):
    exit_code = 7


class BlockedError(ProvisionerError):
    exit_code = 8


class DifferenceError(ProvisionerError):
    exit_code = 9


class BugError(ProvisionerError):
    exit_code = 70


class CancelledError(ProvisionerError):
    exit_code = 130


class SkippedError(ProvisionerError):
    exit_code = 0


_WIDTH = 100


def _quoted(text: str, offset: int) -> str:
    """The line of `text` that `offset` is on, cut around it and without its secrets, and a caret below that place."""
    begin = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    spans = [(max(start, begin) - begin, min(stop, end) - begin) for start, stop in secret_spans(text)]
    line, caret = text[begin:end], offset - begin
    for start, stop in reversed(joined([*spans, *secret_spans(line)])):
        line = f"{line[:start]}{HIDDEN}{line[stop:]}"
        if caret >= stop:
            caret += len(HIDDEN) - (stop - start)
        elif caret > start:
            caret = start
    line = "".join(char if char.isprintable() else " " for char in line)
    if len(line) > _WIDTH:
        start = max(0, caret - 60)
        head, tail = "…" if start else "", "…" if start + _WIDTH < len(line) else ""
        line, caret = f"{head}{line[start : start + _WIDTH]}{tail}", caret - start + len(head)
    return f"    {line.rstrip()}\n    {' ' * caret}^"
