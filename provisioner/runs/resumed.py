"""What a resumed run goes on with."""

from __future__ import annotations

from dataclasses import replace

from provisioner.runs.brakes import Brakes
from provisioner.runs.history import runs, with_hosts
from provisioner.runs.past_run import PastRun, counts, last_word


def resumed_runs(name: str | None) -> tuple[str, ...]:
    """The runs that one which resumes `name` goes on with: `name` itself, and those that it resumed in turn."""
    return tuple(_chain(name))


def brakes_of(name: str) -> Brakes:
    """Return the brakes that a run was started with; one that went on with another has that one's."""
    said = (Brakes.said(record.argv) for record in _chain(name).values() if record)
    return next((brakes for brakes in said if brakes != Brakes()), Brakes())


def whole(record: PastRun) -> PastRun:
    """Return `record` with what the runs that it resumed know of its hosts: what they changed is not left out."""
    told = {host.name: host for host in record.hosts}
    for earlier in filter(None, _chain(record.resumes).values()):
        for host in with_hosts(earlier).hosts:
            if host.name in told:
                told[host.name] = last_word(host, told[host.name])
    hosts = tuple(told.values())
    return replace(record, hosts=hosts, counts=counts(hosts), exit_codes=tuple(host.exit_code for host in hosts))


def _chain(name: str | None) -> dict[str, PastRun | None]:
    """Each run with what the history has of it."""
    if name is None:
        return {}
    known = {record.id: record for record in runs()}
    chain: dict[str, PastRun | None] = {}
    while name and name not in chain:
        record = chain[name] = known.get(name)
        name = record.resumes if record else None
    return chain
