#!/bin/sh
# Plan for debian-12-engine: debian-12, apt-repo.
# Usage: sh apply.sh [NONCE [DIRECTORY]]; DIRECTORY keeps backups and temporary files of this run.
set -eu
N=${1:-manual}
RUN=${2:-$(mktemp -d)}
engine_version=ask
engine_unit=docker.service
engine_program=dockerd
engine_pid_file=/var/run/docker.pid
engine_others='  '
# The engine of a host, for who looks at it and for who changes it: which process it is, and what it says of itself.
# Needs `have`.

limited() { if have timeout; then timeout "$@"; else shift; "$@"; fi; }

# own_client DIRECTORY: docker reads its settings there; none of this account's, of its session or of /etc/environment
# says where it asks and how.
own_client() {
  # shellcheck disable=SC2046 # a list of names
  unset $(env | sed -n 's/^\(DOCKER_[A-Za-z0-9_]*\)=.*/\1/p')
  export DOCKER_CONTEXT=default DOCKER_CONFIG="$1"
}

# dockerds: the processes that are a dockerd of root on this host, one number a line; none of those in containers, and
# no rootless ones.
dockerds() {
  grep -ls '^dockerd' /proc/[0-9]*/comm | while IFS=/ read -r _ _ process _; do
    if of_this_host "$process" && is_dockerd "$process"; then echo "$process"; fi
  done
}

# of_this_host PID: it is in the name space of processes that /proc shows, and in none below it.
of_this_host() {
  spaces=$(sed -n 's/^NSpid:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) || return 1
  case $spaces in
    *[[:space:]]*) return 1 ;;
    ?*) return 0 ;;
  esac
  [ "$(readlink "/proc/$1/ns/pid" 2>/dev/null)" = "$(readlink /proc/self/ns/pid)" ]
}

# is_dockerd PID: it runs that program, as root; a script of a similar name runs a shell.
is_dockerd() {
  program_of "$1"
  case ${program##*/} in dockerd*) [ "$(stat -c %u "/proc/$1" 2>/dev/null)" = 0 ] ;; *) return 1 ;; esac
}

# program_of PID: sets `program` to the file that it runs, as far as this account may know.
program_of() {
  program=$(readlink "/proc/$1/exe" 2>/dev/null) || program=''
  program=${program% (deleted)}
  if [ -z "$program" ]; then program=$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | head -n 1) || program=''; fi
}

# unit_of PID: sets `unit` to the systemd service that it belongs to, by its control group; empty for none.
unit_of() {
  unit=$(sed -n -e 's/^0::.*\/\([^/]*\.service\)$/\1/p' -e 's/^[0-9]*:name=systemd:.*\/\([^/]*\.service\)$/\1/p' \
    "/proc/$1/cgroup" 2>/dev/null | head -n 1) || unit=''
}

# engine_api SOCKET: sets `answer` to what the engine itself says there to GET /info, and `by` to the program that asked;
# false when there is none that can.
engine_api() {
  for by in curl python3 python perl socat; do
    have "$by" || continue
    case $by in
      curl) answer=$(limited 20 curl -s --noproxy '*' --unix-socket "$1" http://docker/info 2>/dev/null) ;;
      python*) answer=$(limited 20 "$by" -c '
import socket, sys
engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
engine.connect(sys.argv[1])
engine.sendall(b"GET /info HTTP/1.0\r\nHost: docker\r\n\r\n")
said = b""
while True:
    part = engine.recv(65536)
    if not part:
        break
    said += part
getattr(sys.stdout, "buffer", sys.stdout).write(said.split(b"\r\n\r\n", 1)[1])
' "$1" 2>/dev/null) ;;
      perl)
        # shellcheck disable=SC2016 # these are variables of perl
        answer=$(limited 20 perl -MIO::Socket::UNIX -e '
$engine = IO::Socket::UNIX->new(Peer => shift) or exit 1;
print $engine "GET /info HTTP/1.0\r\nHost: docker\r\n\r\n";
local $/; $_ = <$engine>; s/^.*?\r\n\r\n//s; print' "$1" 2>/dev/null) ;;
      socat)
        answer=$(printf 'GET /info HTTP/1.0\r\nHost: docker\r\n\r\n' |
          limited 20 socat -t 20 - "UNIX-CONNECT:$1" 2>/dev/null | sed -n '/^{/p') ;;
    esac
    case $answer in '{'*) return 0 ;; esac
  done
  by=''
  return 1
}

