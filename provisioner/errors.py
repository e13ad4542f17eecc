"""Every expected failure, with the exit code and the way out it carries.

The tree::

    ProvisionerError              -    base class; message, hint, exit_code
      UsageError                  2    bad arguments, inventory or wanted state
      ConnectError                3    a host cannot be reached or refuses the login
        UnreachableError          3    no route, refused, timed out, name not found
        HostKeyError              3    unknown or changed SSH host key
        AuthenticationError       3    the login was refused
        ConnectionLostError       3    the connection broke after it stood
      FactsError                  4    the host's answer is incomplete or unreadable
      UnsupportedError            5    no platform row, or every strategy rejected
      PrivilegeError              6    sudo refused
      ApplyError                  6    a step failed
      VerifyError                 7    applied, but a check afterwards fails
      BlockedError                8    needs --allow-restart, or somebody holds a lock
      DifferenceError             9    plan --exit-code or status found a difference

Anything else is a bug: exit code 70 and a log file (see `provisioner.cli.crash`). Ctrl-C ends with 130.
"""

from __future__ import annotations


class ProvisionerError(Exception):
    """What happened, and in `hint` what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


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


class FactsError(ProvisionerError):
    exit_code = 4


class UnsupportedError(ProvisionerError):
    exit_code = 5


class PrivilegeError(ProvisionerError):
    exit_code = 6


class ApplyError(ProvisionerError):
    exit_code = 6


class VerifyError(ProvisionerError):
    exit_code = 7


class BlockedError(ProvisionerError):
    exit_code = 8


class DifferenceError(ProvisionerError):
    exit_code = 9
