#!/bin/sh
# Plan for debian-13: debian-13, distro-packages.
# Usage: sh apply.sh [NONCE [DIRECTORY]]; DIRECTORY keeps backups and temporary files of this run.
set -eu
N=${1:-manual}
RUN=${2:-$(mktemp -d)}
engine_version=ask
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

engine_start() {
  engine_mark_log
  engine_forgive
  systemctl daemon-reload && systemctl start docker.service
}
engine_restart() {
  engine_mark_log
  engine_forgive
  systemctl daemon-reload && systemctl restart docker.service
}
# systemd refuses a fourth start within a minute, whoever asked for the first three (moby#41461).
engine_forgive() { systemctl reset-failed docker.service docker.socket 2>/dev/null || :; }
engine_stop() {
  for unit in docker.socket docker.service; do systemctl stop "$unit" 2>/dev/null || :; done
  ! systemctl -q is-active docker.service
}
# systemd reloads no unit that is masked, or whose daemon somebody started by hand.
engine_reload() { systemctl reload docker.service || kill -HUP "$(engine_pid)"; }
# From the cursor on where there is one: the journal's seconds are too coarse for what happened just before.
engine_mark_log() {
  log_since=--since=@$(now)
  cursor=$(journalctl -q --no-pager -n 1 -o cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')
  [ -z "$cursor" ] || log_since=--after-cursor=$cursor
}
engine_log() { journalctl -q --no-pager -o cat -u docker.service "${log_since:---since=@$began}" 2>/dev/null; }
engine_recover() { engine_restart; }
engine_enable() {
  for unit in docker.service docker.socket containerd.service; do
    case $(systemctl is-enabled "$unit" 2>/dev/null) in masked*) systemctl unmask "$unit" ;; esac
  done
  systemctl enable docker.service
}

