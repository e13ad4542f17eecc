"""ansible_ssh_common_args and its kin -> the jump host; what else stands there is named."""

from __future__ import annotations

import shlex

# Options that change nothing about which host is reached, who logs in and how.
_HARMLESS = {
    "batchmode", "compression", "connectionattempts", "connecttimeout", "controlmaster", "controlpath",
    "controlpersist", "forwardagent", "gssapiauthentication", "loglevel", "requesttty", "serveralivecountmax",
    "serveraliveinterval", "tcpkeepalive",
}  # fmt: skip
_WITH_VALUE = "BbcDEeFIiJLlmOopQRSWw"


def jump_host(arguments: str) -> tuple[str | None, list[str]]:
    """Return the jump host (`[user@]host[:port]`, several with commas) and what is not honoured.

    Known are -J, ProxyJump, and the ProxyCommand that Ansible's documentation shows: `ssh -W %h:%p user@bastion`. Its
    words are names of a host and a login, which are checked as those of any jump host; no shell sees them.

    Raises:
        ValueError: the quotes do not match.
    """
    jump, ignored = None, []
    for flag, value in _options(shlex.split(arguments)):
        name, _, setting = value.partition("=") if "=" in value else value.partition(" ")
        name, setting = name.strip().lower(), setting.strip().strip('"')
        if flag == "J":
            jump = value
        elif flag == "o" and name == "proxyjump":
            jump = None if setting.lower() == "none" else setting
        elif flag == "o" and name == "proxycommand" and (through := _through(setting)):
            jump = through
        elif flag == "o" and name in _HARMLESS:
            continue
        elif flag not in {"A", "a", "C", "q", "T", "v", "4", "6"}:
            ignored.append(f"-{flag} {value}".strip() if flag else value)
    return jump, ignored


def _options(words: list[str]) -> list[tuple[str, str]]:
    found = []
    waiting = iter(words)
    for word in waiting:
        if not word.startswith("-") or word == "-":
            found.append(("", word))
            continue
        for index, letter in enumerate(word[1:], 2):
            if letter in _WITH_VALUE:
                found.append((letter, word[index:] or next(waiting, "")))
                break
            found.append((letter, ""))
    return found


def _through(command: str) -> str | None:
    """`ssh -W %h:%p [-q] [-p PORT] [-l USER] [USER@]BASTION` -> the bastion; None for any other command."""
    words = shlex.split(command)
    if not words or words[0].rpartition("/")[2] != "ssh":
        return None
    place = user = port = None
    forwards = False
    for flag, value in _options(words[1:]):
        if flag == "W" and value in {"%h:%p", "[%h]:%p"}:
            forwards = True
        elif flag == "p":
            port = value
        elif flag == "l":
            user = value
        elif flag == "" and place is None:
            place = value
        elif flag not in {"q", "A", "a", "C", "T"}:
            return None
    if not (forwards and place):
        return None
    login, _, host = place.rpartition("@")
    login = login or user or ""
    if port and ":" in host and not host.startswith("["):
        host = f"[{host}]"
    place = f"{login}@{host}" if login else host
    return f"{place}:{port}" if port else place
