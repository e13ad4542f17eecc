"""The keywords of an SSH configuration: what each takes, and which of them matter here.

From readconf.c of OpenSSH 10.5 and of 9.2. Values are checked in every line, also of other hosts: OpenSSH does not
start with a file that has a wrong one anywhere.
"""

from __future__ import annotations

import re
import socket

from provisioner.transports.ssh_names import is_port

ALIASES = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "dsaauthentication": "pubkeyauthentication",
    "hostbasedkeytypes": "hostbasedacceptedalgorithms",
    "identityfile2": "identityfile",
    "keepalive": "tcpkeepalive",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
    "rsaminsize": "requiredrsasize",  # of RHEL 8 and 9
    "skeyauthentication": "kbdinteractiveauthentication",
    "smartcarddevice": "pkcs11provider",
    "tisauthentication": "kbdinteractiveauthentication",
}

COMMANDS = frozenset({"proxycommand", "proxyjump", "knownhostscommand", "localcommand", "remotecommand"})
"""Their value is the rest of the line as it stands, quotes and all."""

REPEATED = frozenset({"identityfile", "certificatefile"})
"""Every line counts; of all the others the first."""

LISTS = frozenset({"userknownhostsfile", "globalknownhostsfile", "revokedhostkeys"})
"""Several words on a line."""

_ONE_WORD = frozenset({
    "bindaddress", "bindinterface", "casignaturealgorithms", "ciphers", "hostkeyalgorithms", "hostkeyalias", "hostname",
    "hostbasedacceptedalgorithms", "identityagent", "ignoreunknown", "kexalgorithms", "macs",
    "preferredauthentications", "pubkeyacceptedalgorithms", "user",
})  # fmt: skip
_FLAGS = frozenset({
    "batchmode", "canonicalizefallbacklocal", "checkhostip", "clearallforwardings", "enableescapecommandline",
    "enablesshkeysign", "exitonforwardfailure", "forkafterauthentication", "forwardx11", "forwardx11trusted",
    "gatewayports", "gssapiauthentication", "gssapidelegatecredentials", "hashknownhosts", "hostbasedauthentication",
    "identitiesonly", "kbdinteractiveauthentication", "nohostauthenticationforlocalhost", "passwordauthentication",
    "permitlocalcommand", "proxyusefdpass", "stdinnull", "streamlocalbindunlink", "tcpkeepalive", "visualhostkey",
})  # fmt: skip
_YES_NO = frozenset({"yes", "no", "true", "false"})
_CHOICES = {
    "addressfamily": {"any", "inet", "inet6"},
    "canonicalizehostname": {*_YES_NO, "always"},
    "pubkeyauthentication": {*_YES_NO, "unbound", "host-bound"},
    "stricthostkeychecking": {*_YES_NO, "ask", "off", "accept-new"},
    "updatehostkeys": {*_YES_NO, "ask"},
    "verifyhostkeydns": {*_YES_NO, "ask"},
}
TIMES = frozenset({"connecttimeout", "forwardx11timeout", "serveraliveinterval"})
"""Here `none` leaves the word to a later line, as in OpenSSH."""

_COUNTS = frozenset({
    "canonicalizemaxdots", "connectionattempts", "numberofpasswordprompts", "requiredrsasize", "serveralivecountmax"
})  # fmt: skip
# Of a terminal, of forwardings, of what is printed, of how host keys are noted; or long gone.
_IDLE = frozenset({
    "addkeystoagent", "afstokenpassing", "canonicaldomains", "canonicalizepermittedcnames", "channeltimeout", "cipher",
    "compression", "compressionlevel", "controlmaster", "controlpath", "controlpersist", "dynamicforward", "escapechar",
    "fallbacktorsh", "fingerprinthash", "forwardagent", "globalknownhostsfile2", "ipqos", "kbdinteractivedevices",
    "kerberosauthentication", "kerberostgtpassing", "localforward", "loglevel", "logverbose",
    "obscurekeystroketiming", "permitremoteopen", "pkcs11provider", "protocol", "refuseconnection", "rekeylimit",
    "remoteforward", "requesttty", "rhostsauthentication", "rhostsrsaauthentication", "rsaauthentication",
    "securitykeyprovider", "sendenv", "sessiontype", "setenv", "streamlocalbindmask", "syslogfacility", "tag",
    "tunnel", "tunneldevice", "useprivilegedport", "userknownhostsfile2", "useroaming", "usersh", "versionaddendum",
    "warnweakcrypto", "xauthlocation",
})  # fmt: skip

