"""Steps that install, change, hold and remove packages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from provisioner.plan.model import Step

LOCK_TIMEOUT = 300
"""Seconds that a step waits for somebody else's package manager."""

UPGRADE_LOCK_TIMEOUT = 600


def apt_install(
    title: str,
    why: str,
    packages: Sequence[str],
    *,
    going: Sequence[str] = (),
    held: Collection[str] = (),
    released: Collection[str] = (),
    refresh: Literal["all", "source", ""] = "all",
    renew: bool = False,
    source_file: str = "",
    version_prefix: str = "",
    downgrades: bool = False,
) -> Step:
    """Install `packages` (NAME or NAME=VERSION), those that are `held` as well, and remove `going` with it.

    It is one transaction, of which all is known before anything changes; no more than `going` is removed, those of
    them in `released` although they are held. `refresh` says which package lists are fetched before: all, that of
    `source_file` alone, or none; with `renew` all of them, once, when a package that they name is gone. With
    `version_prefix` the newest version of the first package that begins with it is
    taken.
    """
    params = {
        "packages": packages,
        "going": going,
        "held": sorted(held),
        "released": sorted(released),
        "refresh": refresh,
        "renew": renew,
        "source_file": source_file,
        "version_prefix": version_prefix,
        "flags": ["--allow-downgrades"] if downgrades else [],
        "lock_timeout": LOCK_TIMEOUT,
    }
    return Step("packages", title, why, "+", "apt_install", params)


def rpm_install(
    step_id: str,
    title: str,
    why: str,
    packages: Sequence[str],
    *,
    manager: str,
    going: Sequence[str] = (),
    downgrade: Sequence[str] = (),
    exact: Sequence[str] = (),
    held: Collection[str] = (),
    released: Collection[str] = (),
    doubled: Sequence[str] = (),
    guard: bool = False,
    key_file: str = "",
    key_id: str = "",
    extras: str = "",
) -> Step:
    """Install `packages`, change those in `downgrade` to an older version and remove `going`, in one transaction.

    All of it is known before anything changes; no more than `going` is removed, those of them in `released` although
    they are held, and `exact` must be installed afterwards. `doubled` are packages of which a transaction that broke
    off left two versions. `guard` keeps the engine from starting before it is configured. `key_file` holds the key
    `key_id` (its last eight digits) that rpm is to trust; `extras` is a topic of amazon-linux-extras.
    """
    params = {
        "packages": packages,
        "going": going,
        "released": sorted(released),
        "doubled": doubled,
        "guard": guard,
        "downgrade": downgrade,
        "exact": exact,
        "held": sorted(held),
        "manager": manager,
        "key_file": key_file,
        "key_id": key_id,
        "extras": extras,
        "lock_timeout": LOCK_TIMEOUT,
    }
    return Step(step_id, title, why, "+", "rpm_install", params)


def apt_prerequisites(step_id: str, why: str, packages: Sequence[str]) -> Step:
    """Install `packages` of the distribution that the next steps need."""
    params = {"packages": packages, "lock_timeout": LOCK_TIMEOUT}
    return Step(step_id, f"install {' '.join(packages)}", why, "+", "apt_prerequisites", params)


def make_room(
    packages: Sequence[str], why: str, *, manager: str, now: bool = False, held: Collection[str] = ()
) -> Step:
    """Say that `packages` go, and keep them for the way back; the step that installs removes them.

    `now`: what installs cannot do that, so they are removed here, those that are `held` too; never their configuration
    files or data.
    """
    params = {"packages": packages, "held": list(held), "now": now, "manager": manager, "lock_timeout": LOCK_TIMEOUT}
    template = "apt_make_room" if manager == "apt" else "rpm_make_room"
    return Step("conflicts", f"remove {' '.join(packages)}", why, "-", template, params)


def upgrade_system(manager: str) -> Step:
    """Upgrade all packages of the system."""
    template = "apt_upgrade" if manager == "apt" else "rpm_upgrade"
    params = {"manager": manager, "lock_timeout": UPGRADE_LOCK_TIMEOUT}
    return Step("system-update", "upgrade all packages of the system", "--system-update", "~", template, params)


def hold_packages(packages: Sequence[str], *, manager: str) -> Step:
    """Keep the package manager from changing those of `packages` that are installed."""
    params = {"packages": packages, "manager": manager, "lock_timeout": LOCK_TIMEOUT}
    template = "apt_hold" if manager == "apt" else "rpm_hold"
    return Step("hold", "hold the packages", "--hold", "~", template, params)


def trust_apt_key(fingerprint: str, *, path: str, base64: str) -> Step:
    """Write the binary key `base64` to `path`."""
    params = {"path": path, "base64": base64}
    return Step(
        "key", f"trust the key {fingerprint}", "this apt reads binary keys alone", "+", "apt_binary_key", params
    )


def forget_rpm_keys(ids: Sequence[str]) -> Step:
    """Take the keys `ids` (ID-DATE) out of rpm's database."""
    return Step(
        "key", "let rpm forget the key", "it signs no packages of this host", "-", "rpm_forget_key", {"ids": ids}
    )


def run_convenience_script(
    title: str,
    why: str,
    text: str,
    *,
    sha256: str,
    arguments: Sequence[str],
    download_url: str,
    family: str,
    manager: str,
    going: Sequence[str],
    there: Sequence[str],
    files: Sequence[str],
    held: Collection[str],
    released: Collection[str],
    fresh: bool,
) -> Step:
    """Run the installation script `text` on a host of `family` deb or rpm.

    `going` may be removed by it, `there` are packages that it may change, `files` those that it may write; all of them
    come back when it fails. `fresh`: no engine runs yet, so one that the script starts is stopped.
    """
    params = {
        "going": going,
        "released": sorted(released),
        "there": there,
        "files": files,
        "text": text,
        "sha256": sha256,
        "arguments": arguments,
        "download_url": download_url,
        "family": family,
        "held": sorted(held),
        "manager": manager,
        "fresh": fresh,
        "lock_timeout": LOCK_TIMEOUT,
    }
    return Step("packages", title, why, "+", "convenience_script", params)


def uninstall(
    title: str,
    why: str,
    packages: Sequence[str],
    *,
    manager: str,
    held: Collection[str],
    spare: Sequence[str],
    purge: Sequence[str],
    disable: Sequence[str],
    units: Sequence[str],
) -> Step:
    """Remove an engine's `packages`, and those in `spare` that nothing else needs.

    `purge` are those whose configuration files go as well; `disable` are units that are disabled before, `units`
    those of which nothing may be left behind.
    """
    params = {
        "packages": packages,
        "held": list(held),
        "spare": spare,
        "purge": purge,
        "disable": disable,
        "units": units,
        "manager": manager,
        "lock_timeout": LOCK_TIMEOUT,
    }
    return Step("packages", title, why, "-", "apt_uninstall" if manager == "apt" else "rpm_uninstall", params)
