#!/bin/sh
# Plan for mint-22-lookalike: linuxmint-22, apt-repo.
# Usage: sh apply.sh [NONCE [DIRECTORY]]; DIRECTORY keeps backups and temporary files of this run.
set -eu
N=${1:-manual}
given=${2:-}
RUN=${given:-$(mktemp -d)}
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

# unguard: services may start again; a step that keeps them from it says how.
unguard() { :; }

# When a step fails, the files that this run wrote come back in reverse order; packages stay as they are.
finish() {
  status=$?
  trap - EXIT HUP INT TERM
  set +e
  unguard
  if [ -n "$current" ]; then
    mark "fail $current $status"
    current_fails=1
    undo_files
  fi
  [ "$status" -ne 0 ] || remember
  rm -f "$RUN/candidate"
  if [ "$status" -eq 0 ] && [ -z "$given" ]; then rm -r "$RUN"; fi
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
  alike "$path" "$path.provisioner" && cat "$RUN/revert" >"$path.provisioner" && mv -f "$path.provisioner" "$path" &&
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
    if [ "$saved" = absent ]; then
      rm -f "$path"
      [ "$(checksum "$path")" = absent ] || failed=1
    else
      alike "$saved" "$path.provisioner" && mv -f "$path.provisioner" "$path"
      [ "$(checksum "$path")" = "$(checksum "$saved")" ] || failed=1
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

# alike FROM TO: TO is a copy of FROM with all that decides who may read and write it: mode, owner, access control list,
# label, extended attributes. For root alone until it has them. When it cannot have them it is not there, and `why`
# says what is in the way.
alike() {
  if [ -e "$2" ] || [ -L "$2" ]; then rm -f "$2"; fi
  if copy "$1" "$2"; then
    why='its mode, owner, access control list or label'
    ls -ldn "$1" "$2" | {
      # ls puts a + behind the mode of a file with an access control list.
      read -r mode _ user group _ && read -r its_mode _ its_user its_group _ &&
        [ "$mode $user $group" = "$its_mode $its_user $its_group" ]
    } && { [ ! -e /sys/fs/selinux/enforce ] || [ "$(stat -c %C "$1")" = "$(stat -c %C "$2")" ]; } && return 0
  fi
  rm -f "$2"
  return 1
}

# copy FROM TO: with all that cp knows to keep.
copy() {
  why=$(umask 077 && cp --preserve=all --preserve=xattr "$1" "$2" 2>&1) && return 0
  case $why in *nrecognized\ option* | *'built without'*) ;; *) return 1 ;; esac
  # busybox keeps mode and owner alone; the rest is kept by its own tools before there is a content, or not at all.
  if have getfattr && [ -n "$(getfattr -m '^(user|trusted)[.]' "$1" 2>/dev/null)" ]; then
    why='its extended attributes'
    return 1
  elif have getfacl && have setfacl; then
    why=$({
      umask 077 && : >"$2" && chown "$(stat -c %u:%g "$1")" "$2" && getfacl -cpn "$1" | setfacl --set-file=- "$2" &&
        cat "$1" >"$2"
    } 2>&1)
  else
    why='its access control list'
    case $(ls -ld "$1") in ??????????+*) return 1 ;; esac
    why=$(umask 077 && cp -p "$1" "$2" 2>&1)
  fi
}

# no_copy PATH WHERE: the end of a step whose file stays as it is, because `alike` said no.
no_copy() {
  case $why in
    'its '*) way_out=". Install coreutils, acl and attr on this host; or see what it has, getfacl $1, and take it away if nobody needs it: setfacl -b $1" ;;
    *) way_out='' ;;
  esac
  die "$1 stays as it is, since a copy of it $2 cannot be made or cannot keep who may read and write it: $why$way_out"
}

