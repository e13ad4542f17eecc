"""A host's options as the ssh of this machine reads them, in the form that our own reading has."""

from __future__ import annotations

import functools
import glob
import os
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from provisioner.errors import UsageError
from provisioner.transports import ssh_program
from provisioner.transports.ssh_config_file import Line
from provisioner.transports.ssh_config_include import ConfigFile, every_line
from provisioner.transports.ssh_config_match import UndecidedError
from provisioner.transports.ssh_config_rules import Found
from provisioner.transports.ssh_keywords import LISTS, REPEATED

_UNSUPPORTED = ("unsupported match attribute", "bad configuration option")
# Of criteria that ask for what ssh is called to do; older versions would take these words for nothing.
_WITH_COMMAND = frozenset({"command", "sessiontype"})
_USUAL_KEYS = frozenset({
    "~/.ssh/id_rsa", "~/.ssh/id_dsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ecdsa_sk", "~/.ssh/id_ed25519",
    "~/.ssh/id_ed25519_sk", "~/.ssh/id_xmss", "~/.ssh/id_mldsa44_ed25519", "~/.ssh/id_mldsa44-ed25519",
})  # fmt: skip


def answered(host: str, config_files: Sequence[ConfigFile], given: Sequence[Line], why: UndecidedError) -> Found:
    """Ask ssh for the options of a host whose name and user have been checked. It is asked once for each host.

    Raises:
        UsageError: ssh refuses the configuration, or there is none to ask.
    """
    if not ssh_program.is_there():
        raise UsageError(
            f"{why.place}: {why.what} is not supported without OpenSSH",
            hint="install its client (ssh), or take another configuration with --ssh-config FILE",
        )
    said = {line.keyword: line.words[0] for line in given}
    lines, complete = _written(config_files)
    arguments, text = _files(config_files)
    arguments += [flag + said[keyword] for keyword, flag in (("port", "-p"), ("user", "-l")) if keyword in said]
    arguments += ["--", host]
    criteria = {word.partition("=")[0].lower().lstrip("!") for line in lines.get("match", ()) for word in line.words}
    if criteria & _WITH_COMMAND:
        arguments += ["sh", "-s"]
    # What stands nowhere is a default, of which we have our own.
    wanted = frozenset({*lines, "hostname"}) if complete else None
    stamps = tuple((str(each.path), each.path.stat().st_mtime_ns) for each in config_files if each.is_there())
    try:
        answer = _asked(tuple(arguments), text, wanted, stamps)
    except ssh_program.RefusedError as cause:
        unsupported = any(words in str(cause).lower() for words in _UNSUPPORTED)
        what = f"{why.what} is not supported by the ssh of this machine" if unsupported else why.what
        raise UsageError(
            f"{why.place}: {what}: it says: {cause}",
            hint=f"ssh -G {shlex.quote(host)} shows it; --ssh-config FILE takes another configuration",
        ) from cause
    return _found(host, answer, lines, given)


def _written(config_files: Sequence[ConfigFile]) -> tuple[dict[str, list[Line]], bool]:
    """All lines of the files by keyword, and whether these are all of them."""
    found: dict[str, list[Line]] = {}
    try:
        for line in every_line(config_files):
            found.setdefault(line.keyword, []).append(line)
    except (UndecidedError, UsageError, OSError):
        return found, False
    return found, True


def _files(config_files: Sequence[ConfigFile]) -> tuple[list[str], str | None]:
    """Return the arguments that make ssh read these files; text for a file that includes them, where it takes one."""
    if not config_files:
        return ["-F", os.devnull], None
    if config_files[0].named:
        return ["-F", str(config_files[0].path)], None
    if [each.path for each in config_files] == [Path(_account_home()) / ".ssh/config", Path("/etc/ssh/ssh_config")]:
        return [], None
    # ssh takes the home from the account, and no other system file than its own.
    names = [glob.escape(str(each.path)).replace("\\", "\\\\").replace('"', '\\"') for each in config_files]
    return [], "".join(f'Include "{name}"\n' for name in names)


def _account_home() -> str:
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):
        return str(Path.home())


@functools.lru_cache(maxsize=4096)
def _asked(
    arguments: tuple[str, ...], text: str | None, wanted: frozenset[str] | None, stamps: tuple[tuple[str, int], ...]
) -> Mapping[str, list[str]]:
    """Keep what is `wanted` of a host's options only: there may be thousands of hosts."""
    del stamps  # changed files give another answer
    if text is None:
        answer = ssh_program.options(arguments)
    else:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "config"
            file.write_text(text, encoding="utf-8")
            answer = ssh_program.options(["-F", str(file), *arguments])
    return {keyword: rests for keyword, rests in answer.items() if wanted is None or keyword in wanted}


def _found(
    host: str, answer: Mapping[str, list[str]], written: Mapping[str, list[Line]], given: Sequence[Line]
) -> Found:
    found = Found(written=written)
    for line in given:
        found.take(line)
    for keyword, rests in answer.items():
        lines = written.get(keyword, [])
        same = (line.place for line in lines if " ".join(line.words).lower() == rests[0].lower())
        place = next(same, f"ssh -G {shlex.quote(host)}")
        if keyword in LISTS:
            words = _names_of_files(rests[0], [line.words for line in lines])
            if words is not None:
                literal = _literal if keyword == "revokedhostkeys" else str
                words = tuple(literal(word.replace("%", "%%")) for word in words)
                found.take(Line(keyword, words, rests[0], place))
        elif keyword == "hostname":
            found.take(Line(keyword, (rests[0].replace("%", "%%"),), rests[0], place))
        elif keyword not in REPEATED:
            found.take(Line(keyword, (rests[0],), rests[0], place))
        elif keyword != "identityfile" or not _USUAL_KEYS.issuperset(rests) or len(rests) < 3:
            for rest in rests:
                found.take(Line(keyword, (rest,), rest, place))
    return found


def _names_of_files(rest: str, written: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """`/a /b c` -> its names; those that stand so in the files tell which blank is part of one. None for the usual."""
    home = _account_home()
    for usual in (f"{home}/.ssh/known_hosts", "~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"):
        if rest == f"{usual} {usual}2":
            return None
    for words in written:
        for names in (tuple(words), tuple(f"{home}{word[1:]}" if word.startswith("~/") else word for word in words)):
            if " ".join(names) == rest:
                return names
    return tuple(rest.split(" "))


def _literal(name: str) -> str:
    """A name that ssh takes as it is: old versions replace nothing in RevokedHostKeys."""
    return f"./{name}" if name.startswith("~") else name
