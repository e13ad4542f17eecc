"""A host to work on: how it is reached, and what is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from provisioner.transports.base import Transport
from provisioner.wanted.spec import Spec


@dataclass(frozen=True, slots=True)
class Target:
    """A host with the way to reach it and its wanted state.

    `removal` wants the engine away instead, "purge" its data as well.
    """

    transport: Transport
    spec: Spec
    become_password: str | None = None
    removal: Literal["", "remove", "purge"] = ""

    @property
    def name(self) -> str:
        return self.transport.name