# api_shows TEXT...: the engine's own answer has each of them, as JSON. Sets `answer`.
api_shows() {
  path=${DOCKER_HOST:-unix:///var/run/docker.sock}
  engine_api "${path#unix://}" || return 1
  for fragment in "$@"; do
    case $answer in *"$fragment"*) ;; *) return 1 ;; esac
  done
}

export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
umask 022
stamp=$(date -u +%Y%m%dT%H%M%SZ)
current=''
config_changed=''
current_fails=''
mkdir -p "$RUN/backup" "$RUN/client"
own_client "$RUN/client"
: >"$RUN/undo"
: >"$RUN/wrote"

mark() { printf '\n@@%s %s\n' "$N" "$*"; }
note() { mark "note $*"; }
die() { mark "error $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
now() { date +%s; }
nap() { sleep 0.05 2>/dev/null || sleep 1; }
start() { current=$1; began=$(now); mark "start $1"; }
ok() { mark "ok $current $(($(now) - began))"; current=''; }

# When a step fails, the files that this run wrote come back in reverse order; packages stay as they are.
finish() {
  status=$?
  trap - EXIT HUP INT TERM
  set +e
  if [ -n "$current" ]; then
    mark "fail $current $status"
    current_fails=1
    undo_files
  fi
  [ "$status" -ne 0 ] || remember
  rm -f "$RUN"/candidate
  mark "finished $status"
  exit "$status"
}

# remember: what this run wrote, so that a later look can tell what somebody else has changed since.
remember() {
  [ -s "$RUN/wrote" ] || [ -n "$engine_version" ] || return 0
  record=/var/lib/provisioner/record
  if [ "$engine_version" = ask ]; then
    engine_version=$(timeout 20 docker version --format '{{.Server.Version}}' 2>/dev/null)
  fi
  mkdir -p "${record%/*}"
  (
    umask 077
    if [ -r "$record" ]; then
      while read -r kind value when name; do
        if [ "$kind" = engine ] && [ -n "$engine_version" ]; then continue; fi
        grep -q -x -F -e "$name" "$RUN/wrote" || printf '%s %s %s %s\n' "$kind" "$value" "$when" "$name"
      done <"$record"
    fi
    if [ -n "$engine_version" ]; then printf 'engine %s %s docker\n' "$engine_version" "$stamp"; fi
    sort -u "$RUN/wrote" | while IFS= read -r name; do
      [ ! -e "$name" ] || printf 'file %s %s %s\n' "$(checksum "$name")" "$stamp" "$name"
    done
  ) >"$record.new" && mv -f "$record.new" "$record" || note "what was written could not be noted in $record"
}

undo_files() {
  [ -s "$RUN/undo" ] || return 0
  failed=''
  case $config_changed in
    '') put_back ;;
    reload)
      say_earlier_values
      put_back
      [ -s "$RUN/revert" ] || engine_reload || failed=1 ;;
    *)
      put_back
      engine_recover || failed=1 ;;
  esac
  if [ -n "$config_changed" ]; then
    if comes_up 60 engine_answers; then note "the engine answers, with the previous configuration"; else failed=1; fi
  fi
  if [ -n "$failed" ]; then mark "rollback failed"; else mark "rollback done"; fi
}

