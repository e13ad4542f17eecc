"""Whether the account may change the host."""

from __future__ import annotations

from provisioner.errors import PrivilegeError
from provisioner.facts.model import Facts


def require_root(facts: Facts, what: str) -> None:
    """Raise when the account cannot become root; `what` says, as the beginning of a sentence, what needs it.

    Raises:
        PrivilegeError: with sudo's own words.
    """
    if not facts.as_root:
        raise PrivilegeError(
            f"{what}, and {facts.login.name} cannot become root: {facts.login.sudo_message}", hint=way_to_root(facts)
        )


def way_to_root(facts: Facts) -> str:
    """What lets an account become root that cannot."""
    if "incorrect" in facts.login.sudo_message or "try again" in facts.login.sudo_message:
        return f"the password for sudo was wrong, or sudo takes root's: try `sudo -k true` as {facts.login.name} there"
    if "tty" in facts.login.sudo_message:
        return f"let sudo do without a terminal there: a line `Defaults:{facts.login.name} !requiretty` (visudo)"
    return "log in as root, allow sudo without a password, or give the password with -K"
