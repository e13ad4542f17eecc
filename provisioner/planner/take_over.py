"""Flags of dockerd that move into daemon.json: the files that lose them, and the error where nobody asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from provisioner.errors import ApplyError
from provisioner.facts.daemon_flags import FlagPlace
from provisioner.facts.host import Host
from provisioner.host_files import docker_opts
from provisioner.plan.files import FileChange

DROP_IN = "/etc/systemd/system/docker.service.d/zz-provisioner.conf"
"""Takes the place of an ExecStart= that belongs to a package; its name sorts behind other drop-ins."""


def given_twice(host: Host, place: FlagPlace) -> ApplyError:
    """Return the error that names the place of the flag and the way out."""
    engine = host.facts.engine
    consequence = f"with {place.key} in {engine.config_path} as well"
    if place.file is None:
        return ApplyError(
            f"the running dockerd (pid {engine.pid}) has {place.flag} on its command line; {consequence} it "
            "would not start again. Nothing was changed.",
            hint="find what starts it that way: systemctl cat docker",
        )
    moved = "" if place.obstacle else f", or let --take-over move it to {engine.config_path}"
    return ApplyError(
        f"{place.where} gives {place.flag} to dockerd; {consequence} the daemon would not start. Nothing was changed."
        + (f" ({place.obstacle})" if place.obstacle else ""),
        hint=f"take {place.flag} out of that line, then run the command again{moved}",
    )


def taken_out(host: Host, places: Iterable[FlagPlace]) -> tuple[FileChange, ...]:
    """Return the edits that take the flags out of their files: no other byte changes, packaged units stay as they are.

    Raises:
        ApplyError: a flag stands where no program can take it out safely.
        DaemonConfigurationError: an environment file cannot be edited without guessing.
    """
    places = tuple(places)
    for place in places:
        if place.obstacle:
            raise given_twice(host, place)
    edits: dict[str, FileChange] = {}
    units = [place for place in places if place.words]
    if units:
        edit = _unit_edit(host, units)
        edits[edit.path] = edit
    for place in places:
        if place.file and place.variable:
            path = place.file.path
            text = edits[path].text if path in edits else place.file.text
            name = place.flag.lstrip("-")
            edits[path] = FileChange(
                path, place.file, docker_opts.set_flag(text, name, (), variable=place.variable, path=path)
            )
    return tuple(edits.values())


def _unit_edit(host: Host, places: Sequence[FlagPlace]) -> FileChange:
    start = host.flags.service.start
    assert start is not None  # noqa: S101 # a place with words was found in it
    words = [word for place in places for word in place.words]
    path = start.file.path
    if path.startswith("/etc/"):
        return FileChange(path, start.file, start.without(words))
    unit = host.facts.engine_unit
    if unit and any((file.asked or file.path) == DROP_IN for file in unit.files):
        raise ApplyError(
            f"{DROP_IN} exists and does not say how dockerd starts. Nothing was changed.", hint=f"rm {DROP_IN}"
        )
    flags = ", ".join(dict.fromkeys(place.flag for place in places))
    text = (
        f"# ExecStart= of {path} without {flags}, which stands in {host.facts.engine.config_path} now.\n"
        f"[Service]\nExecStart=\nExecStart={start.value_without(words)}\n"
    )
    return FileChange(DROP_IN, None, text)
