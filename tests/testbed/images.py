"""Images of the hosts, built once: mmdebstrap makes a suite, a script in a container turns it into a host.

An image is tagged with a hash of all that goes into it. The week is part of that: an image carries package lists,
and the archive drops what they name sooner or later.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import shlex
import subprocess
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.testbed import apt
from tests.testbed.engine import LABEL, TestbedError, docker, run
from tests.testbed.locks import locked, used
from tests.testbed.recipes import PASSWORD, RECIPES, SUITES, Recipe, Suite

ENTRY = (Path(__file__).parent / "entry.sh").read_text()
BUILDERS = 2


@functools.cache
def image(slug: str) -> str:
    """Return the tag of the image of `slug`, a row of RECIPES or of SUITES, building what is missing of it."""
    tag = _tag(slug)
    _remove_unused(slug, tag)
    if _exists(tag):
        return tag
    with locked(f"image-{slug}"):
        if not _exists(tag):
            if slug in SUITES:
                _bootstrap(SUITES[slug], tag)
            else:
                _derive(RECIPES[slug], tag)
    return tag


def build(slugs: Iterable[str]) -> None:
    """Build the images of `slugs` and what they are based on, two at a time."""
    wanted = tuple(dict.fromkeys(slugs))
    bases = {slug: RECIPES[slug].base for slug in wanted if slug in RECIPES}
    if bases:
        build(bases.values())
    with ThreadPoolExecutor(BUILDERS) as pool:
        list(pool.map(image, wanted))


def _tag(slug: str) -> str:
    return f"{LABEL}/{slug}:{_digest(slug)}"


def _digest(slug: str) -> str:
    parts: tuple[object, ...]
    if slug in SUITES:
        suite = SUITES[slug]
        parts = (suite, _apt_settings(), _mirror(suite), dt.date.today().isocalendar()[:2])  # noqa: DTZ011
    else:
        recipe = RECIPES[slug]
        parts = (_script(recipe), recipe.init, _digest(recipe.base))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _exists(tag: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", tag], capture_output=True, check=False).returncode == 0


def _remove_unused(slug: str, tag: str) -> None:
    for digest in used(slug, tag.rpartition(":")[2]):
        # One that a host still runs on, or that others are based on, stays: that is not an error.
        subprocess.run(["docker", "image", "rm", f"{LABEL}/{slug}:{digest}"], capture_output=True, check=False)


def _bootstrap(suite: Suite, tag: str) -> None:
    apt.ensure("mmdebstrap", "gpg")
    with tempfile.TemporaryDirectory(prefix=f"{LABEL}-") as folder:
        archive = f"{folder}/{suite.release}.tar"
        run(
            *("mmdebstrap", "--quiet", f"--variant={suite.variant}"),
            *([f"--include={','.join(suite.packages)}"] if suite.packages else []),
            *(["--skip=cleanup/apt/lists"] if suite.lists else []),
            *(f"--aptopt={line}" for line in _apt_settings()),
            *(suite.release, archive, *_mirror(suite)),
        )
        docker("import", archive, tag)


def _mirror(suite: Suite) -> tuple[str, ...]:
    """The archive that this machine uses for its own release. Unknown: mmdebstrap's own default."""
    found = _apt_sites()
    return (f"deb {found[0]} {suite.release} main",) if found else ()


def _apt_sites() -> list[str]:
    if not hasattr(_apt_sites, "known"):
        listed = run(
            "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian",
            "Label: Debian",
        )  # fmt: skip
        _apt_sites.known = [uri for uri in dict.fromkeys(listed.split()) if "://" in uri]  # type: ignore[attr-defined]
    return _apt_sites.known  # type: ignore[attr-defined, no-any-return]


def _apt_settings() -> tuple[str, ...]:
    """What this machine's apt needs to reach its archive, as apt.conf lines: proxies, certificates, dates."""
    wanted = ("Proxy", "CaInfo", "Verify-Peer", "Check-Valid-Until", "Check-Date")
    lines = run("apt-config", "dump", "Acquire").splitlines()
    kept = [line for line in lines if any(f"::{word}" in line.split()[0] for word in wanted) and '""' not in line]
    return tuple(sorted(kept))


def _derive(recipe: Recipe, tag: str) -> None:
    base = image(recipe.base)
    name = f"{LABEL}-build-{recipe.slug}"
    subprocess.run(["docker", "rm", "-fv", name], capture_output=True, check=False)
    try:
        docker(
            "run",
            "-i",
            "--name",
            name,
            "--label",
            f"{LABEL}=build",
            "--entrypoint",
            "",
            base,
            "sh",
            "-es",
            stdin=_script(recipe),
        )
        docker("commit", "--change", f'ENTRYPOINT ["/usr/sbin/testbed-entry", "{recipe.init}"]', name, tag)
    except TestbedError as error:
        raise TestbedError(f"the image of {recipe.slug} cannot be built: {error}") from error
    finally:
        subprocess.run(["docker", "rm", "-fv", name], capture_output=True, check=False)


def _script(recipe: Recipe) -> str:
    """What is done inside a container of the base, as root."""
    install = ""
    if recipe.packages:
        install = f"apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-unsafe-io {shlex.join(recipe.packages)} </dev/null"
    accounts = ""
    if recipe.base in SUITES:
        accounts = f"""
for user in ops pat nosudo; do useradd -m -s /bin/sh "$user"; done
printf '%s\\n' {shlex.quote(f"pat:{PASSWORD}")} {shlex.quote(f"nosudo:{PASSWORD}")} | chpasswd
printf 'ops ALL=(ALL:ALL) NOPASSWD: ALL\\npat ALL=(ALL:ALL) ALL\\n' >/etc/sudoers.d/accounts
chmod 440 /etc/sudoers.d/accounts
# Hosts are thrown away, so that dpkg need not wait for the disk.
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/testbed
# Nothing takes the package lock behind a test's back.
for unit in apt-daily.timer apt-daily-upgrade.timer; do ln -sf /dev/null "/etc/systemd/system/$unit"; done
"""
    os_release = ""
    if recipe.os_release:
        os_release = f"""
rm -f /etc/os-release /usr/lib/os-release /etc/lsb-release /etc/debian_version
printf '%s' {shlex.quote(recipe.os_release)} >/etc/os-release
"""
    return f"""main() {{
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
{install}
{accounts}
printf '%s' {shlex.quote(ENTRY)} >/usr/sbin/testbed-entry
chmod 755 /usr/sbin/testbed-entry
rm -f /etc/ssh/ssh_host_* /usr/sbin/policy-rc.d /var/cache/apt/archives/*.deb
: >/etc/machine-id
{os_release}
{recipe.tweaks}
}}
main
"""
