"""Flags of dockerd that move into daemon.json: the files that lose them, and the error where nobody asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from provisioner.errors import ApplyError
from provisioner.facts.daemon_flags import FlagPlace
from provisioner.facts.host import Host
from provisioner.facts.model import Facts
from provisioner.facts.next_start import StartWord, next_start, split_value
from provisioner.host_files import docker_opts
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.shell_lexer import Cell
from provisioner.host_files.systemd_unit import service_section
from provisioner.host_files.text_edits import edited
from provisioner.plan.files import FileChange

DROP_IN = "/etc/systemd/system/docker.service.d/zz-provisioner.conf"
"""Takes the place of an ExecStart= that belongs to a package; its name sorts behind other drop-ins."""


def given_twice(host: Host, place: FlagPlace) -> ApplyError:
    """Return the error that names the place of the flag and the way out."""
    engine = host.facts.engine
    consequence = f"with {place.key} in {engine.config_path} as well"
    start = host.flags.next
    if place.file is None and start and not start.doubt:
        return ApplyError(
            f"the running dockerd (pid {engine.pid}) has {place.flag} on its command line, which its next start will "
            f"not have; {consequence} it would not reload. Nothing was changed.",
            hint=f"restart it first: systemctl restart {engine.unit}",
        )
    if place.file is None:
        return ApplyError(
            f"the running dockerd (pid {engine.pid}) has {place.flag} on its command line; {consequence} it "
            "would not start again. Nothing was changed.",
            hint="find what starts it that way: systemctl cat docker",
        )
    verb = "may" if host.flags.doubt else "would"
    moved = "" if place.obstacle else f", or let --take-over move it to {engine.config_path}"
    return ApplyError(
        f"{place.where} gives {place.flag} to dockerd; {consequence} the daemon {verb} not start. Nothing was changed."
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
        if obstacle := place.obstacle or _packaged(host, place):
            raise given_twice(host, replace(place, obstacle=obstacle))
    if host.flags.next is None:
        return tuple(_shell_edits(places))
    for escaped in (False, True):
        edits = tuple(_systemd_edits(host, places, escaped=escaped))
        if not edits or _means_the_same(host, places, edits):
            return edits
    raise ApplyError(
        f"{', '.join(dict.fromkeys(place.where for place in places))}: the options cannot be taken out without "
        "guessing what systemd makes of the rest. Nothing was changed.",
        hint="take them out by hand, then run the command again",
    )


def _packaged(host: Host, place: FlagPlace) -> str:
    """A variable of a unit that belongs to a package is not edited: the next version would bring it back."""
    unit = host.facts.engine_unit
    if place.given and place.file and unit and place.file in unit.files and not place.file.path.startswith("/etc/"):
        name = place.variable
        return f"it stands in Environment= of a packaged unit; set {name} anew in a drop-in: systemctl edit {unit.name}"
    return ""


def _shell_edits(places: Sequence[FlagPlace]) -> Iterator[FileChange]:
    edits: dict[str, FileChange] = {}
    for place in places:
        if place.file and place.variable:
            path = place.file.path
            text = edits[path].text if path in edits else place.file.text
            name = place.flag.lstrip("-")
            after = docker_opts.set_flag(text, name, (), variable=place.variable, path=path)
            edits[path] = FileChange(path, place.file, after)
    yield from edits.values()


def _systemd_edits(host: Host, places: Sequence[FlagPlace], *, escaped: bool) -> Iterator[FileChange]:
    """The edits; `escaped` keeps a quote that comes to the begin of a value from being one of the file's own."""
    cuts: dict[str, tuple[HostFile, list[tuple[int, int, str]]]] = {}
    words = [word for place in places for word in place.words]
    start = host.flags.service.start
    if words and start and start.file.path.startswith("/etc/"):
        cuts[start.file.path] = start.file, start.cuts(words)
    elif words:
        yield _drop_in(host, places)
    for setting in dict.fromkeys(word.setting for place in places for word in place.given):
        if setting is not None:
            given = [word for place in places for word in place.given if word.setting == setting]
            _, before = cuts.setdefault(setting.file.path, (setting.file, []))
            before += _value_cuts(setting.cells, given, escaped=escaped)
    yield from (FileChange(path, file, edited(file.text, places)) for path, (file, places) in cuts.items())


def _value_cuts(cells: Sequence[Cell], given: Iterable[StartWord], *, escaped: bool) -> Iterator[tuple[int, int, str]]:
    """What to cut from a value: the words, each with the white space before it, the first ones with that behind."""
    going = {word.cells[0].start for word in given}
    gap: list[Cell] = []
    kept = False
    place = 0
    for word in split_value(cells):
        begin = next(index for index in range(place, len(cells)) if cells[index] is word[0])
        gap = list(cells[place:begin])
        place = begin + len(word)
        goes, first = word[0].start in going, begin == len(gap)
        if not first and (goes or not kept):
            yield from ((cell.start, cell.end, "") for cell in gap)
        if escaped and not (goes or kept or first) and word[0].text in {"'", '"'}:
            yield word[0].start, word[0].start, "\\"
        if goes:
            yield from ((cell.start, cell.end, "") for cell in word)
        kept = kept or not goes


def _drop_in(host: Host, places: Sequence[FlagPlace]) -> FileChange:
    start, unit = host.flags.service.start, host.facts.engine_unit
    assert start is not None  # noqa: S101 # a place with words was found in it
    path = DROP_IN.replace("docker.service", host.facts.engine.unit)
    if unit and any((file.asked or file.path) == path for file in unit.files):
        raise ApplyError(f"{path} exists and does not say how dockerd starts. Nothing was changed.", hint=f"rm {path}")
    flags = ", ".join(dict.fromkeys(place.flag for place in places if place.words))
    words = [word for place in places for word in place.words]
    text = (
        f"# ExecStart= of {start.file.path} without {flags}, which stands in {host.facts.engine.config_path} now.\n"
        f"[Service]\nExecStart=\nExecStart={start.value_without(words)}\n"
    )
    return FileChange(path, None, text)


def _means_the_same(host: Host, places: Sequence[FlagPlace], edits: Sequence[FileChange]) -> bool:
    """True when systemd makes of the edited files the same words without those that move."""
    start = host.flags.next
    assert start is not None  # noqa: S101 # asked before
    gone = {argument for place in places for argument in place.words}
    given = {word for place in places for word in place.given}
    left = [word.text for word in start.words if word not in given and (word.setting or word.argument not in gone)]
    facts = _with_edits(host.facts, edits)
    unit = facts.engine_unit
    after = next_start(facts, service_section(unit)) if unit else None
    return after is not None and [word.text for word in after.words] == left


def _with_edits(facts: Facts, edits: Sequence[FileChange]) -> Facts:
    texts = {edit.path: edit.text or "" for edit in edits}

    def now(file: HostFile) -> HostFile:
        return replace(file, text=texts.pop(file.path)) if file.path in texts else file

    unit = facts.engine_unit
    assert unit is not None  # noqa: S101 # it says how the engine starts
    files = tuple(map(now, unit.files))
    options = now(facts.options_file) if facts.options_file else None
    sysconfig = tuple(map(now, facts.sysconfig_files))
    files += tuple(HostFile(path, text) for path, text in texts.items())
    units = {**facts.units, unit.name: replace(unit, files=files, arguments="")}
    return replace(facts, units=units, options_file=options, sysconfig_files=sysconfig)
