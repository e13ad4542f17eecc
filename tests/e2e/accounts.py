"""Accounts of a host that become root in every way there is, and that log in with every shell.

nushell has no package in the distribution's archive. Its own build for Linux comes from the package index of npm once,
and is kept beside the images; where that cannot be had, a stand-in takes the one form in which sshd calls a shell, and
no command that nushell would read in another way than as bare words and words in single quotes, as they stand.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests.testbed.engine import cache_directory
from tests.testbed.locks import locked

ROOTS = "r00t pass'\"$"
NUSHELL = ("@nushell/linux-x64", "0.115.1")
STAND_IN = """#!/bin/sh
[ $# = 2 ] && [ "$1" = -c ] || { echo "nu: $*: not how sshd calls a shell" >&2; exit 2; }
bare=$2
while :; do
  case $bare in *" '"*"'"*) ;; *) break ;; esac
  after=${bare#*" '"}
  bare="${bare%%" '"*} ${after#*"'"}"
done
case $bare in *[!A-Za-z0-9\\ -]*) echo "nu: $2: more than bare words and words in single quotes" >&2; exit 2 ;; esac
eval "exec $2"
"""

MAKE = f"""set -e
printf '%s\\n' {"'root:" + ROOTS.replace("'", "'" + chr(92) + "''") + "'"} | chpasswd
account() {{
  name=$1 shell=$2
  useradd -m -s "$shell" "$name"
  install -D -m 644 /root/.ssh/authorized_keys "/etc/ssh/keys/$name"
}}
for shell in /usr/bin/fish /usr/bin/tcsh /usr/local/bin/nu /bin/bash; do
  grep -qx $shell /etc/shells || echo $shell >>/etc/shells
  account "by-${{shell##*/}}" $shell
done
account homeless /bin/sh
usermod -d /nowhere homeless
rm -r /home/homeless
account strict /bin/sh
account guarded /bin/sh
cat >/etc/doas.conf <<'END'
permit nopass ops
permit persist pat
permit nopass by-fish
END
chmod 600 /etc/doas.conf
cat >/etc/sudoers.d/more <<'END'
by-tcsh ALL=(ALL) NOPASSWD: ALL
by-nu ALL=(ALL) NOPASSWD: ALL
by-bash ALL=(ALL) NOPASSWD: ALL
homeless ALL=(ALL) NOPASSWD: ALL
strict ALL=(ALL) NOPASSWD: ALL
guarded ALL=(ALL) ALL
Defaults use_pty
Defaults:strict requiretty
Defaults:guarded requiretty, lecture=always
END
chmod 440 /etc/sudoers.d/more
getent shadow pat | cut -d: -f2 | sed 's/^/guarded:/' | chpasswd -e
echo 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u' >/etc/ssh/sshd_config.d/keys.conf
systemctl reload ssh
# What the shells run before anything else speaks on both streams.
cd /home
for file in by-bash/.bashrc by-tcsh/.cshrc by-fish/.config/fish/config.fish; do
  mkdir -p "$(dirname "$file")"
  printf 'echo "@@words of the house"\\nsh -c "echo and complaints >&2"\\n' >"$file"
done
chown -R by-fish by-fish
"""


def make(host):
    nushell = _nushell()
    if nushell is None:
        host.write("/usr/local/bin/nu", STAND_IN, "755")
    else:
        subprocess.run(["docker", "cp", nushell, f"{host.name}:/usr/local/bin/nu"], check=True, capture_output=True)
    host.sh(MAKE, timeout=240)


def _nushell() -> Path | None:
    package, version = NUSHELL
    kept = cache_directory() / f"nu-{version}"
    with locked("nushell"), tempfile.TemporaryDirectory() as folder:
        if not kept.exists() and shutil.which("npm"):
            words = ["npm", "pack", "--silent", f"{package}@{version}"]
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=100)
            if done.returncode == 0:
                with tarfile.open(Path(folder) / done.stdout.strip()) as archive:
                    content = archive.extractfile("package/bin/nu")
                    assert content is not None
                    part = kept.with_suffix(".part")
                    part.write_bytes(content.read())
                part.chmod(0o755)
                part.rename(kept)
    return kept if kept.exists() else None
