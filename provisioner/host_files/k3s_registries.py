"""/etc/rancher/k3s/registries.yaml: the mirrors of Docker Hub in it, and every other byte as it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from provisioner.errors import ApplyError
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import DOCKER_HUB

if TYPE_CHECKING:
    import yaml


def with_mirrors(file: HostFile | None, mirrors: Sequence[str], *, ours: bool) -> str | None:
    """Return the text with `mirrors` as the endpoints of docker.io; None for a file that is not there or goes.

    `ours`: we wrote it, so endpoints that stand there may be replaced.

    Raises:
        ApplyError: the file cannot be read, docker.io has other content, or is written in a form that is not edited.
    """
    text = file.text if file else ""
    document, root = _read(file, text)
    current = (document.get("mirrors") or {}).get(DOCKER_HUB)
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
    after, _ = _read(file, result)
    left = {name: value for name, value in (document.get("mirrors") or {}).items() if name != DOCKER_HUB}
    expected = {**left, DOCKER_HUB: wanted} if mirrors else left
    others = {name: value for name, value in document.items() if name != "mirrors"}
    if (after.get("mirrors") or {}) != expected or {k: v for k, v in after.items() if k != "mirrors"} != others:
        raise _refused(file, "is written in a form that is not edited", f"add the endpoints of {DOCKER_HUB} by hand")
    return result if after and (expected or others) else None


def _edited(file: HostFile, text: str, root: yaml.MappingNode | None, mirrors: Sequence[str]) -> str:
    if root is not None and root.flow_style:
        raise _refused(file, "stands on one line, in { }", f"add the endpoints of {DOCKER_HUB} by hand")
    sections = root.value if root is not None else ()
    section = next(((key, value) for key, value in sections if key.value == "mirrors"), None)
    if section is None or not section[1].value:
        if section is not None:
            raise _refused(file, "has mirrors: without any", "take the empty mirrors: out of it")
        return f"{text}{'' if text.endswith(chr(10)) else chr(10)}mirrors:\n{_entry('  ', mirrors)}"
    entries = section[1]
    if entries.flow_style:
        raise _refused(file, "has its mirrors on one line, in { }", f"add the endpoints of {DOCKER_HUB} by hand")
    indent = " " * entries.value[0][0].start_mark.column
    place = next((index for index, (key, _) in enumerate(entries.value) if key.value == DOCKER_HUB), None)
    if place is None:
        start = _line_start(text, entries.value[0][0].start_mark.index)
        return text[:start] + _entry(indent, mirrors) + text[start:]
    key, value = entries.value[place]
    start = _line_start(text, key.start_mark.index)
    end = _line_start(text, value.end_mark.index)
    if end <= start:
        end = len(text) if "\n" not in text[start:] else text.index("\n", start) + 1
    if not mirrors and len(entries.value) == 1:  # nothing but docker.io stood there
        start = _line_start(text, section[0].start_mark.index)
    return text[:start] + (_entry(indent, mirrors) if mirrors else "") + text[end:]


def _entry(indent: str, mirrors: Sequence[str]) -> str:
    lines = [f"{indent}{DOCKER_HUB}:", f"{indent}  endpoint:", *(f"{indent}    - {json.dumps(url)}" for url in mirrors)]
    return "\n".join(lines) + "\n"


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _read(file: HostFile | None, text: str) -> tuple[dict[str, Any], Any]:
    import yaml

    try:
        document = yaml.safe_load(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        assert file is not None  # noqa: S101 # an empty text can be read
        raise _refused(file, f"cannot be read: {' '.join(str(error).split())}", "correct it") from error
    if document is None:
        return {}, root
    if not isinstance(document, dict) or not isinstance(document.get("mirrors") or {}, dict):
        assert file is not None  # noqa: S101 # as above
        raise _refused(file, "is no mapping of mirrors and configs", "correct it")
    return document, root


def _refused(file: HostFile, problem: str, way_out: str) -> ApplyError:
    path = file.asked or file.path
    return ApplyError(f"{path} {problem}. Nothing was changed.", hint=f"{way_out}, then run the command again")
