"""The installation script, fetched by the host that would run it, so that its bytes are known before it runs."""

from __future__ import annotations

from provisioner.remote.ask_host import ask_host
from provisioner.sources.reach import ScriptReach, Source
from provisioner.transports.base import Transport
from provisioner.wanted.spec import Spec

LIMIT = 20
"""Seconds for a file of some twenty kilobytes."""


def fetch_script(transport: Transport, spec: Spec, *, become_password: str | None) -> ScriptReach:
    """Have the host fetch the script that `spec` names.

    Raises:
        ConnectError: see `Transport.run`.
        FactsError: the answer is incomplete.
    """
    answer = ask_host(
        transport,
        "script.sh.j2",
        become_password=become_password,
        timeout=60.0,
        url=spec.script_url,
        limit=LIMIT,
        pinned=bool(spec.script_sha256),
    )
    problem = " ".join(answer.get("problem", "").split())
    return ScriptReach(Source("script", spec.script_url, "", ()), problem=problem, text=answer.get("script", ""))
