"""What a reader of our output gets to see: no secrets, and no character that does something to a terminal.

Text is masked where it leaves the program: terminal, JSON, report page, history, log of a crash. Hiding too much is
fine, hiding too little is not. Whatever a host or a server sends, the time is in proportion to its length: every
search goes on where the last one ended.
"""

from __future__ import annotations

from provisioner.masking.documents import masked_document, masked_words
from provisioner.masking.secrets import HIDDEN, Span, joined, masked, replaced, secret_spans
from provisioner.masking.terminal import visible

__all__ = [
    "HIDDEN",
    "Span",
    "joined",
    "masked",
    "masked_document",
    "masked_words",
    "replaced",
    "secret_spans",
    "visible",
]
