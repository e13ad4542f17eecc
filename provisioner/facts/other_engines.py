"""The frames of engines beside the system's Docker."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from provisioner.facts.frames import Frame
from provisioner.facts.model import OtherEngines, Rootless
from provisioner.host_files.containerd_config import imports
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import CONTAINERD_CONFIG

FOLDERS = ("/etc/containerd/", "/etc/containers/", "/etc/rancher/")


def other_engines(answer: Iterable[Frame], files: tuple[HostFile, ...]) -> OtherEngines:
    rootless, names = [], ""
    for frame in answer:
        if frame.name == "rootless":
            uid, user, config = [*frame.body.split(" ", 2), "", ""][:3]
            rootless.append(Rootless(int(uid) if uid.isdigit() else -1, user, config))
        elif frame.name == "other-engines":
            names = frame.body
    configs = {engine.config for engine in rootless}
    found = [(file, file.asked or file.path) for file in files]
    imported = [pattern for file, path in found if path == CONTAINERD_CONFIG for pattern in imports(file.text)]
    kept = tuple(
        file
        for file, path in found
        if path.startswith(FOLDERS) or path in configs or any(fnmatch.fnmatchcase(path, each) for each in imported)
    )
    return OtherEngines(tuple(rootless), tuple(dict.fromkeys(names.split())), kept)
