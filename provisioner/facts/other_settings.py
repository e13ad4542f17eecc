"""Settings with which a package manager does something else than it is asked for.

Sources: apt-get(8), apt.conf(5), dnf.conf(5).
"""

from __future__ import annotations

import re

from provisioner.host_files.lines import lines

_PRETENDS = "apt only pretends to install"
_WHEN_ON = {
    "apt::get::download-only": "apt installs nothing of what it fetches",
    "apt::get::print-uris": "apt only prints what it would fetch",
    **dict.fromkeys(
        (f"apt::get::{word}" for word in ("simulate", "just-print", "dry-run", "recon", "no-act")), _PRETENDS
    ),
    "assumeno": "every question is answered with no",
    "cacheonly": "no repository is asked",
}
_WHEN_OFF = {"apt::get::download": "apt fetches no packages"}
_TRUE = {"1", "true", "yes", "on", "with", "enable"}
_FALSE = {"0", "false", "no", "off", "without", "disable"}
_SOURCES = "/etc/apt/sources.list.d"
_REPOSITORIES = "/etc/yum.repos.d"


def other_settings(text: str) -> tuple[tuple[str, str], ...]:
    """Read the frame, a setting a line: each that matters as it is written, with what it does."""
    found = []
    for line in map(str.strip, lines(text)):
        name, _, value = line.rstrip(";").partition("=" if "=" in line else " ")
        if effect := _effect(name.strip().lower(), value.strip().strip('"').lower()):
            found.append((line, effect))
    return tuple(found)


def _effect(key: str, value: str) -> str:
    if value in _TRUE:
        return _WHEN_ON.get(key, "")
    if value in _FALSE:
        return _WHEN_OFF.get(key, "")
    words = {word.rstrip("/") for word in re.split(r"[\s,]+", value)}
    if key == "dir::etc::sourceparts" and not words & {_SOURCES, _SOURCES.rpartition("/")[2]}:
        return f"apt does not read {_SOURCES}, where a package source is set up"
    if key == "tsflags" and words & {"test", "justdb"}:
        return "packages are checked or noted, and not installed"
    if key == "reposdir" and _REPOSITORIES not in words:
        return f"{_REPOSITORIES} is not read, where a package source is set up"
    return ""
