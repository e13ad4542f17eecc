"""Names of keys whose values are secrets."""

from __future__ import annotations

import re
from typing import Any


def any_case(word: str) -> str:
    """A pattern for `word` in any case, letter by letter: re.IGNORECASE is ten times slower."""
    return "".join(f"[{char}{char.upper()}]" for char in word)


SECRET = re.compile(
    "|".join(map(any_case, ("token", "secret", "passw", "passphrase", "credential")))
    + f"|(?:{any_case('api')}|{any_case('access')})[-_]?{any_case('key')}"
)


def names_secret(name: Any) -> bool:
    """True for the key of a secret: it has one of these words in it, or is the "auth" of Docker's own config.json."""
    return isinstance(name, str) and (name.lower() == "auth" or SECRET.search(name) is not None)
