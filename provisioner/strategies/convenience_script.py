"""The script of get.docker.com, or an in-house copy of it; never chosen unless asked for.

Its contract is that of docker-install as of 2026-06-30: --channel, --mirror and --version with their values as words
of their own (`--mirror=X` is only complained about), then flags; --no-autostart since 2025-12-09; DOWNLOAD_URL for any
other source. It waits 20 s where a docker command is there and under WSL, 10 s on releases that have ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from provisioner.catalogue.package_sources import package_sources
from provisioner.catalogue.packages import clients, names
from provisioner.catalogue.platforms import Platform
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.plan.files import source_changes, write_files
from provisioner.plan.model import Step
from provisioner.plan.package_steps import run_convenience_script
from provisioner.sources.leftovers import leftovers
from provisioner.sources.reach import APT_KEY, APT_SOURCES, RPM_REPOSITORY, ScriptReach, SourceReach
from provisioner.strategies import docker_ce
from provisioner.strategies.strategy import Accept, Questions, Reject
from provisioner.wanted.spec import Spec

OFFICIAL = "https://get.docker.com"
KNOWN = frozenset({"ubuntu", "debian", "raspbian", "centos", "fedora", "rhel", "rocky"})
MIRRORS = {"aliyun": "Aliyun", "azure": "AzureChinaCloud"}
"""Package sources that the script knows by a name of its own."""


def questions(host: Host, platform: Platform, spec: Spec) -> Questions:
    del host, platform, spec
    return Questions(script=True)


def installed(host: Host) -> str:
    """Return docker-ce where it is installed: the script brings the same packages as a package source."""
    return docker_ce.installed(host, apt=True) or docker_ce.installed(host, apt=False)


def consider(host: Host, platform: Platform, reach: tuple[SourceReach, ...], spec: Spec) -> Accept | Reject:
    facts = host.facts
    if facts.package_manager == "none" or not platform.suites:
        return Reject(f"Docker builds no packages for {platform.name}")
    if spec.script_url == OFFICIAL and facts.os.id not in KNOWN:
        return Reject(f"the script of get.docker.com does not support {facts.os.name or facts.os.id}")
    script = next((answer for answer in reach if isinstance(answer, ScriptReach)), None)
    if script is None or script.problem:
        return Reject(f"{spec.script_url} cannot be fetched: {script.problem if script else 'it was not asked'}")
    first = script.text.partition("\n")[0]
    if not first.startswith("#!"):
        return Reject(f"{spec.script_url} answers with something that is no shell script: {first[:80]!r}")
    if spec.script_sha256 and script.sha256 != spec.script_sha256:
        return Reject(f"{spec.script_url} has the sha256 {script.sha256}, expected {spec.script_sha256}; it is not run")
    return Accept(why=f"{spec.script_url}, sha256 {script.sha256}", reach=script, notices=tuple(_notices(spec)))


def steps(host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step, ...]:
    script, facts = accept.reach, host.facts
    assert isinstance(script, ScriptReach)  # noqa: S101 # consider() accepts with a script only
    deb = platform.family == "deb"
    arguments = _arguments(script.text, spec)
    url = _download_url(spec)
    environment = f"DOWNLOAD_URL={url} " if url else ""
    rewrite, remove = leftovers(facts, APT_SOURCES[1] if deb else RPM_REPOSITORY)
    ours = names("docker-ce", "companion")
    room = docker_ce.room_for(facts, platform, dict.fromkeys(ours, ""), spec)
    planned = [
        docker_ce.make_room(facts, room, now=not deb, how=_how_they_go(facts, room.conflicts) if deb else "first"),
        write_files(
            "source",
            "remove other sources of docker-ce",
            "the script sets up its own",
            source_changes(facts, write=rewrite, remove=remove),
        ),
        run_convenience_script(
            f"run {environment}{spec.script_url} {' '.join(arguments)}",
            "; ".join([f"sha256 {script.sha256}", *_waits(facts, platform)]),
            script.text,
            sha256=script.sha256,
            arguments=arguments,
            download_url=url,
            family=platform.family,
            manager=facts.package_manager,
            going=room.packages if deb else (),
            there=[name for name in ours if name in facts.packages],
            files=(*APT_SOURCES, APT_KEY) if deb else (RPM_REPOSITORY,),
            held=facts.held & {*ours},
            released=facts.held & {*room.packages} if deb else (),
            fresh=not facts.engine.running,
        ),
    ]
    return tuple(step for step in planned if step)


def source_steps(host: Host, platform: Platform, accept: Accept, spec: Spec) -> tuple[Step | None, ...]:
    del host, platform, accept, spec
    return ()


def _arguments(text: str, spec: Spec) -> tuple[str, ...]:
    """Options with values first: a flag of this script may swallow the word behind it."""
    version = spec.version if spec.version not in {None, "latest"} else None
    return (
        *("--channel", spec.channel),
        *(("--mirror", MIRRORS[spec.source]) if spec.source in MIRRORS else ()),
        *(("--version", version) if version else ()),
        *(("--no-autostart",) if "--no-autostart" in text else ()),
    )


def _download_url(spec: Spec) -> str:
    if "://" in spec.source:
        return spec.source
    row = package_sources().get(spec.source)
    return row.base if row and spec.source not in {*MIRRORS, "official"} else ""


def _how_they_go(facts: Facts, conflicts: Collection[str]) -> str:
    """apt, which the script calls, replaces them by what comes; it may do that with what is in the plan alone."""
    waits = facts.engine.client and {*clients()} & {*conflicts}
    return "with what comes, or not at all" + ("; the script waits 20 s for their docker command" if waits else "")


def _waits(facts: Facts, platform: Platform) -> Iterator[str]:
    goes_before = {*clients()} & {*platform.conflicts} & {*facts.packages}
    if facts.engine.client and not goes_before:
        yield "it waits 20 s because a docker command is there"
    if facts.virtualization == "wsl":
        yield "it waits 20 s under WSL"
    if platform.ended:
        yield "it waits 10 s because this release has ended"


def _notices(spec: Spec) -> Iterator[str]:
    yield "the script trusts the key of its source unchecked; the strategies apt-repo and rpm-repo pin it"
    if not spec.script_sha256:
        plain = " and came over plain http" if spec.script_url.startswith("http://") else ""
        yield f"the script is not pinned{plain}: --script-sha256 runs only the one that was looked at before"
    if spec.version not in {None, "latest"}:
        yield f"the script takes the first version that contains {spec.version}; it is checked afterwards"
