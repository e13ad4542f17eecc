#!/bin/sh
# Plan for ubuntu-14.04-lookalike-engine: ubuntu-14.04, distro-packages.
# Usage: sh apply.sh [NONCE [DIRECTORY]]; DIRECTORY keeps backups and temporary files of this run.
set -eu
N=${1:-manual}
RUN=${2:-$(mktemp -d)}
engine_version=20.10.24+dfsg1
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l
export DOCKER_CONTEXT=default
unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 022
stamp=$(date -u +%Y%m%dT%H%M%SZ)
current=''
config_changed=''
current_fails=''
packages_noted=''
lasting=''
failed=''
mkdir -p "$RUN/backup"
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

# When a step fails, packages and the files that this run wrote come back in reverse order. Steps that change packages
# define how they do, and set `packages_noted`; one that does what is never taken back says what in `lasting`.
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
  if [ -z "$failed" ] && [ -d "$RUN/packages" ]; then rm -r "$RUN/packages"; fi
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
  [ -s "$RUN/undo" ] || [ -n "$packages_noted$lasting" ] || return 0
  failed=''
  [ -z "$packages_noted" ] || undo_packages
  cp "$RUN/undo" "$RUN/undone"
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
  [ -z "$packages_noted" ] || packages_as_before || failed=1
  files_as_before || failed=1
  [ -z "$lasting" ] || { failed=1; note "$lasting stays"; }
  if [ -n "$failed" ]; then mark "rollback failed"; else mark "rollback done"; fi
}

# files_as_before: all that was to be put back is what was kept of it.
files_as_before() {
  while read -r saved path; do
    if [ "$saved" = absent ]; then [ ! -e "$path" ] || return 1
    else cmp -s "$saved" "$path" || return 1
    fi
  done <"$RUN/undone"
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

# The pid file has no final newline, so `read` fails although it reads.
engine_pid() {
  pid=''
  if [ -r /var/run/docker.pid ]; then read -r pid </var/run/docker.pid || :; fi
  [ -n "$pid" ] && [ -d "/proc/$pid" ] && echo "$pid"
}

engine_answers() { timeout 20 docker version >/dev/null 2>&1; }

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

# Debian's init script returns before the daemon has come up or died, and its `restart` gives up when the pid file
# is missing (Debian 12, docker.io 20.10.24): stop, whatever it says, then start.
engine_log() { tail -n +"$((${log_lines:-0} + 1))" /var/log/docker.log 2>/dev/null; }
engine_mark_log() { log_lines=$(wc -l 2>/dev/null </var/log/docker.log || echo 0); }
engine_start() { engine_mark_log; service docker start; }
engine_restart() {
  engine_mark_log
  service docker stop || :
  limit=$(($(now) + 60))
  while engine_pid >/dev/null && [ "$(now)" -lt "$limit" ]; do nap; done
  service docker start
}
engine_stop() { service docker stop; }
engine_reload() { kill -HUP "$(engine_pid)"; }
engine_recover() { engine_restart; }
engine_enable() {
  if have update-rc.d; then update-rc.d docker defaults >/dev/null
  elif have chkconfig; then chkconfig docker on
  fi
}

step_1() {
  unchanged /etc/default/docker 66117bfaf30ce29843f0c86fab2f35046b420deb8e461317152d1d20f29dd158
  mkdir -p "$(dirname /etc/default/docker)"
  if [ -e /etc/default/docker ]; then
    why=$(cp -p /etc/default/docker /etc/default/docker."$stamp".bak 2>&1) || {
      rm -f /etc/default/docker."$stamp".bak
      die 'there can be no copy beside /etc/default/docker; nothing was changed:'" $why"
    }
  fi
  put /etc/default/docker 644 root:root 66117bfaf30ce29843f0c86fab2f35046b420deb8e461317152d1d20f29dd158 '# Here in Debian, this file is sourced by:
#   - /etc/init.d/docker (sysvinit)
#   - /etc/init/docker (upstart)
#   - systemd'"'"'s docker.service

# Use of this file for configuring your Docker daemon is discouraged.

# The recommended alternative is "/etc/docker/daemon.json", as described in:
#   https://docs.docker.com/engine/reference/commandline/dockerd/#daemon-configuration-file

# If that does not suit your needs, try a systemd drop-in file, as described in:
#   https://docs.docker.com/config/daemon/systemd/
DOCKER_OPTS="--registry-mirror=https://first.example --registry-mirror=http://192.0.2.7:5000"
'
  config_changed=restart
  shown=''
  shows() { shown=$(timeout 20 docker info --format '{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}}{{end}}' 2>&1) && [ "$shown" = 'up https://first.example/ http://192.0.2.7:5000/ ' ]; }
  reverted() { shown=$(timeout 20 docker info --format '{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}}{{end}}' 2>&1) && [ "$shown" = 'up ' ]; }
  engine_restart || {
    say_why
    die "the engine does not start with this configuration"
  }
  comes_up 60 shows || {
    say_why
    die "the engine does not show the new configuration after the restart; docker info says: $shown"
  }
}

step_2() {
  if ! grep -q '^docker:' /etc/group; then groupadd -r docker; fi
  id ops >/dev/null 2>&1 || die 'there is no account ops on this host'
  if have usermod; then usermod -a -G docker ops; else adduser ops docker; fi
}

main() {
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start daemon-config
  step_1
  ok
  start users
  step_2
  ok
}
main </dev/null