# A reload ignores a key that is absent, so putting the old file back would leave the new value alive: the earlier
# values are written out for one reload, then the old file returns.
say_earlier_values() {
  [ -s "$RUN/revert" ] || return 0
  path=$(cat "$RUN/revert.path")
  cp -p "$path" "$path.provisioner" && cat "$RUN/revert" >"$path.provisioner" && mv -f "$path.provisioner" "$path" &&
    engine_reload && comes_up 15 reverted || failed=1
}

# take_back: the end of a change that was meant to last only for a moment.
take_back() {
  failed=''
  say_earlier_values
  put_back
  config_changed=''
  : >"$RUN/wrote"
  [ -z "$failed" ] || die "the daemon's earlier configuration could not be brought back; a copy is in $RUN/backup"
}

# put_back: every file as it was before this run, the last one first.
put_back() {
  count=$(wc -l <"$RUN/undo")
  while [ "$count" -gt 0 ]; do
    line=$(sed -n "${count}p" "$RUN/undo")
    saved=${line%% *}
    path=${line#* }
    if [ "$saved" = absent ]; then rm -f "$path" || failed=1
    else cp -p "$saved" "$path.provisioner" && mv -f "$path.provisioner" "$path" || failed=1
    fi
    [ -n "$failed" ] || [ -z "$current_fails" ] || note "put back $path"
    count=$((count - 1))
  done
  : >"$RUN/undo"
}

# checksum PATH: its sha256, or "absent".
checksum() {
  if [ -e "$1" ]; then sha256sum <"$1" | cut -d ' ' -f 1; else echo absent; fi
}

unchanged() {
  [ "$(checksum "$1")" = "$2" ] ||
    die "$1 was changed by somebody else since it was looked at; nothing was written. Run the command again."
}

# keep PATH: remember it for the way back.
keep() {
  printf '%s\n' "$1" >>"$RUN/wrote"
  if [ -e "$1" ]; then
    saved=$RUN/backup/$(wc -l <"$RUN/undo" | tr -d ' ')
    cp -p "$1" "$saved"
    printf '%s %s\n' "$saved" "$1" >>"$RUN/undo"
  else
    printf 'absent %s\n' "$1" >>"$RUN/undo"
  fi
}

# put PATH MODE OWNER EXPECTED TEXT: replace PATH by TEXT in one rename, if it still is what was planned for.
put() {
  unchanged "$1" "$4"
  mkdir -p "${1%/*}"
  rm -f "$1.provisioner"
  (umask 077 && printf '%s' "$5" | dd of="$1.provisioner" conv=fsync 2>"$RUN/dd") || {
    rm -f "$1.provisioner"
    die "$1 cannot be written: $(tail -n 1 "$RUN/dd")"
  }
  why=$(chmod "$2" "$1.provisioner" 2>&1 && chown "$3" "$1.provisioner" 2>&1) || {
    rm -f "$1.provisioner"
    die "$1 cannot be written as $3 with mode $2: $why"
  }
  keep "$1"
  why=$(mv -f "$1.provisioner" "$1" 2>&1) || {
    rm -f "$1.provisioner"
    sed -i '$d' "$RUN/undo"
    die "$1 cannot be replaced, it stays as it is: $why"
  }
  if have restorecon; then restorecon "$1" || :; fi
}

# put_options PATH MODE OWNER EXPECTED TEXT: as put; a file that was absent and has come with a package gets TEXT at
# its end, since packages ship it with comments alone.
put_options() {
  if [ "$4" = absent ] && [ -e "$1" ]; then
    if grep -q '^[[:space:]]*DOCKER_OPTS=' "$1"; then
      die "$1 has come with DOCKER_OPTS in it; nothing was written. Run the command again."
    fi
    put "$1" "$(stat -c %a "$1")" "$(stat -c %U:%G "$1")" "$(checksum "$1")" "$(cat "$1")
$5"
  else put "$@"
  fi
}

# drop PATH EXPECTED: remove a file, if it still is what was planned for.
drop() {
  [ "$2" = any ] || unchanged "$1" "$2"
  keep "$1"
  rm -f "$1"
}

# process PID: what people call it.
process() { printf 'pid %s (%s)' "$1" "$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | sed 's/ *$//' | cut -c 1-80)"; }

# engine_pid: the engine's process, as its pid file says, or systemd, or because it is the only one of its kind. A
# number that belongs to another program now says nothing. The file has no final newline, so `read` fails although it
# reads.
engine_pid() {
  pid=''
  if [ -r "$engine_pid_file" ]; then read -r pid <"$engine_pid_file" || :; fi
  if runs_engine "$pid"; then echo "$pid"; return 0; fi
  if [ -d /run/systemd/system ]; then
    pid=$(systemctl show -p MainPID "$engine_unit" 2>/dev/null) || pid=''
    pid=${pid#MainPID=}
    if runs_engine "$pid"; then echo "$pid"; return 0; fi
  fi
  pid=''
  for process in $(dockerds); do
    case $engine_others in *" $process "*) continue ;; esac
    [ -z "$pid" ] || return 1
    pid=$process
  done
  [ -n "$pid" ] && echo "$pid"
}

# runs_engine PID: it is a process of this host, and a dockerd.
runs_engine() {
  case ${1:-0} in *[!0-9]* | 0) return 1 ;; esac
  case $(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") in *docker*) of_this_host "$1" ;; *) return 1 ;; esac
}

engine_answers() {
  if have docker; then timeout 20 docker version >/dev/null 2>&1; else api_shows '"ServerVersion":'; fi
}

# comes_up SECONDS COMMAND...: until COMMAND succeeds; gives up early when the daemon's process is gone for good.
comes_up() {
  limit=$(($(now) + $1))
  patience=$(($(now) + 8))
  shift
  until "$@"; do
    [ "$(now)" -lt "$limit" ] || return 1
    if ! engine_pid >/dev/null && [ "$(now)" -gt "$patience" ]; then return 1; fi
    nap
  done
}

# say_why: the daemon's own last words, one marker line each.
say_why() {
  engine_log | grep -E 'level=(error|fatal)|^(failed|unable|Error|invalid)|dockerd' | tail -n 4 |
    while IFS= read -r line; do mark "daemon $line"; done
}

engine_start() {
  engine_mark_log
  engine_forgive
  systemctl daemon-reload && systemctl start "$engine_unit"
}
engine_restart() {
  engine_mark_log
  engine_forgive
  systemctl daemon-reload && systemctl restart "$engine_unit"
}
# systemd refuses a fourth start within a minute, whoever asked for the first three (moby#41461).
engine_forgive() { systemctl reset-failed "$engine_unit" docker.socket 2>/dev/null || :; }
engine_stop() {
  for unit in docker.socket "$engine_unit"; do systemctl stop "$unit" 2>/dev/null || :; done
  ! systemctl -q is-active "$engine_unit"
}
# systemd reloads no unit that is masked, or whose daemon somebody started by hand.
engine_reload() { systemctl reload "$engine_unit" || kill -HUP "$(engine_pid)"; }
# From the cursor on where there is one: the journal's seconds are too coarse for what happened just before.
engine_mark_log() {
  log_since=--since=@$(now)
  cursor=$(journalctl -q --no-pager -n 1 -o cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')
  [ -z "$cursor" ] || log_since=--after-cursor=$cursor
}
engine_log() { journalctl -q --no-pager -o cat -u "$engine_unit" "${log_since:---since=@$began}" 2>/dev/null; }
engine_recover() { engine_restart; }
engine_enable() {
  for unit in "$engine_unit" docker.socket containerd.service; do
    case $(systemctl is-enabled "$unit" 2>/dev/null) in masked*) systemctl unmask "$unit" ;; esac
  done
  systemctl enable "$engine_unit"
}

step_1() {
  # lock_holder: who holds a package lock now. apt, dpkg and rpm lock with fcntl, which /proc/locks shows by inode;
  # dnf and yum write their pid, without a final newline, and leave the file behind when they are killed.
  lock_holder() {
    for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock \
      /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock; do
      [ -e "$lock" ] || continue
      inode=$(stat -c %i "$lock")
      holder=$(sed -n "s/.* \([0-9][0-9]*\) [0-9a-f]*:[0-9a-f]*:$inode .*/\1/p" /proc/locks 2>/dev/null | head -n 1)
      if [ -n "$holder" ]; then printf '%s holds %s' "$(process "$holder")" "$lock"; return 0; fi
    done
    for lock in /var/run/dnf.pid /var/run/yum.pid /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid \
      /var/lib/dnf/rpmdb_lock.pid; do
      [ -r "$lock" ] || continue
      holder=''
      read -r holder <"$lock" || :
      [ -n "$holder" ] || continue
      case $(tr '\0' ' ' <"/proc/$holder/cmdline" 2>/dev/null) in
        *dnf* | *yum* | *[Pp]ackage[Kk]it*) ;;
        *) continue ;;
      esac
      printf '%s holds %s' "$(process "$holder")" "$lock"
      return 0
    done
    return 1
  }
  lock_limit=$(($(now) + 300))
  wait_for_locks() {
    waited=''
    while holder=$(lock_holder); do
      [ "$waited" = "$holder" ] || note "waiting: $holder"
      waited=$holder
      [ "$(now)" -lt "$lock_limit" ] || { mark "locked $holder"; exit 75; }
      sleep 1
    done
  }
  # patient_apt WORD...: apt-get; once more when somebody took a lock just before it. The lists' lock has no timeout of
  # its own, and apt before 1.9.11 (DPkg::Lock::Timeout) has none at all.
  patient_apt() {
    while :; do
      { if apt-get "$@"; then echo 0 >"$RUN/apt.status"; else echo $? >"$RUN/apt.status"; fi; } 2>&1 | tee "$RUN/apt.log"
      [ "$(cat "$RUN/apt.status")" != 0 ] || return 0
      grep -q -e 'Could not get lock' -e 'Unable to lock' "$RUN/apt.log" || return 1
      [ "$(now)" -lt "$lock_limit" ] || { mark "locked $(grep -m 1 -e 'Could not get lock' -e 'Unable to lock' "$RUN/apt.log")"; exit 75; }
      sleep 1
      wait_for_locks
    done
  }
  wait_for_locks
  # While dpkg cannot finish some other package nothing can be installed either: then what works must stay.
  if dpkg --audit | grep -q .; then
    note "finishing what dpkg left half done"
    leaving='docker.io containerd runc'
    dpkg --force-confdef --force-confold --configure -a || {
      for package in $(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^.[UFH]. *//p'); do
        case " $leaving " in
          *" $package "*) ;;
          *) die "dpkg cannot finish the package $package; nothing was removed. Repair it first: dpkg --configure $package" ;;
        esac
      done
    }
  fi
  # `remove`, never `purge`: images, containers and volumes below /var/lib/docker stay.
  patient_apt -y -q -o DPkg::Lock::Timeout=300 remove docker.io containerd runc || die "the packages cannot be removed"
}

