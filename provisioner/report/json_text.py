"""JSON documents as text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from provisioner.masking import masked_document


def json_text(document: Mapping[str, Any]) -> str:
    """Return `document` as JSON in ASCII, its secrets masked, everything else exact.

    Undecodable bytes of a host stay what they are, lone surrogates, as escapes. A number that JSON has no word for
    becomes null.

    Raises:
        RecursionError: it is nested too deeply.
    """
    return exact_json_text(_finite(masked_document(document)))


def exact_json_text(document: Mapping[str, Any]) -> str:
    """Return `document`, of which nothing is secret, as JSON in ASCII."""
    return json.dumps(document, indent=2).replace("\x7f", "\\u007f")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value
