"""Percent tokens, `~` and `${VARIABLE}` in values of an SSH configuration, and tokens in a command for a shell."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from provisioner.errors import UsageError

_TOKEN = re.compile(r"%(.?)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([^}]*)(\}?)")
_HARMLESS = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
# Where quotes are not what they seem to be: command substitution, $'…', here-documents.
_DEEP = re.compile(r"`|\$[({'\"]|<<")


def of_host(*, typed: str, host: str, port: int, user: str, account: str, alias: str, jump: str) -> dict[str, str]:
    """Return the tokens that a path in an SSH configuration may have, and those of a ProxyCommand."""
    here = socket.gethostname()
    digest = hashlib.sha1(f"{here}{host}{port}{user}{jump}".encode(), usedforsecurity=False).hexdigest()
    uid = os.getuid() if hasattr(os, "getuid") else 0
    return {
        "C": digest, "L": here.partition(".")[0], "d": str(Path.home()), "h": host, "i": str(uid), "j": jump,
        "k": alias or typed, "l": here, "n": typed, "p": str(port), "r": user, "u": account,
    }  # fmt: skip


IN_COMMANDS = frozenset("hknpr")
"""The tokens of ProxyCommand and ProxyJump."""


def expanded(text: str, tokens: Mapping[str, str], place: str) -> str:
    """Return the text with `%h` and its kin replaced; `%%` is a percent sign.

    Raises:
        UsageError: a token that this option does not know, as in OpenSSH.
    """
    return _TOKEN.sub(lambda match: _value(match, tokens, place), text)


def expanded_path(text: str, tokens: Mapping[str, str], place: str) -> str:
    """Return a path with `~`, `${VARIABLE}` and tokens replaced.

    Raises:
        UsageError: an unknown token, account or variable.
    """
    try:
        path = str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError as cause:
        raise UsageError(f"{place}: {text}: there is no such account") from cause
    both = re.compile(f"{_TOKEN.pattern}|{_VARIABLE.pattern}", re.DOTALL)

    def replaced(match: re.Match[str]) -> str:
        if match[0].startswith("%"):
            return _value(match, tokens, place)
        if not match[3] or match[2] not in os.environ:
            raise UsageError(f"{place}: {text}: the environment has no {match[2] or 'variable'}")
        return os.environ[match[2]]

    return both.sub(replaced, path)


def command(text: str, tokens: Mapping[str, str], place: str) -> str:
    """Return a command for `sh -c` in which every token is one piece of text, whatever it contains.

    A value is quoted for where it stands: bare, in single or in double quotes. Where that cannot be told, only values
    without a special character are let in.

    Raises:
        UsageError: an unknown token, or a value that cannot be quoted where it stands.
    """
    made: list[str] = []
    state = ""  # the quote that is open
    escaped = False
    rest = 0
    for match in _TOKEN.finditer(text):
        between = text[rest : match.start()]
        state, escaped = _after(between, state, escaped=escaped)
        made.append(between)
        rest = match.end()
        value = _value(match, tokens, place)
        if match[1] != "%" and not _HARMLESS.fullmatch(value):
            if escaped or _DEEP.search(text):
                raise UsageError(
                    f"{place}: %{match[1]} is {value!r} here, which cannot be quoted in that command",
                    hint="write the token as a word of its own, outside of backquotes and $(…)",
                )
            value = _QUOTED[state](value)
        made.append(value)
        escaped = False
    return "".join(made) + text[rest:]


def _value(match: re.Match[str], tokens: Mapping[str, str], place: str) -> str:
    if match[1] == "%":
        return "%"
    if match[1] not in tokens:
        raise UsageError(f"{place}: the token %{match[1]} is not known here", hint="%% is a percent sign")
    return tokens[match[1]]


def _after(text: str, state: str, *, escaped: bool) -> tuple[str, bool]:
    """Return which quote is open at the end of `text`, and whether a backslash is."""
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\" and state != "'":
            escaped = True
        elif char == state:
            state = ""
        elif not state and char in {"'", '"'}:
            state = char
    return state, escaped


def _bare(value: str) -> str:
    return "'" + _single(value) + "'"


def _single(value: str) -> str:
    return value.replace("'", "'\\''")


def _double(value: str) -> str:
    return re.sub(r'(["$`\\])', r"\\\1", value)


_QUOTED: Mapping[str, Callable[[str], str]] = {"": _bare, "'": _single, '"': _double}