step_2() {
  put /etc/apt/keyrings/docker.asc 644 root:root absent '-----BEGIN PGP PUBLIC KEY BLOCK-----

mQENBGsF/CIBCACwhnyOLevVIsev+KzEUH5hqgwKy/xUUxcoxi247Kzf4awnC36r
1rqbJcmrUy2g6LLHkcK4A2dKfxHY3iCTNCdqoLIUxNBKS2o6QxFy5LMftvJ7ubLF
xvCU6tqt18VS5MFuWg+5dO9hVise0aN4PcosVV9/Prz3k72BnzQfjjgRfISJemR/
zJmUCIfwFwH21R/kREPXiKOCQdfI4mjtrpSgSLASNmWiIweKhPHdZDiEZ3hXxlC2
BVQSopa57Bt/ntNPG9Trh92Ap83ROQ/aN0CMVQHZ/xUMhyy38+ACWEaMH+CZ4iC8
QNxSoiCZGMhKzsNIN98UjQDgDPekhyHuTLaPABEBAAG0IUdvbGRlbiB0ZXN0cyA8
Z29sZGVuQGV4YW1wbGUuY29tPokBTgQTAQoAOBYhBCz56W1vVOCRqkYuNgkRWYjB
y1/lBQJrBfwiAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEAkRWYjBy1/l
LNoH/2C3pAfeIgJ6vIMNlukCzjkKkMvIAX/tVobvvYea9MXqqQfo9OI1da+CBjer
sBygUwKereunOxmQlrhfsiyqwf5cdg1Zm09leM4BPIzioLbYUAkJv2YN/nrR5/yr
uuCi8SWKUHf2hbP/EaAMa0MxeDElyRjOQHoQiUjRNB0plMJ/r2GDxQkYp+8M1O1O
2EAAjKzTObel2UuU++ukST/d1X5s9b8J97+HrGwzpt1W/lb8k7o9y7NdaYzOZ3l/
LH0Dam8hhgQ85wuFZM297fXNGvI389KlzChd5seRSahV1/tYwpL4Mp+lHsWPbPDP
f0S+Xsty3HOX56Q+cwAlzqIhVO8=
=9jQz
-----END PGP PUBLIC KEY BLOCK-----
'
  put /etc/apt/sources.list.d/docker.sources 644 root:root absent 'Types: deb
URIs: http://packages.example/linux/debian
Suites: bookworm
Components: stable
Architectures: amd64
Signed-By: /etc/apt/keyrings/docker.asc
'
}