manager=apt
# What an engine was before its packages changed, and the way back of both. Functions of one package manager stand
# beside: installed_packages, note_locks, locks_again, bring_back.
# note_engine: whether an engine runs and answers, with which containers, and which of its units start at boot.
note_engine() {
  engine_ran=''
  engine_answered=''
  : >"$RUN/packages/containers"
  if engine_pid >/dev/null; then
    engine_ran=1
    if engine_answers; then
      engine_answered=1
      timeout 20 docker ps --no-trunc --format '{{.ID}} {{.Names}}' >"$RUN/packages/containers" 2>/dev/null || :
    fi
  fi
  units_enabled >"$RUN/packages/units"
}
with_systemd() { have systemctl && [ -d /run/systemd/system ]; }
units_enabled() {
  with_systemd || return 0
  for unit in docker.service docker.socket containerd.service; do
    printf '%s %s\n' "$unit" "$(systemctl is-enabled "$unit" 2>/dev/null)"
  done
}
# units_again: they start at boot as they did before.
units_again() {
  with_systemd || return 0
  while read -r unit state; do
    [ "$state" != "$(systemctl is-enabled "$unit" 2>/dev/null)" ] || continue
    case $state in
      enabled) systemctl enable "$unit" ;;
      disabled) systemctl disable "$unit" ;;
    esac
  done <"$RUN/packages/units" >/dev/null 2>&1
}
replaced() { case $(readlink "/proc/$1/exe" 2>/dev/null) in *'(deleted)') return 0 ;; *) return 1 ;; esac; }
# renew_containerd: the one that runs is the one that is installed.
renew_containerd() {
  with_systemd || return 0
  containerd=$(systemctl show -p MainPID containerd.service 2>/dev/null) || return 0
  if replaced "${containerd#MainPID=}"; then systemctl daemon-reload && timeout 90 systemctl restart containerd.service; fi
}
# containers_again: those that ran before and do not now.
containers_again() {
  again=''
  missing=''
  while read -r id name; do
    state=$(timeout 20 docker inspect -f '{{.State.Running}}' "$id" 2>/dev/null) || state=gone
    if [ "$state" = true ]; then continue; fi
    if timeout 60 docker start "$id" >/dev/null 2>&1; then again="$again $name"; else missing="$missing $name"; fi
  done <"$RUN/packages/containers"
  [ -z "$again" ] || note "containers that ran before were started again:$again"
  [ -z "$missing" ] || note "containers that ran before do not run any more:$missing"
  [ -z "$missing" ]
}
# note_packages: before the first of them changes. `engine_changes` is set before the engine's do. What another run
# has kept is of no use any more.
note_packages() {
  [ -z "$packages_noted" ] || return 0
  case $RUN in
    */runs/*) for kept in "${RUN%/*}"/*/packages; do [ ! -d "$kept" ] || rm -r "$kept"; done ;;
  esac
  engine_changes=''
  everything_is_ours=''
  mkdir -p "$RUN/packages/earlier" && : >"$RUN/packages/ours" && installed_packages >"$RUN/packages/before" &&
    note_locks && note_engine || die "there is no room for the notes of this run below $RUN"
  packages_noted=1
}
# ours NAME...: packages that this run installs, changes or removes; what others do meanwhile is theirs.
ours() { [ $# -eq 0 ] || printf '%s\n' "$@" | sed -e 's/:.*//' -e 's/[.+]/\\&/g' -e 's/.*/^&(:[a-z0-9]+)? /' >>"$RUN/packages/ours"; }
# ours_in FILE: its lines that are about them.
ours_in() { if [ -n "$everything_is_ours" ]; then cat "$1"; else grep -E -f "$RUN/packages/ours" "$1" || :; fi; }
look_at_packages() {
  installed_packages >"$RUN/packages/all"
  ours_in "$RUN/packages/all" >"$RUN/packages/now"
  ours_in "$RUN/packages/before" >"$RUN/packages/then"
  cmp -s "$RUN/packages/then" "$RUN/packages/now"
}
# undo_packages: before the files of this run are put back. Sets `failed`, and what becomes of the engine then.
undo_packages() {
  locks_again
  if look_at_packages; then return 0; fi
  if [ -n "$engine_changes" ]; then
    note "bringing the packages back to where they were"
    engine_stop >/dev/null 2>&1 || :
  fi
  bring_back >"$RUN/packages/log" 2>&1 || :
  if ! look_at_packages; then
    failed=1
    cat "$RUN/packages/log"
    mark "error the packages did not come back to where they were: $(packages_differ)"
  fi
  [ -n "$engine_changes" ] || return 0
  if with_systemd; then
    systemctl daemon-reload
    systemctl reset-failed docker.service docker.socket containerd.service 2>/dev/null || :
  fi
  locks_again
  # Packages do not stay without the source that they came from.
  if [ -n "$failed" ] && grep -q '^docker-ce ' "$RUN/packages/now"; then
    grep -v -e ' /etc/apt/' -e ' /etc/yum\.repos\.d/' -e ' /etc/pki/rpm-gpg/' "$RUN/undo" >"$RUN/packages/undo" || :
    cat "$RUN/packages/undo" >"$RUN/undo"
    note "docker-ce stays, and its source and key with it"
  fi
  if [ -n "$engine_ran" ]; then
    units_again
    renew_containerd || failed=1
    config_changed=packages
  else config_changed=''
  fi
}
packages_differ() {
  grep -v -x -F -f "$RUN/packages/then" "$RUN/packages/now" | sed 's/$/ (new)/' >"$RUN/packages/differ"
  grep -v -x -F -f "$RUN/packages/now" "$RUN/packages/then" | sed 's/$/ (missing)/' >>"$RUN/packages/differ"
  head -n 10 "$RUN/packages/differ" | tr '\n' ',' | sed -e 's/,/, /g' -e 's/, $//'
}
# packages_as_before: at the end of the way back, they and the engine. Says no when something is not as it was.
packages_as_before() {
  look_at_packages || return 1
  if [ -z "$engine_ran" ]; then ! engine_pid >/dev/null; return; fi
  [ -z "$engine_answered" ] || engine_answers || return 1
  [ -z "$engine_changes" ] || containers_again || return 1
  units_enabled | cmp -s - "$RUN/packages/units"
}

# apt and dpkg: keep what goes, try the whole transaction before anything changes, say why it cannot be, and the way back.

installed_packages() {
  # shellcheck disable=SC2016 # dpkg-query expands these
  dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package} ${Version}\n' | sed -n 's/^.[iUFHWt]. *//p' | sort
}
note_locks() {
  apt-mark showhold | sort >"$RUN/packages/holds" && apt-mark showauto | sort >"$RUN/packages/automatic"
}
locks_again() {
  set --
  for package in $(apt-mark showhold | sort | grep -v -x -F -f - "$RUN/packages/holds"); do
    if is_installed "$package"; then set -- "$@" "$package"; fi
  done
  [ $# -eq 0 ] || apt-mark hold "$@" >/dev/null || failed=1
}
is_installed() { dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^.[iUFHWt]'; }
# keep_packages NAME...: each as it is installed, in a package: as it was downloaded once, or packed again from its
# files, since its source may have it no more.
keep_packages() {
  for package in "$@"; do
    kept_already "$package" || from_cache "$package" || pack_again "$package" || {
      die "$package cannot be kept for the way back, so it was not touched: $(tail -n 1 "$RUN/packages/log")"
    }
  done
}
kept_already() { ls "$RUN/packages/earlier/${1%:*}"_*.deb >/dev/null 2>&1; }
from_cache() {
  # shellcheck disable=SC2016 # dpkg-query expands these
  there=$(dpkg-query -W -f '${Version} ${Architecture}' "$1")
  for file in /var/cache/apt/archives/"${1%:*}"_*.deb; do
    [ -f "$file" ] || continue
    if [ "$(dpkg-deb -f "$file" Version) $(dpkg-deb -f "$file" Architecture)" = "$there" ]; then
      cp "$file" "$RUN/packages/earlier/" && return 0
    fi
  done 2>"$RUN/packages/log"
  return 1
}
pack_again() {
  tree=$RUN/packages/tree
  [ ! -d "$tree" ] || rm -r "$tree"
  mkdir -p "$tree/DEBIAN"
  # Where /lib and its like are links, files lie behind them, and the links are nobody's.
  dpkg -L "$1" | while IFS= read -r path; do
    case $path in
      /bin | /sbin | /lib | /lib32 | /lib64 | /libx32) ;;
      /*) if [ -e "$path" ] || [ -L "$path" ]; then printf '%s\n' ".$path"; fi ;;
    esac
  done >"$RUN/packages/list"
  {
    tar -C / --no-recursion --no-unquote -cf - -T "$RUN/packages/list" && : >"$RUN/packages/packed"
  } 2>"$RUN/packages/log" | tar -C "$tree" -xpf - 2>>"$RUN/packages/log" || return 1
  [ -e "$RUN/packages/packed" ] || return 1
  rm -f "$RUN/packages/packed"
  dpkg-query -s "$1" | sed -e '/^Status: /d' -e '/^Config-Version: /d' -e '/^Conffiles:/,/^[^ ]/{/^Conffiles:/d;/^ /d;}' \
    >"$tree/DEBIAN/control"
  # shellcheck disable=SC2016 # dpkg-query expands it
  dpkg-query -W -f '${Conffiles}\n' "$1" | sed -n '/ obsolete$/d;s/^ \(\/.*\) [0-9a-f]*$/\1/p' | while IFS= read -r path; do
    if [ -e "$tree$path" ]; then printf '%s\n' "$path"; fi
  done >"$tree/DEBIAN/conffiles"
  for kind in $(dpkg-query --control-list "$1"); do
    case $kind in
      conffiles | md5sums | list) ;;
      *) cp -p "$(dpkg-query --control-path "$1" "$kind")" "$tree/DEBIAN/$kind" || return 1 ;;
    esac
  done
  chmod 755 "$tree" "$tree/DEBIAN"
  dpkg-deb --build -Znone "$tree" "$RUN/packages/earlier" >"$RUN/packages/log" 2>&1 && rm -r "$tree"
}
names_of() { cut -d ' ' -f 1 "$1"; }
# bring_back: without apt, which would want lists, a source and a solution: with dpkg, out of what was kept.
bring_back() {
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
  names_of "$RUN/packages/then" >"$RUN/packages/names"
  set --
  for package in $(names_of "$RUN/packages/now" | grep -v -x -F -f "$RUN/packages/names"); do set -- "$@" "$package"; done
  [ $# -eq 0 ] || dpkg --force-depends --force-remove-reinstreq --remove "$@"
  set --
  for package in $(grep -v -x -F -f "$RUN/packages/now" "$RUN/packages/then" | cut -d ' ' -f 1); do
    for file in "$RUN/packages/earlier/${package%:*}"_*.deb; do [ ! -f "$file" ] || set -- "$@" "$file"; done
  done
  [ $# -eq 0 ] || dpkg --force-confdef --force-confold --force-depends -i "$@"
  dpkg --force-confdef --force-confold --configure -a
  set --
  for package in $(apt-mark showauto | sort | grep -v -x -F -f - "$RUN/packages/automatic"); do
    if is_installed "$package"; then set -- "$@" "$package"; fi
  done
  [ $# -eq 0 ] || apt-mark auto "$@"
  # The links and masks of units that have gone again.
  if have deb-systemd-helper; then
    for unit in docker.service docker.socket containerd.service; do
      if [ -e "/lib/systemd/system/$unit" ] || grep -q "^$unit masked" "$RUN/packages/units"; then continue; fi
      for action in unmask purge; do deb-systemd-helper "$action" "$unit"; done
    done
  fi
  if [ -n "$guarded" ]; then
    rm -f /usr/sbin/policy-rc.d
    sed -i '/ \/usr\/sbin\/policy-rc.d$/d' "$RUN/undo"
  fi
}

# apt_solves WORD...: what apt would do, in $RUN/solved. Nothing changes.
apt_solves() {
  patient_apt "$@" -s >/dev/null && cp "$RUN/apt.log" "$RUN/solved" || return 1
  # shellcheck disable=SC2046 # a list of words
  ours $(sed -n -e 's/^Inst \([^ ]*\) .*/\1/p' -e 's/^Remv \([^ ]*\) .*/\1/p' "$RUN/solved")
}
# goes_beyond NAMES: those that the solution removes besides NAMES.
goes_beyond() {
  for package in $(sed -n 's/^Remv \([^ ]*\) .*/\1/p' "$RUN/solved"); do
    case " $1 " in *" $package "*) ;; *) printf '%s ' "$package" ;; esac
  done
}
# room_for: the packages of the solution, unpacked, and dpkg's own notes.
room_for() {
  set --
  for package in $(sed -n -e 's/^Inst \([^ ]*\) \[[^]]*\] (\([^ ]*\) .*/\1=\2/p' -e 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' "$RUN/solved"); do
    set -- "$@" "$package"
  done
  [ $# -gt 0 ] || return 0
  needed=0
  for size in $(apt-cache show "$@" 2>/dev/null | sed -n 's/^Installed-Size: //p'); do needed=$((needed + size)); done
  for place in /usr /var/lib/dpkg; do
    free=$(room_of "$place")
    [ "$place" = /usr ] || needed=0
    if [ -n "$free" ] && [ "$free" -lt $((needed + 16384)) ]; then
      die "the file system of $place has no room: the packages need $(((needed + 16384) / 1024)) MB there, and $((free / 1024)) MB are free; nothing was installed or removed"
    fi
  done
}
# changed_by: the installed packages that the solution puts another version in place of.
changed_by() { sed -n 's/^Inst \([^ ]*\) \[.*/\1/p' "$RUN/solved"; }

apt_logs() { cat "$RUN/update.log" "$RUN/apt.log" 2>/dev/null; }
# apt_reason PACKAGE...: the packages that were wanted. One line.
apt_reason() {
  room_reason || proxy_reason || trust_reason || pin_reason "$@" || hold_reason "$@" || source_reason || apt_words
}
one_line() { tr '\n' ' ' | sed -e 's/  */ /g' -e 's/^ //' -e 's#//[^/@ ]*@#//***@#g' | cut -c 1-400; }
apt_words() {
  apt_logs | grep -e '^ [a-z].* : ' -e '^E: ' | grep -v -e 'Unable to correct problems' -e 'Some files failed' -e 'may provide additional' |
    sort -u | head -n 4 | one_line
}
room_reason() {
  said=$(apt_logs | grep -m 1 -e 'No space left on device' -e 'enough free space') || return 1
  place=$(printf '%s\n' "$said" | sed -n 's/.* in \(\/[^ ]*[^ .]\)\.*.*/\1/p')
  place=${place:-/var/cache/apt/archives}
  printf 'the file system of %s has no room (%s MB free); make room there, apt-get clean does it for apt: %s' \
    "$place" "$(($(room_of "$place") / 1024))" "$(printf '%s' "$said" | one_line)"
}
# room_of PATH: kilobytes that are free there.
room_of() { df -Pk "$1" 2>/dev/null | sed -n '$s/.* \([0-9][0-9]*\)  *[0-9-][0-9]*% .*/\1/p'; }
proxy_reason() {
  apt_logs | grep -q -i -e 'connect' -e 'resol' -e 'timed out' -e 'timeout' -e 'proxy' || return 1
  {
    apt-config dump 2>/dev/null | sed -n 's/^Acquire::.*[Pp]roxy[^ ]* "\(..*\)";$/\1/p'
    printf '%s\n' "${http_proxy:-}" "${https_proxy:-}" "${HTTPS_PROXY:-}"
  } | grep -v -x -i -e '' -e DIRECT | sort -u >"$RUN/proxies"
  while IFS= read -r proxy; do
    host=$(printf '%s\n' "$proxy" | sed -e 's#^[a-z0-9]*://##' -e 's#^[^/@]*@##' -e 's#/.*##' -e 's/:[0-9]*$//')
    said=$(apt_logs | grep -F -e "$host" | grep -i -m 1 -e connect -e resolv -e 'timed out' -e timeout -e 'proxy') || continue
    where=$(grep -s -n -F -e "$proxy" /etc/apt/apt.conf /etc/apt/apt.conf.d/* /etc/environment /dev/null | head -n 1 | cut -d : -f 1,2)
    printf 'the proxy %s does not answer, which %s tells apt to use; start it, or take it out there: %s' \
      "$(printf '%s' "$proxy" | one_line)" "${where:-the environment}" "$(printf '%s' "$said" | one_line)"
    return 0
  done <"$RUN/proxies"
  return 1
}
trust_reason() {
  said=$(apt_logs | grep -m 1 -e 'NO_PUBKEY' -e 'Missing key' -e 'GPG error' -e 'is not signed' -e 'signature verification' -e 'EXPKEYSIG' -e 'BADSIG') && {
    printf 'the source is not signed by the key that is pinned for it, so nothing of it is trusted: %s' "$(printf '%s' "$said" | one_line)"
    return 0
  }
  said=$(apt_logs | grep -m 1 -e 'Hash Sum mismatch' -e 'unexpected size') || return 1
  printf 'the source has other packages than its list names, so nothing of them is used; try again later, or another one with --source: %s' \
    "$(printf '%s' "$said" | one_line)"
}
source_reason() {
  said=$(apt_logs | grep -m 1 -e 'Failed to fetch' -e '^Err:') || return 1
  printf 'the source does not give what it lists; try again later, or another one with --source: %s' "$(printf '%s' "$said" | one_line)"
}
# named PACKAGE...: they, and what the words of apt name.
named() {
  printf '%s\n' "$@"
  apt_logs | sed -n -e 's/.*Depends: \([a-z0-9][a-z0-9.+-]*\).*/\1/p' -e "s/.*Package '\([^']*\)' has no.*/\1/p" \
    -e 's/.*Package \([a-z0-9.+-]*\) is not available.*/\1/p' -e 's/^ *[0-9]*\. \([a-z0-9][a-z0-9.+-]*\):[a-z0-9]*=.*/\1/p'
}
# pin_reason PACKAGE[=VERSION]...: one that a pin forbids; a version on apt's command line would override it silently.
pin_reason() {
  named "$@" | sort -u >"$RUN/named"
  # shellcheck disable=SC2046 # a list of words
  package=$(
    apt-cache policy $(sed 's/=.*//' "$RUN/named") 2>/dev/null | while IFS= read -r line; do
      case $line in
        [a-z0-9]*:) package=${line%:} none='' ;;
        '  Candidate: (none)') none=1 ;;
        '     '*' -'[0-9]* | ' *** '*' -'[0-9]*)
          version=${line#?????}
          version=${version%% *}
          if grep -q -x -F -e "$package=$version" "$RUN/named"; then printf '%s\n' "$package"; fi
          if [ -n "$none" ] && grep -q -x -F -e "$package" "$RUN/named"; then printf '%s\n' "$package"; fi ;;
      esac
    done | head -n 1
  )
  [ -n "$package" ] || return 1
  where=$(grep -s -l -E "^Package:(.*[ ,])?($package|[^ ]*\\*[^ ]*)([ ,]|\$)" /etc/apt/preferences /etc/apt/preferences.d/* | head -n 1)
  printf '%s is pinned with a negative priority in %s: it must not be installed; take that pin out, or stay with what is there' \
    "$package" "${where:-/etc/apt/preferences.d}"
}
hold_reason() {
  apt_logs | grep -q -i -e 'held' -e 'conflicting decisions' -e 'unmet' || return 1
  holds=$(apt-mark showhold)
  for package in $(named "$@" | sed 's/=.*//' | sort -u) $(apt_logs | sed -n '/held packages will be changed/,/^[^ ]/s/^  //p'); do
    printf '%s\n' "$holds" | grep -q -x -F -e "${package%:*}" -e "$package" || continue
    printf '%s is held, and would have to change; release it first: apt-mark unhold %s' "$package" "$package"
    return 0
  done
  return 1
}

# etc_committed: etckeeper may be told to refuse installations as long as something in /etc is not committed; what
# this run has written is, under its own name, and nothing else.
etc_committed() {
  have etckeeper && grep -qs '^[[:space:]]*AVOID_COMMIT_BEFORE_INSTALL=.*[1-9a-z]' /etc/etckeeper/etckeeper.conf || return 0
  etckeeper unclean >/dev/null 2>&1 || return 0
  others=$(cd /etc && git status --porcelain -uall 2>/dev/null | cut -c 4- | while IFS= read -r path; do
    grep -q -x -F -e "/etc/$path" "$RUN/wrote" || printf '/etc/%s ' "$path"
  done)
  [ -z "$others" ] || die "etckeeper is told (AVOID_COMMIT_BEFORE_INSTALL) to refuse installations while /etc has changes that are not committed: $others; commit them first: etckeeper commit"
  etckeeper commit "${1:-package source of Docker Engine (provisioner)}" >/dev/null 2>&1 ||
    die "etckeeper cannot commit the package source, and is told (AVOID_COMMIT_BEFORE_INSTALL) to refuse installations then: etckeeper commit says why"
  note "etckeeper has committed what this run wrote"
  etc_was_committed=1
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
  quiet='-y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20'
  rm -f "$RUN/update.log"
  note_packages
  if dpkg --audit | grep -q .; then
    note "finishing what dpkg left half done"
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
    leaving=''
    dpkg --force-confdef --force-confold --configure -a || {
      for package in $(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^.[UFH]. *//p'); do
        case " $leaving " in
          *" $package "*) ;;
          *) die "dpkg cannot finish the package $package; nothing was removed. Repair it first: dpkg --configure $package" ;;
        esac
      done
    }
  if [ -n "$guarded" ]; then
    rm -f /usr/sbin/policy-rc.d
    sed -i '/ \/usr\/sbin\/policy-rc.d$/d' "$RUN/undo"
  fi
  fi
  # shellcheck disable=SC2086 # a list of words
  patient_apt $quiet update || die "the package lists cannot be refreshed: $(apt_reason)"
  cp "$RUN/apt.log" "$RUN/update.log"
  set -- docker.io docker-cli
  : >"$RUN/apt.log"
  if why=$(pin_reason "$@"); then die "$why"; fi
  # One transaction: what makes room goes together with what comes. First without changing anything.
  set -- install --no-install-recommends -o APT::Get::AutomaticRemove=false  "$@"
  # shellcheck disable=SC2086
  apt_solves $quiet "$@" || die "the packages cannot be installed, so nothing was installed or removed: $(apt_reason docker.io docker-cli)"
  others=$(goes_beyond '')
  [ -z "$others" ] || die "${others% } would be removed too, which is not in the plan; nothing was installed or removed"
  room_for
  # shellcheck disable=SC2086
  patient_apt $quiet --download-only "$@" || die "the packages cannot be fetched, so nothing was installed or removed: $(apt_reason docker.io docker-cli)"
  # shellcheck disable=SC2046 # a list of words
  keep_packages  $(changed_by)
  etc_committed
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
  installed=0
  engine_changes=1
  # shellcheck disable=SC2086
  patient_apt $quiet -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --no-download "$@" || installed=1
  [ "$installed" = 0 ] || die "the packages cannot be installed: $(apt_reason docker.io docker-cli)"
  if [ -n "$guarded" ]; then
    rm -f /usr/sbin/policy-rc.d
    sed -i '/ \/usr\/sbin\/policy-rc.d$/d' "$RUN/undo"
  fi
}

step_2() {
  put /etc/docker/daemon.json 644 root:root absent '{
  "registry-mirrors": [
    "https://first.example",
    "http://192.0.2.7:5000"
  ]
}
'
}

step_3() {
  # say_what_failed: of the units that an engine needs, the one that failed, with its own last words; then the daemon's,
  # and what the kernel has denied in the meantime.
  say_what_failed() {
    denied=''
    if with_systemd_journal; then
      for unit in containerd.service docker.socket; do
        state=$(systemctl show -p ActiveState -p Result "$unit" 2>/dev/null | sed 's/.*=//' | tr '\n' ' ')
        case $state in
          *failed* | *'activating '* | *exit-code* | *' timeout '*) ;;
          *) continue ;;
        esac
        mark "daemon $unit does not start:"
        journalctl -q --no-pager -o cat -u "$unit" --since="@$began" 2>/dev/null | grep -v -e '^systemd' -e level=info |
          grep -i -e level=error -e level=fatal -e level=panic -e "^${unit%%.*}:" -e fail -e error -e invalid -e unsupported -e denied |
          grep -v -e "^$unit:" -e '^Failed to start' | tail -n 3 | while IFS= read -r line; do mark "daemon $line"; done
      done
      denied=$(journalctl -q --no-pager -k -o cat --since="@$began" 2>/dev/null | grep -e 'apparmor="DENIED"' -e 'avc: *denied')
    fi
    said=$(say_why)
    if [ -n "$said" ]; then printf '%s\n' "$said"
    elif with_systemd_journal; then
      line=$(journalctl -q --no-pager -o cat -u docker.service --since="@$began" 2>/dev/null |
        grep -e 'process exited' -e 'Failed with result' -e 'Dependency failed' -e 'timed out' | tail -n 1)
      [ -z "$line" ] || mark "daemon $line"
    fi
    {
      printf '%s\n' "$denied"
      # With a daemon of its own, the kernel's words are there.
      tail -n 200 /var/log/audit/audit.log 2>/dev/null | grep -e 'apparmor="DENIED"' -e 'avc: *denied' | while IFS= read -r line; do
        stamp=${line#*audit(}
        if [ "${stamp%%[!0-9]*}" -ge "$began" ] 2>/dev/null; then printf '%s\n' "$line"; fi
      done
    } | grep -e docker -e containerd -e runc | tail -n 2 | while IFS= read -r line; do mark "daemon $line"; done
  }
  with_systemd_journal() { have journalctl && [ -d /run/systemd/system ]; }
  # containerd_starts: an engine waits minutes for one that does not, and never says why.
  containerd_starts() {
    have systemctl && [ -d /run/systemd/system ] || return 0
    case $(systemctl show -p Wants -p Requires -p After docker.service 2>/dev/null) in *containerd.service*) ;; *) return 0 ;; esac
    [ "$(systemctl show -p LoadState containerd.service 2>/dev/null)" = LoadState=loaded ] || return 0
    systemctl reset-failed containerd.service 2>/dev/null || :
    timeout 90 systemctl start containerd.service
  }
  config_changed=start
  engine_enable
  if ! engine_pid >/dev/null; then
    containerd_starts || {
      say_what_failed
      die "the engine does not start: containerd.service, which it needs, does not"
    }
  fi
  engine_start || {
    say_what_failed
    die "the engine does not start"
  }
  comes_up 60 engine_answers || {
    say_what_failed
    die "the engine was started and does not answer"
  }
  if [ -n "$packages_noted" ]; then
    containers_again || :
    # The engine runs as planned: what follows takes nothing of that back.
    packages_noted=''
    config_changed=''
    : >"$RUN/undo"
  fi
}

step_4() {
  if ! grep -q '^docker:' /etc/group; then groupadd -r docker; fi
  id ops >/dev/null 2>&1 || die 'there is no account ops on this host'
  if have usermod; then usermod -a -G docker ops; else adduser ops docker; fi
}

main() {
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start packages
  step_1
  ok
  start daemon-config
  step_2
  ok
  start service
  step_3
  ok
  start users
  step_4
  ok
}
main </dev/null
