"""What a configuration says of logging in: methods that must not be tried, certificates, the agent."""

from __future__ import annotations

import os
from collections.abc import Mapping

from provisioner.transports.ssh_config_rules import Found
from provisioner.transports.ssh_settings import LoginRules
from provisioner.transports.ssh_tokens import expanded_path

_METHODS = {
    "publickey": "PubkeyAuthentication",
    "password": "PasswordAuthentication",
    "keyboard-interactive": "KbdInteractiveAuthentication",
}
_NOT_USED = {
    "publickey": "PKCS11Provider",
    "gssapi-with-mic": "GSSAPIAuthentication",
    "hostbased": "HostbasedAuthentication",
}


def login_rules(found: Found, tokens: Mapping[str, str]) -> LoginRules:
    """Return which methods are left, and what they may use."""
    off: dict[str, str] = {}
    preferred = found.text("preferredauthentications")
    for method, option in _METHODS.items():
        if said := found.said(option, but={"yes", "true", "unbound", "host-bound"}):
            off[method] = said
        elif preferred and method not in preferred.split(","):
            off[method] = found.said("PreferredAuthentications", but=())
    quiet = found.said("BatchMode", but={"no", "false"})
    if found.text("numberofpasswordprompts") == "0":
        quiet = quiet or found.said("NumberOfPasswordPrompts", but=())
    if quiet:
        off = {"password": quiet, "keyboard-interactive": quiet} | off
    certificates = found.repeated.get("certificatefile", ())
    not_used = {method: found.said(option, but={"no", "false", "none"}) for method, option in _NOT_USED.items()}
    return LoginRules(
        off=off,
        certificates=tuple(
            expanded_path(line.words[0], tokens, line.place) for line in certificates if line.words[0].lower() != "none"
        ),
        agent=_agent(found, tokens),
        not_used={method: said for method, said in not_used.items() if said},
    )


def _agent(found: Found, tokens: Mapping[str, str]) -> str | None:
    text = found.text("identityagent")
    if text is None or text == "SSH_AUTH_SOCK":
        return None
    if text.lower() == "none":
        return ""
    if text.startswith("$") and not text.startswith("${"):
        return os.environ.get(text[1:], "")
    return expanded_path(text, tokens, found.place("identityagent"))