step_3() {
  # lock_holder: who holds a package lock now. apt, dpkg and rpm lock with fcntl, which /proc/locks shows by inode;
  # dnf and yum write their pid, without a final newline, and leave the file behind when they are killed.
  lock_holder() {
    for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock \
      /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock; do
      [ -e "$lock" ] || continue
      inode=$(stat -c %i "$lock")
      holder=$(sed -n "s/.* \([0-9][0-9]*\) [0-9a-f]*:[0-9a-f]*:$inode .*/\1/p" /proc/locks 2>/dev/null | head -n 1)
      if [ -n "$holder" ]; then printf '%s holds %s' "$(process "$holder")" "$lock"; return 0; fi
    done
    for lock in /var/run/dnf.pid /var/run/yum.pid /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid \
      /var/lib/dnf/rpmdb_lock.pid; do
      [ -r "$lock" ] || continue
      holder=''
      read -r holder <"$lock" || :
      [ -n "$holder" ] || continue
      case $(tr '\0' ' ' <"/proc/$holder/cmdline" 2>/dev/null) in
        *dnf* | *yum* | *[Pp]ackage[Kk]it*) ;;
        *) continue ;;
      esac
      printf '%s holds %s' "$(process "$holder")" "$lock"
      return 0
    done
    return 1
  }
  lock_limit=$(($(now) + 300))
  wait_for_locks() {
    waited=''
    while holder=$(lock_holder); do
      [ "$waited" = "$holder" ] || note "waiting: $holder"
      waited=$holder
      [ "$(now)" -lt "$lock_limit" ] || { mark "locked $holder"; exit 75; }
      sleep 1
    done
  }
  # patient_apt WORD...: apt-get; once more when somebody took a lock just before it. The lists' lock has no timeout of
  # its own, and apt before 1.9.11 (DPkg::Lock::Timeout) has none at all.
  patient_apt() {
    while :; do
      { if apt-get "$@"; then echo 0 >"$RUN/apt.status"; else echo $? >"$RUN/apt.status"; fi; } 2>&1 | tee "$RUN/apt.log"
      [ "$(cat "$RUN/apt.status")" != 0 ] || return 0
      grep -q -e 'Could not get lock' -e 'Unable to lock' "$RUN/apt.log" || return 1
      [ "$(now)" -lt "$lock_limit" ] || { mark "locked $(grep -m 1 -e 'Could not get lock' -e 'Unable to lock' "$RUN/apt.log")"; exit 75; }
      sleep 1
      wait_for_locks
    done
  }
  wait_for_locks
  quiet='-y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20'
  # The first start of the daemon waits for its configuration: invoke-rc.d asks this policy. It also lets a package
  # finish whose daemon did not start.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    printf 'absent /usr/sbin/policy-rc.d\n' >>"$RUN/undo"
    guarded=1
  else
    guarded=''
  fi
  if dpkg --audit | grep -q .; then
    note "finishing what dpkg left half done"
    dpkg --force-confdef --force-confold --configure -a || die "dpkg cannot finish what it left half done"
  fi
  # shellcheck disable=SC2086
  patient_apt $quiet update -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/docker.sources -o Dir::Etc::sourceparts=- \
    -o APT::Get::List-Cleanup=0 || die "the package list of the new source cannot be fetched"
  installed=0
  # shellcheck disable=SC2086
  patient_apt $quiet -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    install --no-install-recommends --allow-downgrades 'docker-ce=5:28.3.3-1~test' 'docker-ce-cli=5:28.3.3-1~test' containerd.io=1.7.27-1 docker-buildx-plugin=0.25.0-1 \
    || installed=1
  [ "$installed" = 0 ] || die "the packages cannot be installed"
  if [ -n "$guarded" ]; then
    rm -f /usr/sbin/policy-rc.d
    sed -i '/ \/usr\/sbin\/policy-rc.d$/d' "$RUN/undo"
  fi
}

