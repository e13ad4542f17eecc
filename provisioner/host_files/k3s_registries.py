"""/etc/rancher/k3s/registries.yaml: the mirrors of Docker Hub in it, and every other byte as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from provisioner.errors import ApplyError
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import DOCKER_HUB
from provisioner.host_files.tables import UnreadableError
from provisioner.host_files.yaml_limits import refuse_what_takes_for_ever

if TYPE_CHECKING:
    import yaml

_BY_HAND = f"add the endpoints of {DOCKER_HUB} by hand"


def with_mirrors(file: HostFile | None, mirrors: Sequence[str], *, ours: bool) -> str | None:
    """Return the text with `mirrors` as the endpoints of docker.io; None for a file that is not there or goes.

    A file goes when nothing is left of it, not even a comment. `ours`: we wrote it, so endpoints that stand there may
    be replaced.

    Raises:
        ApplyError: the file cannot be read, docker.io has other content, or is written in a form that is not edited.
    """
    text = file.text if file else ""
    document, root = _read(file, text)
    before = document.get("mirrors") or {}
    current = before.get(DOCKER_HUB)
    wanted = {"endpoint": list(mirrors)}
    if current == wanted or (current is None and not mirrors):
        return file.text if file else None
    if file is None or not text.strip():
        return f"mirrors:\n{_entry('  ', mirrors)}"
    if current is not None and not ours:
        raise _refused(
            file, f"says other things of {DOCKER_HUB}", f"change the endpoints of {DOCKER_HUB} in it by hand"
        )
    result = _edited(file, text, root, mirrors)
    expected = {name: value for name, value in before.items() if name != DOCKER_HUB}
    expected |= {DOCKER_HUB: wanted} if mirrors else {}
    if not _changed_only(result, {**document, "mirrors": expected}):
        raise _refused(file, "is written in a form that is not edited", _BY_HAND)
    return result if result.strip() else None


def _edited(file: HostFile, text: str, root: yaml.MappingNode | None, mirrors: Sequence[str]) -> str:
    if root is not None and root.flow_style:
        raise _refused(file, "stands on one line, in { }", _BY_HAND)
    newline = "\r\n" if "\r\n" in text else "\n"
    sections = root.value if root is not None else ()
    section = next(((key, value) for key, value in sections if key.value == "mirrors"), None)
    if section is None:
        gap = "" if text.endswith("\n") else newline
        return f"{text}{gap}mirrors:{newline}{_entry('  ', mirrors, newline)}"
    key, entries = section
    if not entries.value:
        raise _refused(file, "has mirrors: without any", "take the empty mirrors: out of it")
    if entries.flow_style:
        raise _refused(file, "has its mirrors on one line, in { }", _BY_HAND)
    indent = " " * entries.value[0][0].start_mark.column
    place = next((index for index, (name, _) in enumerate(entries.value) if name.value == DOCKER_HUB), None)
    if place is None:
        # Below `mirrors:` itself, so that a comment stays with the entry that it stands before.
        start = _line_end(text, key.end_mark.index)
        return text[:start] + _entry(indent, mirrors, newline) + text[start:]
    start, end = _lines(text, *entries.value[place])
    if mirrors or len(entries.value) > 1:
        return text[:start] + (_entry(indent, mirrors, newline) if mirrors else "") + text[end:]
    head, below = _line_start(text, key.start_mark.index), _line_end(text, key.end_mark.index)
    comment = text[key.end_mark.index : below].partition("#")[1:]
    return text[:head] + "".join(comment) + text[below:start] + text[end:]


def _lines(text: str, key: yaml.Node, value: yaml.Node) -> tuple[int, int]:
    """Where the lines of an entry begin and end; comments after it are not its own."""
    return _line_start(text, key.start_mark.index), _line_end(text, _end(value))


def _end(node: yaml.Node) -> int:
    """Where the last thing that a node holds ends; its own end is that of the comments behind it."""
    import yaml

    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    return int(node.end_mark.index)


def _entry(indent: str, mirrors: Sequence[str], newline: str = "\n") -> str:
    lines = [f"{indent}{DOCKER_HUB}:", f"{indent}  endpoint:", *(f"{indent}    - {json.dumps(url)}" for url in mirrors)]
    return newline.join(lines) + newline


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    """Where the next line begins."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _changed_only(result: str, expected: Mapping[str, Any]) -> bool:
    """True when `result` says `expected` and nothing else; an empty mapping says the same as none."""
    try:
        document, _ = _parsed(result)
        return {**document, "mirrors": document.get("mirrors") or {}} == expected
    except (UnreadableError, RecursionError):
        return False


def _read(file: HostFile | None, text: str) -> tuple[dict[str, Any], Any]:
    try:
        return _parsed(text)
    except RecursionError:
        problem, way_out = "is nested too deep", "correct it"
    except UnreadableError as error:
        problem, way_out = str(error), "correct it"
    assert file is not None  # noqa: S101 # an empty text can be read
    raise _refused(file, problem, way_out)


def _parsed(text: str) -> tuple[dict[str, Any], Any]:
    """Return the document and its nodes.

    Raises:
        UnreadableError: there is none, or one that is not edited.
    """
    import yaml

    refuse_what_takes_for_ever(text)
    try:
        # An alias may stand for the file many times over, and an edit of what it names would change other places.
        aliases = any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader))
        document = None if aliases else yaml.safe_load(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that is none
        raise UnreadableError(f"cannot be read: {' '.join(str(error).split())}") from error
    if aliases:
        raise UnreadableError("uses aliases (*NAME), which are not edited")
    if document is None:
        return {}, None
    if not isinstance(document, dict) or not isinstance(document.get("mirrors") or {}, dict):
        raise UnreadableError("is no mapping of mirrors and configs")
    return document, root


def _refused(file: HostFile, problem: str, way_out: str) -> ApplyError:
    path = file.asked or file.path
    return ApplyError(f"{path} {problem}. Nothing was changed.", hint=f"{way_out}, then run the command again")
