"""What was said of the wanted state -> that state, validated."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from provisioner.errors import UsageError
from provisioner.masking import masked
from provisioner.wanted.spec import Spec


def spec(**wanted: Any) -> Spec:
    """Validate the wanted state before any host is contacted.

    Raises:
        UsageError: it is not valid.
    """
    try:
        return Spec(**wanted)
    except ValidationError as cause:
        problems = "\n".join(
            (".".join(map(str, error["loc"])) + ": " if error["loc"] else "")
            + error["msg"].removeprefix("Value error, ")
            for error in cause.errors()
        )
        raise UsageError(masked(problems), hint="nothing was contacted or changed") from cause
