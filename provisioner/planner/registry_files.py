"""Mirrors that do not stand in daemon.json: hosts.toml and certificates of registries that dockerd reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from provisioner.catalogue.daemon_keys import release
from provisioner.errors import ApplyError, UnsupportedError
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import DOCKER_HUB, hosts_toml
from provisioner.plan.files import FileChange, write_files
from provisioner.plan.model import Step
from provisioner.wanted.spec import Spec

CAPABILITIES = '["pull", "resolve"]'
"""What a mirror may do. Never push. containerd's trust table gives a public mirror `pull` alone; then every tag is
looked up at the registry itself, which hosts that need a mirror cannot reach. With registry-mirrors dockerd asks
mirrors for tags as well, so this trusts a mirror no further than that."""

_ROOTS = {DOCKER_HUB: "registry-1.docker.io"}


def hosts_toml_text(registry: str, mirrors: Sequence[str], authorities: Mapping[str, str] | None = None) -> str:
    """Return the file that sends pulls from `registry` to `mirrors` first, in their order, then to itself.

    `authorities` are the certificate files of mirrors, by their URL: beside a hosts.toml no other is looked for.
    """
    own = f"https://{_ROOTS.get(registry, registry)}"
    lines = [f"# Mirrors of {registry}, asked in this order; {registry} itself comes last.", f'server = "{own}"']
    for url in mirrors:
        lines += ["", f'[host."{url}"]', f"  capabilities = {CAPABILITIES}"]
        if authorities and url in authorities:
            lines.append(f'  ca = "{authorities[url]}"')
    return "\n".join(lines) + "\n"


def registry_file_step(host: Host, spec: Spec, version: str, *, installs: bool) -> Step | None:
    """Return the step that writes hosts.toml and ca.crt files for dockerd; None when all is so.

    No reload follows: dockerd reads them with every pull.

    Raises:
        UnsupportedError: this engine does not read hosts.toml.
        ApplyError: a file is there that was not written by us.
    """
    wanted = spec.other_registry_mirrors
    if any(wanted.values()):
        _refuse_store(host, spec, version, installs=installs)
    changes = [*_hosts_files(host.facts, spec), *_certificates(host.facts, spec, version)]
    return write_files(
        "registry-files", "mirrors of registries and their certificates", "read with every pull", changes
    )


def hosts_file(
    facts: Facts,
    path: str,
    before: HostFile | None,
    registry: str,
    mirrors: Sequence[str],
    *,
    authorities: Mapping[str, str] | None = None,
) -> FileChange:
    """Return the change that makes the hosts.toml at `path` name `mirrors`; without any, the file goes.

    Raises:
        ApplyError: somebody else wrote it.
    """
    text = hosts_toml_text(registry, mirrors, authorities) if mirrors else None
    ours = before is None or _without_ca(before.text) == hosts_toml_text(registry, hosts_toml(before).urls)
    if before is not None and text != before.text and not (ours or written_by_us(facts, before)):
        raise foreign(before, f"the mirrors of {registry}")
    return FileChange(path, before, text)


def written_by_us(facts: Facts, file: HostFile) -> bool:
    """True when a run wrote the file and nobody has changed it since."""
    return any(row.path == file.path and row.untouched for row in facts.record.files)


def foreign(file: HostFile, what: str) -> ApplyError:
    """Return the refusal to replace a file of somebody else."""
    path = file.asked or file.path
    return ApplyError(
        f"{path} says {what} already, and was not written by this tool. Nothing was changed.",
        hint=f"change it by hand, or move it away first: mv {path} {path}.old",
    )


def _without_ca(text: str) -> str:
    return re.sub(r'(?m)^  ca = "[^"]*"\n', "", text)


def _hosts_files(facts: Facts, spec: Spec) -> Iterator[FileChange]:
    for registry, mirrors in spec.other_registry_mirrors.items():
        path = f"{facts.engine.certificates}/{registry}/hosts.toml"
        before = next((file for file in facts.registry_hosts if path in {file.path, file.asked}), None)
        authorities = {
            url: _certificate(facts, url)
            for url in mirrors
            if url.startswith("https://") and (spec.mirror_ca is not None or _has(facts, _certificate(facts, url)))
        }
        yield hosts_file(facts, path, before, registry, mirrors, authorities=authorities)


def _certificates(facts: Facts, spec: Spec, version: str) -> Iterator[FileChange]:
    if spec.mirror_ca is None:
        return
    hub = [url for url in spec.registry_mirrors or () if url.startswith("https://")]
    others = [url for mirrors in spec.other_registry_mirrors.values() for url in mirrors if url.startswith("https://")]
    paths = [_certificate(facts, url) for url in (*hub, *others)]
    info = facts.engine.info
    if hub and info and info.containerd_store and release(version) >= (28, 0, 0):
        # There, mirrors of Docker Hub inherit its own TLS settings and theirs are not read (seen with 28.5.2;
        # moby v28.5 daemon/hosts.go). 26.1 with the containerd store reads the mirror's own.
        paths.append(f"{facts.engine.certificates}/{DOCKER_HUB}/ca.crt")
    for path in dict.fromkeys(paths):
        before = _has(facts, path)
        if before and before.text != spec.mirror_ca and not written_by_us(facts, before):
            raise foreign(before, "whose certificates are trusted")
        yield FileChange(path, before, spec.mirror_ca)


def _certificate(facts: Facts, url: str) -> str:
    return f"{facts.engine.certificates}/{urlsplit(url).netloc}/ca.crt"


def _has(facts: Facts, path: str) -> HostFile | None:
    return next((file for file in facts.registry_cas if path in {file.path, file.asked}), None)


def _refuse_store(host: Host, spec: Spec, version: str, *, installs: bool) -> None:
    """Since 28.0, with the containerd image store, dockerd reads hosts.toml (docs, registry host configuration)."""
    registries = ", ".join(registry for registry, mirrors in spec.other_registry_mirrors.items() if mirrors)
    if version and release(version) < (28, 0, 0):
        raise UnsupportedError(
            f"mirrors of {registries} need Docker 28 or newer, this is {version}: its mirrors are those of Docker Hub",
            hint="--docker-version 28 or newer, or write the mirror into the names of the images",
        )
    if _containerd_store(host, spec, version, installs=installs):
        return
    driver = host.info.storage_driver if host.info else "a graph driver"
    raise UnsupportedError(
        f"mirrors of {registries} need the containerd image store; the images here are kept with {driver}",
        hint="""turn it on with --daemon features='{"containerd-snapshotter": true}' (a restart; it begins without """
        "the images pulled so far), or write the mirror into the names of the images",
    )


def _containerd_store(host: Host, spec: Spec, version: str, *, installs: bool) -> bool:
    features = {**host.daemon_json.required, **spec.daemon}.get("features")
    chosen = features.get("containerd-snapshotter") if isinstance(features, dict) else None
    if isinstance(chosen, bool):
        return chosen
    if host.info and not installs:
        return host.info.containerd_store
    # New installs of 29 have it unless images of a graph driver are there already.
    return not version or (release(version) >= (29, 0, 0) and not host.facts.storage.drivers)
