"""config.toml of containerd and the files that it imports, as far as its CRI plugin's registries go.

Inline mirrors are what came before hosts.toml (containerd docs/cri/registry.md); with config_path beside them CRI does
not start: "`mirrors` cannot be set when `config_path` is provided".
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import CONTAINERD_CERTS, CONTAINERD_CONFIG, Mirrors
from provisioner.host_files.tables import UnreadableError, document, strings, table

PLUGINS = {1: "cri", 2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.images"}
"""What the plugin that pulls is called in a file of that version; other names in it are passed over."""


@dataclass(frozen=True, slots=True)
class ContainerdConfig:
    """What config.toml says with its imports; `there` is False without one.

    `certs` are the directories of config_path, which may come from containerd's own default; None where nobody knows.
    `inline` are mirrors in the files themselves, `inline_tls` the registries with certificates there. `problem`: a
    file that cannot be read.
    """

    there: bool = False
    version: int = 2
    cri_off: bool = False
    certs: tuple[str, ...] | None = None
    inline: tuple[Mirrors, ...] = ()
    inline_tls: tuple[str, ...] = ()
    problem: str = ""

    @property
    def reads_hosts(self) -> bool | None:
        """Whether CRI reads the hosts.toml files below CONTAINERD_CERTS; None where nobody knows."""
        if self.cri_off or self.problem or self.clash:
            return False
        return None if self.certs is None else CONTAINERD_CERTS in self.certs

    @property
    def clash(self) -> bool:
        """True when CRI does not start with it: it has both ways to say where images come from."""
        return bool(self.certs and (self.inline or self.inline_tls))

    @property
    def table(self) -> str:
        """The table that config_path belongs to in a file of this version."""
        name = PLUGINS.get(self.version, PLUGINS[2])
        return f"[plugins.{name}.registry]" if self.version == 1 else f'[plugins."{name}".registry]'


def containerd_config(files: Sequence[HostFile], *, default_certs: tuple[str, ...] | None = ()) -> ContainerdConfig:
    """Read config.toml and its imports among `files`.

    `default_certs` is config_path where no file sets it: () up to containerd 2.1, None when its version is not known.
    """
    chosen = _with_imports(files)
    if not chosen:
        return ContainerdConfig(certs=default_certs)
    version, off, inline, tls = 1, False, list[Mirrors](), list[str]()
    certs: tuple[str, ...] | None = None
    for place, file in enumerate(chosen):
        path = file.asked or file.path
        try:
            tables = document(file)
        except UnreadableError as error:
            return ContainerdConfig(there=True, problem=f"{path}: {error}")
        its = tables.get("version", 1)
        its = its if isinstance(its, int) and its in PLUGINS else 1
        version = its if place == 0 else version
        off = off or any(_is_cri(name) for name in strings(tables.get("disabled_plugins")))
        registry = table(tables, "plugins", PLUGINS[its], "registry")
        if isinstance(registry.get("config_path"), str):
            certs = tuple(filter(None, registry["config_path"].split(":")))
        inline += _inline(path, registry)
        tls += [name for name, entry in table(registry, "configs").items() if table(entry, "tls")]
    if not certs:
        # With mirrors inline, 2.2.2 and later leave their default out; 2.2.0 and 2.2.1 failed (containerd#12612).
        certs = () if inline or tls else default_certs
    return ContainerdConfig(
        there=True,
        version=version,
        cri_off=off,
        certs=certs,
        inline=tuple(inline),
        inline_tls=tuple(dict.fromkeys(tls)),
    )


def imports(text: str) -> tuple[str, ...]:
    """Return the patterns of the files that a config.toml imports, as absolute paths."""
    try:
        names = strings(document(HostFile(CONTAINERD_CONFIG, text)).get("imports"))
    except UnreadableError:
        return ()
    folder = CONTAINERD_CONFIG.rpartition("/")[0]
    return tuple(name if name.startswith("/") else f"{folder}/{name}" for name in names)


def _with_imports(files: Sequence[HostFile]) -> list[HostFile]:
    """config.toml, and behind it what it imports, in that order; later ones count."""
    chosen: list[HostFile] = []
    waiting = [CONTAINERD_CONFIG]
    while waiting:
        pattern = waiting.pop(0)
        for file in sorted(files, key=lambda file: file.asked or file.path):
            if file not in chosen and fnmatch.fnmatchcase(file.asked or file.path, pattern):
                chosen.append(file)
                waiting += imports(file.text)
    return chosen


def _inline(path: str, registry: Mapping[str, Any]) -> Iterator[Mirrors]:
    for name, entry in table(registry, "mirrors").items():
        urls = strings(table(entry).get("endpoint"))
        yield Mirrors(path, name, tuple(url.rstrip("/") for url in urls))


def _is_cri(name: str) -> bool:
    return name in {"cri", *PLUGINS.values()}
