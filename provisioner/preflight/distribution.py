"""The distribution, and which engines were ever built for it."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalogue.versions import newer
from provisioner.errors import UnsupportedError
from provisioner.facts.model import Facts
from provisioner.preflight.finding import Finding, Subject, failed, passed, warned
from provisioner.wanted.strategies import takes_dockers_builds


def unknown_distribution(facts: Facts) -> UnsupportedError:
    """The error that says everything that was detected of a distribution no row leads to."""
    os = facts.os
    return UnsupportedError(
        f"no way is known to install Docker Engine on this distribution. Detected: id={os.id or '?'} "
        f"version={os.version_id or '?'} codename={os.codename or '?'} like={' '.join(os.id_like) or '?'} "
        f"name={os.name!r} arch={facts.arch} kernel={facts.kernel} init={facts.init} "
        f"package manager={facts.package_manager}",
        hint="install Docker by the distribution's own means; `provisioner mirror set` works on any running engine",
    )


def distribution(subject: Subject) -> Iterator[Finding]:
    platform = subject.platform
    if platform is None:
        error = unknown_distribution(subject.facts)
        yield failed("distribution", error.message, error.hint, "install", unsupported=True)
        return
    if subject.host.platform_notice:
        yield warned("distribution", subject.host.platform_notice)
    if platform.ended:
        last = f"; the last engine for it is {platform.last_engine}" if platform.last_engine else ""
        yield warned("distribution", f"Docker builds nothing for {platform.name} since {platform.ended}{last}")
    if not subject.host.platform_notice and not platform.ended:
        yield passed("distribution", platform.name)


def version(subject: Subject) -> Iterator[Finding]:
    """A version that was never built for the platform is refused before anything is asked or downloaded."""
    spec, platform = subject.spec, subject.platform
    elsewhere = not takes_dockers_builds(spec.strategy) or "://" in spec.source
    if elsewhere or not platform or not platform.last_engine or spec.version in {None, "latest"}:
        return
    if newer(str(spec.version), platform.last_engine):
        yield failed(
            "version",
            f"Docker Engine {spec.version} was never built for {platform.name}: the last engine built for it is "
            f"{platform.last_engine}, builds ended on {platform.ended}",
            f"ask for --docker-version {platform.last_engine.partition('.')[0]}, or upgrade the distribution",
            "install",
            unsupported=True,
        )


CHECKS = (distribution, version)
