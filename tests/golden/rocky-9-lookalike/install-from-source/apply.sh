#!/bin/sh
# Plan for rocky-9-lookalike: rocky-9, rpm-repo.
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

manager=dnf
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

# dnf, dnf 5 and yum, whichever $manager is, and rpm: the same as apt.sh for these.

installed_packages() { rpm -qa --qf '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}\n' | sort; }
locked_files='/etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list /etc/dnf/versionlock.toml'
note_locks() {
  for path in $locked_files; do
    if [ -f "$path" ]; then cp -p "$path" "$RUN/packages/${path##*/}" || return 1; fi
  done
}
locks_again() {
  for path in $locked_files; do
    if [ -f "$RUN/packages/${path##*/}" ] && ! cmp -s "$RUN/packages/${path##*/}" "$path"; then
      cat "$RUN/packages/${path##*/}" >"$path" || failed=1
    fi
  done
}
# keep_packages NAME...: each as it is installed, from whichever source still has it. None of it is a reason to stop:
# what is to come is known to install.
keep_packages() {
  lacking=''
  # shellcheck disable=SC2046 # a list of words
  set -- $(rpm -q --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' "$@" 2>/dev/null | grep -v ' ' | sort -u |
    while IFS= read -r package; do [ -f "$RUN/packages/earlier/$package.rpm" ] || printf '%s\n' "$package"; done)
  [ $# -gt 0 ] || return 0
  (
    mkdir -p "$RUN/packages/fetched" && cd "$RUN/packages/fetched" || exit 1
    fetch_installed "$@" || for package in "$@"; do fetch_installed "$package"; done
  ) >"$RUN/packages/log" 2>&1 || :
  # What dnf has fetched is dnf's to delete, after its next transaction.
  for package in "$@"; do
    mv "$RUN/packages/fetched/$package.rpm" "$RUN/packages/earlier/" 2>/dev/null || lacking="$lacking $package"
  done
  [ -z "$lacking" ] || note "no source of this host has these any more, so they could not come back if the new engine failed:$lacking"
}
# fetch_installed PACKAGE...: into the present directory.
fetch_installed() {
  if [ "$manager" = dnf5 ]; then timeout 300 dnf5 -q -y download "$@"
  else timeout 300 "$manager" -q -y reinstall --downloadonly --downloaddir="$PWD" "$@"
  fi
}
# bring_back: without a source and a solution, with rpm, out of what was kept.
bring_back() {
  # The first start of the daemon waits for its configuration, whatever scriptlets do: until then its units have a
  # condition that does not hold, so that starting them does nothing. Nothing of it outlives a boot.
  guarded=''
  if [ -d /run/systemd/system ]; then
    guarded=1
    for unit in docker.service docker.socket; do
      mkdir -p "/run/systemd/system/$unit.d" &&
        printf '[Unit]\nConditionPathExists=!%s\n' "/run/systemd/system/$unit.d/provisioner.conf" \
          >"/run/systemd/system/$unit.d/provisioner.conf" || note "$unit may start before it is configured: there is no room below /run"
      printf 'absent %s\n' "/run/systemd/system/$unit.d/provisioner.conf" >>"$RUN/undo"
    done
    systemctl daemon-reload
  fi
  cut -d ' ' -f 1 "$RUN/packages/then" >"$RUN/packages/names"
  set --
  for package in $(cut -d ' ' -f 1 "$RUN/packages/now" | grep -v -x -F -f "$RUN/packages/names"); do set -- "$@" "$package"; done
  [ $# -eq 0 ] || rpm -e --nodeps "$@"
  for key in $(grep '^gpg-pubkey ' "$RUN/packages/now" | grep -v -x -F -f "$RUN/packages/then" | sed 's/.*:\(.*\)\..*/gpg-pubkey-\1/'); do
    rpm -e --allmatches "$key" || :
  done
  set --
  for file in "$RUN/packages/earlier"/*.rpm; do
    [ -f "$file" ] || continue
    line=$(rpm -qp --qf '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}' "$file" 2>/dev/null)
    if grep -q -x -F -e "$line" "$RUN/packages/then" && ! grep -q -x -F -e "$line" "$RUN/packages/now"; then set -- "$@" "$file"; fi
  done
  [ $# -eq 0 ] || rpm -U --oldpackage --replacepkgs --nodeps "$@"
  if [ -n "$guarded" ]; then
    for unit in docker.service docker.socket; do
      rm -f "/run/systemd/system/$unit.d/provisioner.conf"
      rmdir "/run/systemd/system/$unit.d" 2>/dev/null || :
      sed -i "/ \/run\/systemd\/system\/$unit\.d\/provisioner\.conf\$/d" "$RUN/undo"
    done
    systemctl daemon-reload
  fi
}

how=''
enable=''
# manage WORD...: the package manager; what it says is kept for the reason of a failure.
manage() {
  # shellcheck disable=SC2086 # lists of words
  { "$manager" -y $how $enable "$@" && : >"$RUN/managed"; } 2>&1 | tee "$RUN/manage.log"
  if [ -e "$RUN/managed" ]; then rm -f "$RUN/managed"; return 0; fi
  return 1
}
# manage_by_shell: the transaction on stdin. That shell goes on after an error, and does not tell by its status.
manage_by_shell() {
  cat >"$RUN/transaction"
  manage --setopt=clean_requirements_on_remove=0 shell "$RUN/transaction" || return 1
  ! grep -q -e '^Error' -e '^No match for argument' -e '^ *Problem' -e '^No package .* available' -e 'check error' \
    "$RUN/manage.log"
}
# removed: what the transaction of the log takes away, one name a line; another version of the same is none of it.
removed() {
  section=''
  row=''
  machine=$(uname -m)
  while IFS= read -r line; do
    case $line in
      *' replacing '*) name=${line#* replacing } ;;
      Removing*) section=1; continue ;;
      ' '[!\ ]*) name=$line; row=${line# }; row=${row%% *} ;;
      ' '*) continue ;;
      *) section=''; continue ;;
    esac
    case $line in
      *' replacing '*) ;;
      *) [ -n "$section" ] || continue ;;
    esac
    # shellcheck disable=SC2086 # words
    set -- $name
    name=${1%.noarch}
    name=${name%."$machine"}
    name=${name%.i[3-6]86}
    [ -n "$section" ] || [ "$name" != "$row" ] || continue
    printf '%s\n' "$name"
  done <"$RUN/manage.log" | sort -u
}
# goes_beyond NAMES: what is removed besides NAMES.
goes_beyond() {
  for package in $(removed); do
    case " $1 " in *" $package "*) ;; *) printf '%s ' "$package" ;; esac
  done
}
# changed_by: the installed packages that the tested transaction puts another version in place of.
changed_by() {
  sed -n 's/^ \([^ ][^ ]*\).*/\1/p' "$RUN/tested" | sort -u | while IFS= read -r package; do
    if rpm -q "$package" >/dev/null 2>&1; then printf '%s\n' "$package"; fi
  done
}

# rpm_reason PACKAGE...: the packages that were wanted. One line.
rpm_reason() {
  room_reason || proxy_reason || trust_reason || exclude_reason "$@" || source_reason || rpm_words
}
one_line() { tr '\n' ' ' | sed -e 's/  */ /g' -e 's/^ //' -e 's#//[^/@ ]*@#//***@#g' | cut -c 1-400; }
rpm_words() {
  sed -n -e '/^Error/,$p' -e '/No match for argument/p' -e '/^ *Problem/,/^[^ ]/p' "$RUN/manage.log" |
    grep -v -e '^(try' -e '^$' -e '^Complete' -e '^Dependencies resolved' -e '^Nothing to do' -e '^Last metadata' | head -n 6 | one_line
}
room_reason() {
  said=$(grep -m 1 -i -e 'No space left on device' -e 'more space on the' -e 'Not enough free space' -e 'needs [0-9]* inodes' -e 'Failed writing' "$RUN/manage.log") || return 1
  printf 'a file system has no room; make room there, %s clean packages does it for what was fetched: %s' \
    "$manager" "$(printf '%s' "$said" | one_line)"
}
# Those that are told it where they are configured, and the environment's.
proxy_reason() {
  grep -q -i -e 'proxy' -e 'connect' -e 'resolve host' -e 'timed out' -e 'timeout' "$RUN/manage.log" || return 1
  for where in $(grep -s -l '^proxy[[:space:]]*=' /etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/*.repo); do
    proxy=$(sed -n 's/^proxy[[:space:]]*=[[:space:]]*//p' "$where" | grep -v -x -e '' -e _none_ | head -n 1)
    [ -z "$proxy" ] || break
  done
  proxy=${proxy:-${http_proxy:-${https_proxy:-}}}
  [ -n "$proxy" ] || return 1
  printf 'the proxy %s does not answer, which %s tells %s to use; start it, or take it out there: %s' \
    "$(printf '%s' "$proxy" | one_line)" "${where:-the environment}" "$manager" \
    "$(grep -i -m 1 -e 'proxy' -e 'connect' -e 'resolve host' -e 'timed out' -e 'timeout' "$RUN/manage.log" | one_line)"
}
trust_reason() {
  said=$(grep -m 1 -i -e 'GPG check FAILED' -e 'is not signed' -e 'not correct for this package' -e 'OpenPGP check' -e 'Public key for .* is not installed' -e 'bad .*signature' "$RUN/manage.log") && {
    printf 'the packages are not signed by the key that is pinned for their source, so nothing of them is used: %s' "$(printf '%s' "$said" | one_line)"
    return 0
  }
  said=$(grep -m 1 -i -e "checksum doesn't match" -e 'checksum mismatch' -e 'checksum .* not match' "$RUN/manage.log") || return 1
  printf 'the source has other packages than its list names, so nothing of them is used; try again later, or another one with --source: %s' \
    "$(printf '%s' "$said" | sed 's/ Calculated:.*//' | one_line)"
}
# exclude_reason PACKAGE...: a line that keeps one of them, or what they need, from being installed.
exclude_reason() {
  grep -q -i -e 'No match for argument' -e 'exclude' -e 'filter' -e 'nothing provides' -e 'Unable to find a match' -e 'No package .* available' -e 'conflicting requests' -e '^Error: *$' -e 'Requires:' "$RUN/manage.log" || return 1
  for file in /etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/*.repo; do
    [ -f "$file" ] || continue
    line=$(grep -n -E '^(exclude|excludepkgs|includepkgs)[[:space:]]*=.*[^[:space:]]' "$file" | while IFS= read -r found; do
      set -f
      for package in $(printf '%s\n' "$@" | sed 's/-[0-9*].*//') containerd.io container-selinux; do
        named=''
        for pattern in $(printf '%s' "${found#*=}" | tr ',' ' '); do
          # shellcheck disable=SC2254 # a pattern is what it is
          case $package in $pattern) named=1 ;; esac
        done
        # includepkgs names all that may come.
        case $found-$named in
          *:exclude*-1 | *:includepkgs*-) printf '%s\n' "$found"; break ;;
        esac
      done
    done | head -n 1)
    [ -n "$line" ] || continue
    printf '%s, line %s keeps them from being installed: %s; take it out there' "$file" "${line%%:*}" "${line#*:}"
    return 0
  done
  locked=$(grep -s -h -E '(docker|containerd)' $locked_files | grep -v '^#' | head -n 1)
  [ -n "$locked" ] || return 1
  printf 'a versionlock holds %s; lift it first: %s versionlock delete NAME' "$locked" "$manager"
}
source_reason() {
  said=$(grep -m 1 -i -e 'Cannot download' -e 'Curl error' -e 'No more mirrors' -e 'Failed to download' -e 'Errno 14' "$RUN/manage.log") || return 1
  printf 'the source does not give what it lists; try again later, or another one with --source: %s' "$(printf '%s' "$said" | one_line)"
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
  put /etc/pki/rpm-gpg/RPM-GPG-KEY-docker 644 root:root absent '-----BEGIN PGP PUBLIC KEY BLOCK-----

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
  put /etc/yum.repos.d/docker-ce.repo 644 root:root absent '[docker-ce-stable]
name=Docker CE stable - x86_64
baseurl=http://packages.example/linux/rhel/9/$basearch/stable
enabled=1
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-docker
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
  versionlock() { dnf -q -y --setopt=plugins=1 versionlock "$@" 2>&1; }
  can_lock() {
    versionlock list >/dev/null && return 0
    dnf -q -y install python3-dnf-plugin-versionlock >/dev/null 2>&1 && versionlock list >/dev/null
  }
  note_packages
  ours gpg-pubkey
  rpm -q gpg-pubkey-c1cb5fe5 >/dev/null 2>&1 || rpm --import /etc/pki/rpm-gpg/RPM-GPG-KEY-docker || die "rpm refuses the repository key"
  # container-selinux is in a repository of the distribution that may be switched off (extras, addons).
  switched_off() {
    sed -n 's/^\[\([^]]*\(extras\|addons\)[^]]*\)\].*/\1/p' /etc/yum.repos.d/*.repo 2>/dev/null |
      grep -v -i -e debug -e source | tr '\n' ','
  }
  # transact OPTION...: one transaction.
  transact() {
    how=$*
    manage install docker-ce-28.3.3-1.el9 docker-ce-cli-28.3.3-1.el9 containerd.io-1.7.27-1 docker-buildx-plugin-0.25.0-1 
  }
  # First as a test: solved, fetched, signatures, room and files checked, nothing changed.
  tested=0
  transact --setopt=tsflags=test || tested=1
  if [ "$tested" = 1 ] && grep -q 'container-selinux' "$RUN/manage.log"; then
    enable=$(switched_off)
    [ -z "$enable" ] || {
      note "container-selinux is missing: trying with ${enable%,}"
      enable=--enablerepo=${enable%,}
      transact --setopt=tsflags=test && tested=0
    }
    [ "$tested" = 0 ] || mark "error container-selinux is in no repository that is set up here (RHEL: extras or AppStream, Oracle: addons)"
  fi
  [ "$tested" = 0 ] || die "the packages cannot be installed, so nothing was installed or removed: $(rpm_reason docker-ce-28.3.3-1.el9 docker-ce-cli-28.3.3-1.el9 containerd.io-1.7.27-1 docker-buildx-plugin-0.25.0-1 )"
  others=$(goes_beyond '')
  [ -z "$others" ] || die "${others% } would be removed too, which is not in the plan; nothing was installed or removed"
  cp "$RUN/manage.log" "$RUN/tested"
  # shellcheck disable=SC2046
  ours  $(sed -n 's/^ \([^ ][^ ]*\).*/\1/p' "$RUN/tested" | sort -u)
  # shellcheck disable=SC2046 # a list of words
  keep_packages  $(changed_by)
  etc_committed
  # The first start of the daemon waits for its configuration, whatever scriptlets do: until then its units have a
  # condition that does not hold, so that starting them does nothing. Nothing of it outlives a boot.
  guarded=''
  if [ -d /run/systemd/system ]; then
    guarded=1
    for unit in docker.service docker.socket; do
      mkdir -p "/run/systemd/system/$unit.d" &&
        printf '[Unit]\nConditionPathExists=!%s\n' "/run/systemd/system/$unit.d/provisioner.conf" \
          >"/run/systemd/system/$unit.d/provisioner.conf" || note "$unit may start before it is configured: there is no room below /run"
      printf 'absent %s\n' "/run/systemd/system/$unit.d/provisioner.conf" >>"$RUN/undo"
    done
    systemctl daemon-reload
  fi
  # Now in earnest, out of what was fetched.
  changed=0
  engine_changes=1
  transact -C || changed=1
  [ "$changed" = 0 ] || die "the packages cannot be installed: $(rpm_reason docker-ce-28.3.3-1.el9 docker-ce-cli-28.3.3-1.el9 containerd.io-1.7.27-1 docker-buildx-plugin-0.25.0-1 )"
  if [ -n "$guarded" ]; then
    for unit in docker.service docker.socket; do
      rm -f "/run/systemd/system/$unit.d/provisioner.conf"
      rmdir "/run/systemd/system/$unit.d" 2>/dev/null || :
      sed -i "/ \/run\/systemd\/system\/$unit\.d\/provisioner\.conf\$/d" "$RUN/undo"
    done
    systemctl daemon-reload
  fi
  rpm -q docker-ce-28.3.3-1.el9 >/dev/null 2>&1 || die 'docker-ce-28.3.3-1.el9 was asked for, and another version is installed'
  rpm -q docker-ce-cli-28.3.3-1.el9 >/dev/null 2>&1 || die 'docker-ce-cli-28.3.3-1.el9 was asked for, and another version is installed'
  rpm -q containerd.io-1.7.27-1 >/dev/null 2>&1 || die 'containerd.io-1.7.27-1 was asked for, and another version is installed'
  rpm -q docker-buildx-plugin-0.25.0-1 >/dev/null 2>&1 || die 'docker-buildx-plugin-0.25.0-1 was asked for, and another version is installed'
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

step_5() {
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
  versionlock() { dnf -q -y --setopt=plugins=1 versionlock "$@" 2>&1; }
  can_lock() {
    versionlock list >/dev/null && return 0
    dnf -q -y install python3-dnf-plugin-versionlock >/dev/null 2>&1 && versionlock list >/dev/null
  }
  set --
  for package in docker-ce docker-ce-cli docker-ce-rootless-extras containerd.io docker-buildx-plugin docker-compose-plugin docker.io docker-cli moby-engine moby docker-engine docker; do if rpm -q "$package" >/dev/null 2>&1; then set -- "$@" "$package"; fi; done
  if ! can_lock; then
    # The engine is installed and runs: nothing of that is taken back.
    : >"$RUN/undo"
    packages_noted=''
    die 'all else is done and stays, but the packages cannot be held: dnf has no versionlock here and no repository of this host offers it (python3-dnf-plugin-versionlock)'
  fi
  versionlock add "$@" || die "the packages cannot be held"
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
