"""The engine that is there: which one it is, where it comes from, whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.facts.engine_origin import origin, way_to_a_package
from provisioner.preflight.finding import Finding, Subject, failed, passed, warned


def engine(subject: Subject) -> Iterator[Finding]:
    facts, there = subject.facts, subject.facts.engine
    beside = "; ".join(map(str, there.others))
    if beside and not there.installed:
        yield failed(
            "engine",
            f"several engines run here, none of them of docker.service or behind the usual socket: {beside}",
            "stop those that are not meant, or give the one that is meant the socket /var/run/docker.sock",
            "always",
        )
        return
    if there.unpackaged and subject.installs:
        version = f" {subject.host.engine_version}" if subject.host.engine_version else ""
        yield failed(
            "engine",
            f"the engine{version} here is {origin(facts)}: packages beside it would fight with it for unit, socket and "
            "data, so none is installed",
            f"exchange its programs the way they came, or take it away first, its images and volumes stay: "
            f"{way_to_a_package(facts)}",
            "install",
            unsupported=True,
        )
    elif beside:
        yield warned("engine", f"another engine runs here and is left alone: {beside}")
    elif there.installed:
        yield passed("engine", origin(facts))


CHECKS = (engine,)
