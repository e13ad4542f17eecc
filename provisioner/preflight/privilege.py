"""Whether the account may change the host."""

from __future__ import annotations

import re

from provisioner.errors import PrivilegeError
from provisioner.facts.login import Login
from provisioner.facts.model import Facts

_WRONG = re.compile(r"incorrect|try again|[Aa]uthentication fail")
_SHUT = re.compile(r"restricted shell|not available|nologin")
_TRY = {"sudo": "sudo -k true", "doas": "doas true", "su": "su root -c true"}


def require_root(facts: Facts, what: str) -> None:
    """Raise when the account cannot become root; `what` says, as the beginning of a sentence, what needs it.

    Raises:
        PrivilegeError: with the words of sudo, doas or su.
    """
    if not facts.as_root:
        raise PrivilegeError(
            f"{what}, and {facts.login.name} cannot become root: {facts.login.sudo_message}", hint=way_to_root(facts)
        )


def way_to_root(facts: Facts) -> str:
    """What lets an account become root that cannot."""
    return way_out(facts.login)


def way_out(login: Login) -> str:
    """What lets `login` become root, by what refused it."""
    said, method = login.sudo_message, login.method
    if "makes one" in said:
        return "install what it names there, log in as root, or let the account become root without a password"
    if _SHUT.search(said):
        return "give root a shell there (chsh -s /bin/sh root), or the account sudo or doas"
    if _WRONG.search(said):
        whose = "the password of root was wrong" if method == "su" else f"the password for {method} was wrong"
        if method == "sudo":
            whose += ", or sudo takes root's"
        other = "" if method == "su" else "; root's own goes to su: --become-method su"
        return f"{whose}: try `{_TRY[method]}` as {login.name} there{other}"
    if "tty" in said:
        return f"let sudo do without a terminal there: a line `Defaults:{login.name} !requiretty` (visudo)"
    if method == "su":
        return "log in as root, or give root's password with -K"
    if login.sudo == "none":
        return "log in as root, install sudo or doas, or give root's password with -K"
    return f"log in as root, allow {method} without a password, or give the password with -K"
