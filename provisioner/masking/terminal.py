"""Characters that do something to a terminal, or that nobody sees."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    r"""Return `text` with everything that a terminal would act on, or that nobody would see, as an escape sequence.

    Newlines and tabs stay; control characters, bidirectional and invisible ones, other line ends and lone surrogates
    (undecodable bytes) do not.

    >>> visible("\x1b[31mred\u202e")
    '\\x1b[31mred\\u202e'
    """
    return text.translate(_ESCAPES) if _UNSAFE.search(text) else text


class _Escapes(dict[int, str]):
    def __missing__(self, code: int) -> str:
        char = chr(code)
        escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        return self.setdefault(code, escape if _UNSAFE.match(char) else char)


_ESCAPES = _Escapes()
