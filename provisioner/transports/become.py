"""How an account becomes root on the host behind a transport."""

from __future__ import annotations

from provisioner.errors import UsageError

METHODS = ("sudo", "doas", "su")
"""In the order in which they are tried when nobody has named one; su only with a password."""


def method_of(name: str) -> str:
    """Return the method that `name` means, in the words of Ansible: a collection may stand before it.

    Raises:
        UsageError: provisioner does not know it.
    """
    method = name.rpartition(".")[2]
    if method not in METHODS:
        *others, last = METHODS
        raise UsageError(
            f"{name!r} is no way to become root that provisioner knows: {', '.join(others)} or {last}",
            hint="leave it out, and the first of them that works is used",
        )
    return method
