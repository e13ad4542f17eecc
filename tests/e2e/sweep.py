"""What the program has left on a host besides its records, found by commands of our own.

Records are what DESIGN and the templates name: below /var/lib/provisioner the runs that were kept, with their logs,
their scripts and the files that they replaced; the list of what was written, and its texts; beside a configuration file
its ten newest backups. All else that has to do with the program is litter.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path

import pytest

from tests.testbed import Bed, Host, sessions

NAME = r"([0-9]{8}T[0-9]{6}Z?-[0-9a-f]{6}|e2e-[a-z]+)"
ATTEMPT = rf"{NAME}\.[0-9a-f]{{6}}(_[0-9]+)?"
BY_HAND = r"manual-[0-9]{8}T[0-9]{6}Z-[0-9]+\.1"
RUN = f"runs/({NAME}|{ATTEMPT})"  # an older version made no attempts
RECORDS = [
    re.compile(pattern)
    for pattern in (
        "runs",
        "record",
        "written(/[0-9a-f]{64})?",
        rf"journal(/(last|{ATTEMPT}|{BY_HAND}))?",
        RUN,
        # What was to be done, by whom, what came of it, and how it ended.
        rf"{RUN}/(apply\.sh|facts\.sh|run\.sh|holder|pid|log|ended)",
        # What was written, and what was there before.
        rf"{RUN}/(wrote|undo|undone|revert|revert\.path|backup|backup/[0-9]+)",
        # What package managers and the engine said, and what they were told.
        rf"{RUN}/(apt\.log|apt\.status|update\.log|solved|named|proxies|manage\.log|tested|transaction)",
        rf"{RUN}/(get-docker\.sh|only-planned|apt\.conf|client|client\.errors|images|pull)",
    )
]
BACKUPS = 10
RUNS = 20
PATIENCE = 5.0
"""Seconds in which a process that is just ending may end."""

# On stdin, so that no word of it is in any process's arguments. One finding a line: its kind, and what it is.
LOOK = r"""
say() { kind=$1; while IFS= read -r line; do printf '%s\t%s\n' "$kind" "$line"; done; }
# The engine, as far as it answers: what a proof turns on, brings or moves.
if [ -S /run/docker.sock ] && pgrep -x dockerd >/dev/null; then
  timeout 5 docker ps -a --format '{{.Names}} {{.Image}}' 2>/dev/null | grep provisioner | say container &
  timeout 5 docker image ls --format '{{.Repository}}:{{.Tag}}' 2>/dev/null | grep provisioner | say image &
  if [ "$(timeout 5 docker info -f '{{.Debug}}' 2>/dev/null)" = true ] && ! grep -q -s -E '"debug": *true|--debug|-D' \
    /etc/docker/daemon.json /etc/default/docker && ! ps -C dockerd -o args= | grep -q -E -e '--debug|-D|--config-file'; then
    echo 'it logs at debug, and nobody has told it to' | say engine
  fi &
fi

state=/var/lib/provisioner

if [ -e $state ]; then
  stat -c '%a %U %n' $state $state/runs | grep -v -e '^700 root ' | say readable
  find $state -mindepth 1 -printf 'state\t%y%s %P\n'
  for run in $state/runs/*; do
    [ ! -d "$run" ] || [ -e "$run/ended" ] || printf 'unfinished\t%s\n' "$run"
    ! grep -q -s -a -E '^@@[^ ]+ rollback failed$' "$run/log" || printf 'way back failed\t%s\n' "${run#$state/}"
  done
fi

# By their names, on every file system that people or programs write to.
find / /run /run/lock /tmp /dev/shm -xdev \
  \( -path /proc -o -path /sys -o -path /var/lib/docker -o -path /var/lib/containerd -o -path /run/docker \
    -o -path $state -o -path /srv/provisioner \) -prune \
  -o -name '*.bak' -regex '.*\.[0-9]*T[0-9]*Z\.bak' -printf 'backup\t%p\n' \
  -o \( -name '*provisioner*' -o -name '*.candidate' -o -path '/etc/docker/daemon.json?*' \) -printf 'file\t%p\n' \
  -o -type p ! -path '/run/*' -printf 'fifo\t%p\n' \
  -o \( -path '/tmp/tmp.*' -o -path '/var/tmp/tmp.*' \) -prune -printf 'temporary\t%p\n' \
  2>/dev/null

# By our name in them: what keeps services from starting, what starts something.
grep -r -l -s -I -e 'provisioner: of' -e '/var/lib/provisioner' /usr/sbin/policy-rc.d /run/systemd /etc/systemd /etc/init.d \
  /etc/rc.local /etc/cron* /var/spool/cron /etc/profile.d /etc/apt /etc/dnf /etc/yum.repos.d /etc/default | say file

# A source without its key, a key without its source.
for key in /etc/apt/keyrings/docker.* /usr/share/keyrings/docker*; do
  [ ! -e "$key" ] || grep -r -q -s -F -e "$key" /etc/apt/sources.list /etc/apt/sources.list.d || echo "$key" | say 'key of no source'
done
if [ -e /etc/pki/rpm-gpg/RPM-GPG-KEY-docker ]; then
  grep -q -s /etc/pki/rpm-gpg/RPM-GPG-KEY-docker /etc/yum.repos.d/* || echo /etc/pki/rpm-gpg/RPM-GPG-KEY-docker | say 'key of no source'
fi
if [ -d /etc/yum.repos.d ] && ! grep -q -s gpgkey /etc/yum.repos.d/*; then rpm -q gpg-pubkey | grep -v ' ' | say 'key of no source'; fi
# Lists of a source that is gone, and what was fetched by half, are apt's own cache: its next update tidies them.
{ apt-mark showhold; grep -h -s -E '^[^#]*(docker|containerd)' /etc/dnf/plugins/versionlock.list /etc/dnf/versionlock.toml; } 2>/dev/null | say held

# Processes that are ours, or hold something of ours.
ps -e -o pid=,args= | grep -a -E -e '/var/lib/provisioner|provisioner\.[A-Za-z0-9]{6}|--validate|docker (pull|events)|[0-9]+ +(sudo .*)?sh -s [0-9a-f]+ ' |
  grep -v -e ' grep -a -E ' | say process
find /proc/[0-9]*/fd /proc/[0-9]*/cwd -lname '/var/lib/provisioner*' -printf 'open\t%p %l\n' 2>/dev/null
grep -l -s -a -e '/var/lib/provisioner' /proc/[0-9]*/environ | say environment
awk '$5 ~ "^/(tmp|var/tmp|dev/shm|run/provisioner[^/]*)/." || $5 ~ "^/var/lib/provisioner" { print $5 }' /proc/self/mountinfo | say mount
if [ -d /run/systemd/system ]; then
  timeout 5 systemctl list-jobs --no-legend 2>/dev/null | grep -e docker -e containerd | say job
