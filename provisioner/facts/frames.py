"""The markers that separate our words from everything else a host prints.

A marker is a line of its own, `@@NONCE verb rest`. The newline before it belongs to it, so that the body of a
frame is what the host wrote between the markers to the byte, with or without a final newline.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from provisioner.errors import FactsError

RAW_NONCE = "facts"
"""Nonce of the stored form that `provisioner facts --raw` prints."""


def new_nonce() -> str:
    """Return a word that no output of a host has in it by chance."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a host answered under `name`: `body` is its text to the byte."""

    name: str
    body: str


def marker(line: str, nonce: str) -> tuple[str, str] | None:
    """Return (verb, rest) when `line` is a marker of this run, else None."""
    prefix = f"@@{nonce} "
    if not line.startswith(prefix):
        return None
    verb, _, rest = line[len(prefix) :].rstrip("\r\n").partition(" ")
    return verb, rest


def frames(text: str, nonce: str) -> tuple[Frame, ...]:
    """Return the frames of a complete answer, in order.

    Raises:
        FactsError: the answer stops early, or a frame does not end; the message names it.
    """
    marks = re.compile(rf"\n@@{re.escape(nonce)} (begin|end|done) ?([^\n]*)(?=\n|$)")
    found: list[Frame] = []
    open_name, start, done = "", 0, False
    text = "\n" + text
    for mark in marks.finditer(text):
        verb, name = mark.group(1), mark.group(2).strip()
        if verb == "done":
            done = True
            break
        if verb == "begin":
            if open_name:
                raise FactsError(f"the answer's frame {open_name!r} does not end before {name!r} begins")
            open_name, start = name, mark.end() + 1
        elif name != open_name:
            raise FactsError(f"the answer's frame {open_name!r} is ended by {name!r}")
        else:
            found.append(Frame(name, text[start : mark.start()]))
            open_name = ""
    if open_name:
        raise FactsError(f"the answer stops inside its frame {open_name!r}")
    if not done:
        last = f" after {found[-1].name!r}" if found else ""
        raise FactsError(
            f"the answer is incomplete{last}: its end marker is missing",
            hint="run `provisioner facts --raw` on this host to see what it prints; a login script that exits "
            "or a missing `sh` are the usual causes",
        )
    return tuple(found)