step_4() {
  put /etc/docker/daemon.json 644 root:root absent '{
  "registry-mirrors": [
    "https://first.example",
    "http://192.0.2.7:5000"
  ]
}
'
}

step_5() {
  # The engine that runs is the earlier one until it restarts: what the new one refuses is found out before.
  if [ -e /etc/docker/daemon.json ]; then
    answer=$("$engine_program" -H fd:// --containerd=/run/containerd/containerd.sock --validate --config-file /etc/docker/daemon.json 2>&1) || case $answer in
      *"unknown flag: --validate"*) ;;
      *)
        printf '%s\n' "$answer" | while IFS= read -r line; do mark "daemon $line"; done
        die 'the new engine refuses /etc/docker/daemon.json; the earlier one runs on until it is restarted' ;;
    esac
  fi
  config_changed=start
  # Packages were replaced below a running engine. Their scripts may have restarted it already (rpm) or were kept
  # from it (the policy during apt's step), so that containers are interrupted once.
  replaced() { case $(readlink "/proc/$1/exe" 2>/dev/null) in *'(deleted)') return 0 ;; *) return 1 ;; esac; }
  if have systemctl; then
    containerd=$(systemctl show -p MainPID containerd.service 2>/dev/null) || containerd=''
    if replaced "${containerd#MainPID=}"; then
      systemctl daemon-reload && systemctl restart containerd.service || die "containerd does not start"
    fi
  fi
  restart=start
  if pid=$(engine_pid) && replaced "$pid"; then restart=1; fi
  if [ -n "$restart" ]; then
    engine_restart || {
      say_why
      die "the new engine does not start"
    }
  fi
  engine_start || {
    say_why
    die "the engine does not start"
  }
  comes_up 60 engine_answers || {
    say_why
    die "the engine was started and does not answer"
  }
}

step_6() {
  for package in docker-ce docker-ce-cli docker-ce-rootless-extras containerd.io docker-buildx-plugin docker-compose-plugin docker.io docker-cli moby-engine moby docker-engine docker; do
    case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
      ?i*) apt-mark hold "$package" || die "$package cannot be held" ;;
    esac
  done
}

main() {
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start conflicts
  step_1
  ok
  start source
  step_2
  ok
  start packages
  step_3
  ok
  start daemon-config
  step_4
  ok
  start service
  step_5
  ok
  start hold
  step_6
  ok
}
main </dev/null
