"""Where secrets stand in a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from provisioner.masking.blocks import private_keys, secrets_of_headers
from provisioner.masking.keys import secrets_of_keys
from provisioner.masking.urls import secrets_of_urls

Span = tuple[int, int]

HIDDEN = "***"
_MOST_PASSES = 8
"""What is hidden may bring what stands around it together to something that looks like a secret once more."""


def masked(text: str, *, login_names: bool = False) -> str:
    """Return `text` with *** in place of what looks like a secret; `login_names` in URLs stay on request.

    >>> masked('"http-proxy": "http://me:pw@proxy:3128"')
    '"http-proxy": "http://***@proxy:3128"'
    >>> masked('splunk-token=abc')
    'splunk-token=***'
    >>> masked('https://m.example/x?sig=abc')
    'https://m.example/x?***'
    """
    for _ in range(_MOST_PASSES):
        spans = secret_spans(text)
        shown = replaced(text, [_password(text, *span) for span in spans] if login_names else spans)
        if shown == text:
            break
        text = shown
    return text


def secret_spans(text: str) -> list[Span]:
    """Return where secrets stand in `text`, in order and apart from each other.

    Secrets are the user part of a URL (a proxy's login) and its query, the values of keys such as splunk-token in
    JSON, in KEY=VALUE form and in JSON inside a JSON string, what an Authorization header carries, private keys.
    """
    return joined([*secrets_of_keys(text), *secrets_of_urls(text), *secrets_of_headers(text), *private_keys(text)])


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return `spans` in order; those that overlap or touch become one, empty ones go."""
    apart: list[Span] = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        elif start < end:
            apart.append((start, end))
    return apart


def _password(text: str, start: int, end: int) -> Span:
    colon = text.find(":", start, end) if text[max(0, start - 2) : start] == "//" else -1
    return (colon + 1, end) if colon >= 0 else (start, end)


def replaced(text: str, spans: Sequence[Span]) -> str:
    """Return `text` with *** in place of every span."""
    parts, position = [], 0
    for start, end in spans:
        parts += [text[position:start], HIDDEN]
        position = end
    return "".join([*parts, text[position:]])
