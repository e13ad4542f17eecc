export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
umask 022

{% include "proxies.sh" %}

environment_proxies
stamp=$(date -u '+%Y%m%dT%H%M%SZ %s')
born=${stamp#* }
stamp=${stamp% *}
read -r born_up _ </proc/uptime
current=''
config_changed=''
current_fails=''
packages_noted=''
lasting=''
failed=''
keeps=0
mkdir -p "$RUN/backup" "$RUN/client"
own_client "$RUN/client"
if [ -n "$engine_host" ]; then export DOCKER_HOST="$engine_host"; fi
: >"$RUN/undo"
: >"$RUN/wrote"

mark() { printf '\n@@%s %s\n' "$N" "$*"; }
note() { mark "note $*"; }
die() { mark "error $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
now() { date +%s; }
nap() { sleep 0.05 2>/dev/null || sleep 1; }
start() { current=$1; clock; began=$time; mark "start $1"; }
ok() { clock; mark "ok $current $((time - began))"; current=''; }
# clock: sets `time` to what `now` would print, by what has passed since this run began; no process is started for it.
clock() {
  read -r time _ </proc/uptime
  time=$((born + ${time%%.*} - ${born_up%%.*}))
}

# unguard: services may start again; a step that keeps them from it says how.
unguard() { :; }

# When a step fails, packages and the files that this run wrote come back in reverse order. Steps that change packages
# define how they do, and set `packages_noted`; one that does what is never taken back says what in `lasting`.
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
  if [ -e "$RUN/candidate" ]; then rm -f "$RUN/candidate"; fi
  if [ -z "$failed" ] && [ -d "$RUN/packages" ]; then rm -r "$RUN/packages"; fi
  if [ "$status" -eq 0 ] && [ -z "$given" ]; then rm -r "$RUN"; fi
  mark "finished $status"
  exit "$status"
}

# remember: what this run wrote, so that a later look can tell what somebody else has changed since.
remember() {
  [ -s "$RUN/wrote" ] || [ -n "$engine_version" ] || return 0
  record=/var/lib/provisioner/record
  if [ "$engine_version" = ask ]; then
    engine_version=$(timeout 20 docker version --format {{ "{{.Server.Version}}" }} 2>/dev/null)
  fi
  [ -d "${record%/*}" ] || mkdir -p "${record%/*}"
  wrote=$nl
  while IFS= read -r name; do
    case $wrote in *"$nl$name$nl"*) ;; *) wrote=$wrote$name$nl ;; esac
  done <"$RUN/wrote"
  recorded=''
  if [ -r "$record" ]; then
    while read -r kind value when name; do
      if [ "$kind" = engine ] && [ -n "$engine_version" ]; then continue; fi
      case $wrote in *"$nl$name$nl"*) ;; *) recorded="$recorded$kind $value $when $name$nl" ;; esac
    done <"$record"
  fi
  if [ -n "$engine_version" ]; then recorded="${recorded}engine $engine_version $stamp docker$nl"; fi
  set --
  wrote=${wrote#"$nl"}
  while [ -n "$wrote" ]; do
    name=${wrote%%"$nl"*}
    wrote=${wrote#*"$nl"}
    [ ! -e "$name" ] || set -- "$@" "$name"
  done
  new=''
  for name in "$@"; do
    digest "$name"
    new="${new}file $sum $stamp $name$nl"
  done
  umask 077
  { printf '%s' "$recorded$new" >"$record.new" && mv -f "$record.new" "$record"; } ||
    note "what was written could not be noted in $record"
  keep_written "${record%/*}/written" "$recorded$new" "$@" || :
  umask 022
}

# keep_written DIRECTORY RECORD FILE...: the text of what was written stays there below its checksum, so that a later look
# can show an edit. Keys are nothing to read.
keep_written() {
  folder=$1
  noted=$2
  shift 2
  [ -d "$folder" ] || mkdir -p "$folder" || return 1
  for name in "$@"; do
    case $name in *.gpg | *.asc) continue ;; esac
    sum=${noted##*" $name$nl"}
    sum=${noted%" $stamp $name$nl$sum"}
    sum=${sum##* }
    if [ ! -f "$name" ] || [ -e "$folder/$sum" ] || [ "$(wc -c <"$name")" -gt 65536 ]; then continue; fi
    cp "$name" "$folder/$sum.new" && mv -f "$folder/$sum.new" "$folder/$sum"
  done
  for kept in "$folder"/*; do
    case $noted in *" ${kept##*/} "*) ;; *) [ ! -e "$kept" ] || rm -f "$kept" ;; esac
  done
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

# files_as_before: all that was to be put back is what was kept of it first.
files_as_before() {
  seen='
'
  while read -r saved path; do
    case $seen in *"
$path
"*) continue ;; esac
    seen="$seen$path
"
    if [ "$saved" = absent ]; then [ ! -e "$path" ] || return 1
    else same_text "$saved" "$path" || return 1
    fi
  done <"$RUN/undone"
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
      [ ! -e "$path" ] || failed=1
    else
      alike "$saved" "$path.provisioner" && mv -f "$path.provisioner" "$path"
      same_text "$saved" "$path" || failed=1
    fi
    [ -n "$failed" ] || [ -z "$current_fails" ] || note "put back $path"
    count=$((count - 1))
  done
  : >"$RUN/undo"
}

# digest PATH: sets `sum` to its sha256, or "absent"; checksum PATH prints that.
checksum() { digest "$1"; echo "$sum"; }
digest() {
  sum=absent
  if [ -e "$1" ]; then sum=$(sha256sum <"$1"); fi
  sum=${sum%% *}
}

# same_text ONE OTHER: both are there, with the same in them.
same_text() {
  [ -e "$1" ] && [ -e "$2" ] || return 1
  if have cmp; then cmp -s "$1" "$2"; else digest "$1" && [ "$(checksum "$2")" = "$sum" ]; fi
}

unchanged() {
  digest "$1"
  [ "$sum" = "$2" ] ||
    die "$1 was changed by somebody else since it was looked at, and stays as it is. Run the command again."
}

# alike FROM TO: TO is a copy of FROM with all that decides who may read and write it: mode, owner, access control list,
# label, extended attributes. For root alone until it has them. When it cannot have them it is not there, and `why`
# says what is in the way.
alike() {
  if [ -e "$2" ] || [ -L "$2" ]; then rm -f "$2"; fi
  if copy "$1" "$2"; then
    why='its mode, owner, access control list or label'
    if same_access "$1" "$2" && { [ ! -e /sys/fs/selinux/enforce ] || [ "$(stat -c %C "$1")" = "$(stat -c %C "$2")" ]; }
    then return 0
    fi
  fi
  rm -f "$2"
  return 1
}

# same_access ONE OTHER: mode and owner, and whether there is an access control list, for which ls puts a + behind the mode.
same_access() {
  listed=$(ls -ldn "$1" "$2") || return 1
  # shellcheck disable=SC2086 # words
  set -- ${listed%%"$nl"*}
  access="$1 $3 $4"
  # shellcheck disable=SC2086
  set -- ${listed#*"$nl"}
  [ "$access" = "$1 $3 $4" ]
}

# copy FROM TO: with all that cp knows to keep.
copy() {
  umask 077
  copied=0
  why=$(cp --preserve=all --preserve=xattr "$1" "$2" 2>&1) || copied=1
  umask 022
  [ "$copied" = 1 ] || return 0
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

# keep PATH: remember it for the way back. By a copy: whoever has the file open, or by another name, may yet write into it.
keep() {
  printf '%s\n' "$1" >>"$RUN/wrote"
  if [ -e "$1" ]; then
    keeps=$((keeps + 1))
    saved=$RUN/backup/$keeps
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
  write_synced "$1.provisioner" "$5" || {
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

# write_synced PATH TEXT: on the disk when it returns. A text of lines reaches dd without a process between.
write_synced() {
  umask 077
  written=0
  if [ "${2%"$nl"}$nl" = "$2" ]; then
    why=$(dd of="$1" conv=fsync 2>&1 <<END
${2%"$nl"}
END
    ) || written=1
  else why=$(printf '%s' "$2" | dd of="$1" conv=fsync 2>&1) || written=1
  fi
  umask 022
  return "$written"
}

# put_options PATH MODE OWNER EXPECTED TEXT: as put; a file that was absent and has come with a package gets TEXT at
# its end, since packages ship it with comments alone.
put_options() {
  if [ "$4" = absent ] && [ -e "$1" ]; then
    if grep -q '^[[:space:]]*DOCKER_OPTS=' "$1"; then
      die "$1 has come with DOCKER_OPTS in it, and stays as it is. Run the command again."
    fi
    digest "$1"
    put "$1" "$(stat -c %a "$1")" "$(stat -c %U:%G "$1")" "$sum" "$(cat "$1")
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
  dockerds
  for process in $found; do
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
  clock
  limit=$((time + 20))
  while kill -0 "$1" 2>/dev/null; do
    clock
    if [ "$time" -ge "$limit" ]; then kill -9 "$1" 2>/dev/null || :; return 0; fi
    nap
  done
}

engine_answers() {
  if have docker; then timeout 20 docker version >/dev/null 2>&1; else api_shows '"ServerVersion":'; fi
}

# reaches_containerd: of a containerd that it does not reach the engine says N/A, and starts no container. After it was
# away the engine looks for it every few seconds alone (moby's daemon, the backoff of its gRPC connection).
reaches_containerd() {
  if have docker; then
    containerd_seen=$(timeout 20 docker info --format {{ "{{.ContainerdCommit.ID}}" }} 2>/dev/null) ||
      [ "$?" != 124 ] || return 1
  else
    engine_answers || return 1
    case $answer in *'"ContainerdCommit":{"ID":"N/A"'*) containerd_seen=N/A ;; *) containerd_seen='' ;; esac
  fi
  [ "$containerd_seen" != N/A ]
}

# comes_up SECONDS COMMAND...: until COMMAND succeeds; gives up early when the daemon's process is gone for good.
comes_up() {
  clock
  limit=$((time + $1))
  patience=$((time + 8))
  shift
  until "$@"; do
    clock
    [ "$time" -lt "$limit" ] || return 1
    if ! engine_pid >/dev/null && [ "$time" -gt "$patience" ]; then return 1; fi
    nap
  done
}

# say_why: the daemon's own last words, one marker line each.
say_why() {
  engine_log | grep -E 'level=(error|fatal)|^(failed|unable|Error|invalid)|dockerd' | tail -n 4 |
    while IFS= read -r line; do mark "daemon $line"; done
}

with_systemd() { have systemctl && [ -d /run/systemd/system ]; }

replaced() { case $(readlink "/proc/$1/exe" 2>/dev/null) in *'(deleted)') return 0 ;; *) return 1 ;; esac; }

# renew_containerd: the one that runs is the one that is installed.
renew_containerd() {
  with_systemd || return 0
  containerd=$(timeout 20 systemctl show -p MainPID containerd.service 2>/dev/null) || return 0
  if replaced "${containerd#MainPID=}"; then timeout 60 systemctl daemon-reload && timeout 120 systemctl restart containerd.service; fi
}

{% include "by_hand.sh" %}
