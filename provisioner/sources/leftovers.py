"""Sources of docker-ce that older guides or other tools have set up: together with ours they stop apt or warn in dnf.

What is taken out is only what carries docker-ce; whatever else a file holds stays as it is.
"""

from __future__ import annotations

import re

from provisioner.facts.model import Facts
from provisioner.host_files.lines import lines, lines_with_ends

OLD_KEYS = (
    "/etc/apt/keyrings/docker.gpg",
    "/etc/apt/trusted.gpg.d/docker.gpg",
    "/usr/share/keyrings/docker-archive-keyring.gpg",
)
_DEB_TREE = re.compile(r"https?://\S+/linux/(?:ubuntu|debian|raspbian)/?$")
_RPM_TREE = re.compile(r"^\s*(?:baseurl|mirrorlist)\s*=\s*https?://\S+/linux/(?:centos|rhel|fedora)/", re.MULTILINE)
_CHANNELS = {"stable", "test", "edge", "nightly"}
_LINE = re.compile(r"^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+\S+\s+(?P<components>[^#]+)")


def leftovers(facts: Facts, ours: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the files to rewrite, with what is left of them, and those to remove; `ours` is our own source's path."""
    rewrite: dict[str, str] = {}
    remove: list[str] = []
    for file in facts.source_files:
        path = file.asked or file.path
        if path == ours or not path.endswith((".list", ".sources", ".repo")):
            continue
        rest = _without_docker(path, file.text)
        if rest == file.text:
            continue
        if path != "/etc/apt/sources.list" and _says_nothing(rest):
            remove.append(path)
        else:
            rewrite[path] = rest
    return rewrite, tuple(remove)


def set_up(facts: Facts) -> str:
    """Return what the package source of docker-ce on this host lacks; "" when nothing is known to be missing."""
    if facts.package_state.sourceless:
        return "no package source that has it is set up"
    docker = "\n".join(_docker_part(file.asked or file.path, file.text) for file in facts.source_files)
    missing = [key for key in facts.package_state.missing_keys if re.search(rf"{re.escape(key)}(?![\w.-])", docker)]
    return f"the key of its package source is missing: {', '.join(missing)}" if missing else ""


def old_keys(facts: Facts, ours: str) -> tuple[str, ...]:
    """Return the binary keys of older guides that are on this host."""
    return tuple(path for path in OLD_KEYS if path in facts.binary_keys and path != ours)


def _without_docker(path: str, text: str) -> str:
    return "".join(part for part, docker in _parts(path, text) if not docker)


def _docker_part(path: str, text: str) -> str:
    return "".join(part for part, docker in _parts(path, text) if docker)


def _parts(path: str, text: str) -> list[tuple[str, bool]]:
    """All of a file in parts, each with whether it carries docker-ce."""
    if path.endswith(".list"):
        return [(line, _is_docker_line(line)) for line in lines_with_ends(text)]
    if path.endswith(".sources"):
        return [(part, _is_docker_stanza(part)) for part in re.split(r"(\n[ \t]*\n)", text)]
    return [(section, _is_docker_section(section)) for section in re.split(r"(?m)^(?=\s*\[)", text)]


def _is_docker_line(line: str) -> bool:
    match = _LINE.match(line)
    return bool(match and _DEB_TREE.match(match["uri"]) and set(match["components"].split()) <= _CHANNELS)


def _is_docker_stanza(stanza: str) -> bool:
    fields = dict(re.findall(r"(?m)^(URIs|Components)\s*:\s*(.*)$", stanza))
    uris, components = fields.get("URIs", "").split(), set(fields.get("Components", "").split())
    return bool(uris) and all(map(_DEB_TREE.match, uris)) and bool(components) and components <= _CHANNELS


def _is_docker_section(section: str) -> bool:
    return bool(re.match(r"\s*\[docker-(?:ce|test|main)[\w-]*\]", section) and _RPM_TREE.search(section))


def _says_nothing(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") for line in lines(text))