fi

wait
echo looked
"""


@dataclass(frozen=True, slots=True)
class SweptHost(Host):
    """A host that is looked at before it goes; what a test lets stay there stands with its reason."""

    may_stay: dict[str, str] = field(default_factory=dict)

    def lets_stay(self, finding: str, *, why: str) -> None:
        """Let findings of this pattern, as `left_on` words them, be no litter of this host."""
        assert why
        self.may_stay[finding] = why

    def sweep(self) -> None:
        """Fail when there is litter."""
        found = left_on(self.name, self.may_stay)
        if found:
            pytest.fail(f"{self.name}: a sweep finds what the program has left:\n" + "\n".join(found), pytrace=False)

    def stop(self) -> None:
        """Have the host gone, and fail when there was litter on it; one that is gone stays so."""
        known = subprocess.run(["docker", "inspect", self.name], capture_output=True, check=False)
        if known.returncode != 0:
            return
        try:
            self.sweep()
        finally:
            Host.stop(self)


class SweptBed(Bed):
    """A bed whose hosts are swept."""

    def __init__(self, session: Path) -> None:
        super().__init__(session)
        self._started: list[SweptHost] = []

    def start(self, slug: str, *, os_release: str = "", name: str = "") -> SweptHost:
        host = super().start(slug, os_release=os_release, name=name)
        self._started.append(SweptHost(**{row.name: getattr(host, row.name) for row in fields(host)}))
        return self._started[-1]

    def left(self) -> list[SweptHost]:
        """The hosts that nobody has stopped."""
        there = set(sessions.containers(self.session))
        return [host for host in self._started if host.name in there]


def left_on(container: str, may_stay: dict[str, str] | None = None, *, patience: float = PATIENCE) -> list[str]:
    """Return what is on a host besides the records: "KIND: WHAT", one each; none of it matches a key of `may_stay`."""
    allowed = [re.compile(pattern) for pattern in may_stay or {}]
    limit = time.monotonic() + patience
    while True:
        found = [line for line in _litter(_look(container)) if not any(one.search(line) for one in allowed)]
        ending = any(line.startswith(("process: ", "open: ", "environment: ", "job: ")) for line in found)
        if not ending or time.monotonic() > limit:
            return found
        time.sleep(0.2)


def _look(container: str) -> list[tuple[str, str]]:
    words = ["docker", "exec", "-i", container, "sh"]
    done = subprocess.run(words, input=LOOK, capture_output=True, text=True, check=False, timeout=60)
    *rows, last = done.stdout.splitlines() or [""]
    assert last == "looked", f"{container} cannot be looked at: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return [(kind, what) for kind, _, what in (row.partition("\t") for row in rows)]


def _litter(rows: list[tuple[str, str]]) -> list[str]:
    rows = list(dict.fromkeys(rows))
    kept = [what for kind, what in rows if kind == "way back failed"]
    backups = Counter(re.sub(r"\.[0-9]+T[0-9]+Z\.bak$", "", what) for kind, what in rows if kind == "backup")
    found = [f"more than {BACKUPS} backups: {path}" for path, count in backups.items() if count > BACKUPS]
    runs = sum(kind == "state" and re.fullmatch(f"d[0-9]+ {RUN}", what) is not None for kind, what in rows)
    if runs > RUNS:
        found.append(f"more than {RUNS} runs: {runs}")
    for kind, what in rows:
        if kind == "state":
            if not _is_record(what, kept):
                found.append(f"state: {what}")
        elif kind not in {"backup", "way back failed"}:
            found.append(f"{kind}: {what}")
    return found


def _is_record(entry: str, kept: list[str]) -> bool:
    """Is `entry`, "TYPE SIZE PATH", a record? What a failed way back has kept of packages is one of its run."""
    described, _, path = entry.partition(" ")
    if described[0] not in "df":
        return False
    if path == "lock":
        return described == "f0"
    return any(pattern.fullmatch(path) for pattern in RECORDS) or any(
        path.startswith(f"{run}/packages") for run in kept
    )