KNOWN = {"port"} | _ONE_WORD | _FLAGS | _CHOICES.keys() | TIMES | _COUNTS | _IDLE | COMMANDS | REPEATED | LISTS

NOT_EVERYWHERE = frozenset({
    "channeltimeout", "enableescapecommandline", "forkafterauthentication", "knownhostscommand", "logverbose",
    "obscurekeystroketiming", "permitremoteopen", "refuseconnection", "requiredrsasize", "rsaminsize", "sessiontype",
    "stdinnull", "tag", "versionaddendum", "warnweakcrypto",
    # of distributions and of macOS, without meaning here
    "gssapiclientidentity", "gssapikexalgorithms", "gssapikeyexchange", "gssapirenewalforcesrekey",
    "gssapiserveridentity", "gssapitrustdns", "protocolkeepalives", "setuptimeout", "useblacklistedkeys",
    "usekeychain",
})  # fmt: skip
"""Since OpenSSH 8.5, or patched in: a machine whose ssh does not know one refuses the whole file."""

_TIME = re.compile(r"(?:\d+(?:\.\d+)?[smhdw]?)+", re.IGNORECASE)
_TIME_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LARGEST = 2**31 - 1


def problem(keyword: str, words: tuple[str, ...]) -> str | None:
    """Return what is wrong with a line's value; None when OpenSSH takes it, or when it does not matter here."""
    if keyword in COMMANDS or keyword in _IDLE:
        return None
    if keyword in LISTS:
        alone = any(word.lower() == "none" for word in words) and len(words) > 1
        return "none stands alone" if alone else None
    if len(words) != 1:
        return f"one value is expected, not {len(words)}"
    word = words[0]
    if not word:
        return "the value is empty"
    shown = repr(word if len(word) <= 40 else f"{word[:40]}…")
    if keyword in _FLAGS or keyword in _CHOICES:
        allowed = _CHOICES.get(keyword, _YES_NO)
        return None if word.lower() in allowed else f"{shown} is none of {', '.join(sorted(allowed))}"
    if keyword == "port":
        return None if is_port(word) or _is_service(word) else f"port {shown} is not a number from 1 to 65535"
    if keyword in TIMES:
        return None if word == "none" or seconds(word) is not None else f"{shown} is not a time such as 30 or 1m30s"
    if keyword in _COUNTS:
        return None if count(word) is not None else f"{shown} is not a number from 0 to {_LARGEST}"
    return None


def seconds(text: str) -> float | None:
    """`90`, `1m30s` -> seconds; None when it is no time, as OpenSSH's convtime."""
    if not _TIME.fullmatch(text) or not text.isascii() or len(text) > 40:
        return None
    total = sum(float(number) * _UNITS[unit] for number, unit in _TIME_PART.findall(text.lower()))
    return total if total <= _LARGEST else None


def count(text: str) -> int | None:
    """A number from 0 to 2147483647; None when it is none."""
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        return None
    return int(text) if int(text) <= _LARGEST else None


def yes(text: str) -> bool:
    return text.lower() in {"yes", "true"}


def _is_service(word: str) -> bool:
    if word.isdigit():
        return False
    try:
        return bool(socket.getservbyname(word, "tcp"))
    except (OSError, UnicodeError, ValueError):
        return False
