"""A script as one command line, for a command that needs its stdin for something else.

Whatever shell an account logs in with takes the line alike, sh, bash, csh and fish: what any of them could read in a
way of its own stands as octal digits.
"""

from __future__ import annotations

import re

from provisioner.errors import UsageError

LONGEST = 120_000
"""Bytes of a line; Linux takes no argument of more than 128 kiB."""

_PLAIN = re.compile(rb"[A-Za-z0-9_/.=:@,+ -]")


def one_line(script: str, *before: str) -> str:
    """Return the line that runs `script` in sh, by way of the words `before`, such as those of sudo.

    Raises:
        UsageError: that is longer than a command line can be.
    """
    content = script.encode("utf-8", "surrogateescape")
    coded = "".join(chr(byte) if _PLAIN.match(bytes([byte])) else f"\\{byte:03o}" for byte in content.rstrip(b"\n"))
    line = " ".join([*before, f'sh -c \'eval "$(printf -- "{coded}")"\''])
    if len(line) > LONGEST:
        raise UsageError("that is more than a command line can hold", hint="put it in a file, and mount that with -v")
    return line
