"""Secrets in text that a terminal, a log, the history or a report gets to see."""

from __future__ import annotations

import re
from collections.abc import Sequence

# The user part of a URL (a proxy's login), and the values of keys such as splunk-token, in JSON, in KEY=VALUE form
# and in a JSON string inside a JSON string. Hiding too much is fine, hiding too little is not.
_SECRETS = (
    re.compile(r"""(?<=//)[^\s"'/]+(?=@)|(?<=//)[^\s"'@/:]*:[^\s"']*(?=@)"""),
    re.compile(
        r"""(?i)(?:token|secret|passw|credential|api[-_]?key)[^"'=:,\s\\]*\\?["']?\s*[:=]\s*"""
        r"""(?:"(?P<json>(?:[^"\\]|\\.)*)"|\\"(?P<inner>.*?)\\"|(?P<word>[^"',\s}\]]+))"""
    ),
)


def masked(text: str) -> str:
    """Return `text` with *** in place of what looks like a secret.

    >>> masked('"http-proxy": "http://me:pw@proxy:3128"')
    '"http-proxy": "http://***@proxy:3128"'
    >>> masked('splunk-token=abc')
    'splunk-token=***'
    """
    for pattern in _SECRETS:
        text = pattern.sub(_hidden, text)
    return text


def masked_words(argv: Sequence[str]) -> list[str]:
    """The words of a command line as they may be kept: of `--daemon KEY=JSON` only values that cannot hide one."""
    kept: list[str] = []
    for word in argv:
        if kept and kept[-1] == "--daemon":
            kept.append(_plain(word))
        elif word.startswith("--daemon="):
            kept.append("--daemon=" + _plain(word.removeprefix("--daemon=")))
        else:
            kept.append(masked(word))
    return kept


def _hidden(match: re.Match[str]) -> str:
    groups = [name for name, value in match.groupdict().items() if value is not None]
    if not groups:
        return "***"
    start, end = match.span(groups[0])
    whole = match.group()
    return f"{whole[: start - match.start()]}***{whole[end - match.start() :]}"


def _plain(setting: str) -> str:
    key, _, value = setting.partition("=")
    shown = value in {"true", "false", "null"} or value.lstrip("-").isdigit() or value.isalpha()
    return f"{key}={value if shown and masked(setting) == setting else '***'}"