# back_up PATH: a copy beside it, with the time in its name, of which the ten newest stay.
back_up() {
  [ -e "$1" ] || return 0
  alike "$1" "$1.$stamp.bak" || no_copy "$1" 'beside it'
  date='[0-9][0-9][0-9][0-9][01][0-9][0-3][0-9]'
  # shellcheck disable=SC2086 # a pattern
  set -- "$1".${date}T[0-2][0-9][0-5][0-9][0-6][0-9]Z.bak
  while [ $# -gt 10 ]; do rm -f "$1"; shift; done
}

# keep PATH: remember it for the way back.
keep() {
  printf '%s\n' "$1" >>"$RUN/wrote"
  if [ -e "$1" ]; then
    saved=$RUN/backup/$(($(wc -l <"$RUN/undo")))
    alike "$1" "$saved" || no_copy "$1" "in $RUN"
    printf '%s %s\n' "$saved" "$1" >>"$RUN/undo"
  else
    printf 'absent %s\n' "$1" >>"$RUN/undo"
  fi
}

# put PATH MODE OWNER EXPECTED TEXT: replace PATH by TEXT in one rename, if it still is what was planned for. Whoever may
# read and write it may do so afterwards; MODE and OWNER are those of a new one.
put() {
  unchanged "$1" "$4"
  [ -d "${1%/*}" ] || mkdir -p "${1%/*}"
  # From here on what is beside it goes with the run, see `sweep` in state.sh.
  printf '%s\n' "$1" >>"$RUN/wrote"
  fresh=''
  if [ ! -e "$1" ]; then
    fresh=1
    rm -f "$1.provisioner"
  else
    alike "$1" "$1.provisioner" || no_copy "$1" 'beside it'
  fi
  why=$(umask 077 && printf '%s' "$5" | dd of="$1.provisioner" conv=fsync 2>&1) || {
    rm -f "$1.provisioner"
    die "$1 cannot be written: $(printf '%s\n' "$why" | grep -m 1 '^dd:' || printf '%s' "$why" | tail -n 1)"
  }
  [ -z "$fresh" ] || why=$(chown "$3" "$1.provisioner" 2>&1 && chmod "$2" "$1.provisioner" 2>&1) || {
    rm -f "$1.provisioner"
    die "$1 cannot be written as $3 with mode $2: $why"
  }
  keep "$1"
  why=$(mv -f "$1.provisioner" "$1" 2>&1) || {
    rm -f "$1.provisioner"
    sed -i '$d' "$RUN/undo"
    die "$1 cannot be replaced, it stays as it is: $why"
  }
  if [ -n "$fresh" ] && have restorecon; then restorecon "$1" || :; fi
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

# engine_end PID: it has a moment to end by itself.
engine_end() {
  kill "$1" 2>/dev/null || return 0
  limit=$(($(now) + 20))
  while kill -0 "$1" 2>/dev/null; do
    if [ "$(now)" -ge "$limit" ]; then kill -9 "$1" 2>/dev/null || :; return 0; fi
    nap
  done
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
  engine_job 120 start "$engine_unit"
}
engine_restart() {
  engine_mark_log
  engine_forgive
  engine_job 120 restart "$engine_unit"
}
# systemd refuses a fourth start within a minute, whoever asked for the first three (moby#41461); and it knows no unit
# that was written since it has read them.
engine_forgive() {
  timeout 60 systemctl reset-failed "$engine_unit" docker.socket 2>/dev/null || :
  timeout 60 systemctl daemon-reload || :
}
# engine_job SECONDS VERB UNIT: Docker's own unit sets no limit (TimeoutStartSec=0), so one that never becomes ready would
# keep systemctl for ever. A job that is over its time is taken back.
engine_job() {
  job=0
  timeout "$1" systemctl "$2" "$3" || job=$?
  [ "$job" = 124 ] || return "$job"
  if [ "$2" = restart ] && engine_is deactivating; then
    # Its containers may have longer to stop (shutdown-timeout).
    engine_leaves deactivating 600 && engine_leaves activating "$1" && engine_is active && return 0
  fi
  note "systemctl $2 $3 has not ended within $1 s, its job is taken back"
  timeout 20 systemctl list-jobs --no-legend 2>/dev/null | while read -r job unit _; do
    if [ "$unit" = "$3" ]; then timeout 20 systemctl cancel "$job" || :; fi
  done
  return 1
}
engine_is() { [ "$(timeout 20 systemctl show -p ActiveState "$engine_unit")" = "ActiveState=$1" ]; }
engine_leaves() {
  limit=$(($(now) + $2))
  while engine_is "$1"; do
    [ "$(now)" -lt "$limit" ] || return 1
    sleep 1
  done
}
engine_stop() {
  for unit in docker.socket "$engine_unit"; do engine_job 600 stop "$unit" 2>/dev/null || :; done
  ! timeout 20 systemctl -q is-active "$engine_unit"
}
# systemd reloads no unit that is masked, or whose daemon somebody started by hand.
engine_reload() { engine_job 30 reload "$engine_unit" || kill -HUP "$(engine_pid)"; }
# From the cursor on where there is one: the journal's seconds are too coarse for what happened just before.
engine_mark_log() {
  log_since=--since=@$(now)
  cursor=$(timeout 20 journalctl -q --no-pager -n 1 -o cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')
  [ -z "$cursor" ] || log_since=--after-cursor=$cursor
}
engine_log() { timeout 20 journalctl -q --no-pager -o cat -u "$engine_unit" "${log_since:---since=@$began}" 2>/dev/null; }
# What hangs in its start may hang in its stop as well, for which Docker's unit sets no limit either.
engine_recover() {
  if ! engine_is active; then
    for pid in $(timeout 20 systemctl show -p MainPID -p ControlPID "$engine_unit" | sed -n 's/.*PID=\([1-9]\)/\1/p'); do
      engine_end "$pid"
    done
  fi
  engine_restart
}
engine_enable() {
  for unit in "$engine_unit" docker.socket containerd.service; do
    case $(timeout 20 systemctl is-enabled "$unit" 2>/dev/null) in masked*) timeout 60 systemctl unmask "$unit" ;; esac
  done
  timeout 60 systemctl enable "$engine_unit"
}

step_1() {
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
URIs: http://packages.example/linux/ubuntu
Suites: noble
Components: stable
Architectures: amd64
Signed-By: /etc/apt/keyrings/docker.asc
'
}

step_2() {
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
  # The first start of the daemon waits for its configuration: invoke-rc.d and deb-systemd-invoke ask this policy. It
  # also lets a package finish whose daemon did not start. It holds as long as this process lives; after a power cut it
  # answers as if it were not there, and goes.
  policy=/usr/sbin/policy-rc.d
  policy_of() { sed -n '2s/^# provisioner: of //p' "$policy" 2>/dev/null; }
  guard() {
    read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || boot=unknown
    read -r stat <"/proc/$$/stat"
    # shellcheck disable=SC2086 # numbers, and a letter
    set -- ${stat##*) }
    cat >"$policy" <<POLICY
#!/bin/sh
# provisioner: of $RUN
read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || boot=unknown
stat=''
read -r stat 2>/dev/null </proc/$$/stat
set -- "\$*" \${stat##*) }
if [ "\$boot" = $boot ] && [ "\${21-}" = ${20} ]; then exit 101; fi
rm -f $policy
case \$1 in *'('*) exit 101 ;; esac
[ -e /sbin/init ] || exit 101
exit 104
POLICY
    chmod 755 "$policy"
  }
  unguard() {
    [ "$(policy_of)" != "$RUN" ] || rm -f "$policy"
  }
  # One that an earlier run has left goes when it is asked; anybody else's stays.
  if [ -n "$(policy_of)" ]; then "$policy" docker start || :; fi
  if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then guard; fi
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
  unguard
}

step_3() {
  put /etc/docker/daemon.json 644 root:root absent '{
  "registry-mirrors": [
    "https://first.example",
    "http://192.0.2.7:5000"
  ]
}
'
}

step_4() {
  config_changed=start
  engine_enable
  engine_start || {
    say_why
    die "the engine does not start"
  }
  comes_up 60 engine_answers || {
    say_why
    die "the engine was started and does not answer"
  }
}

step_5() {
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
  start source
  step_1
  ok
  start packages
  step_2
  ok
  start daemon-config
  step_3
  ok
  start service
  step_4
  ok
  start hold
  step_5
  ok
}
main </dev/null
