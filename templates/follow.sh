# How a log is passed on: so many bytes of its beginning and of its end, where the facts are, as they are; of what lies
# between, the markers alone.
first=524288
last=2621440

# join DIRECTORY: all of a run that was begun over another connection, perhaps by somebody else: it is told with the nonce
# that it was begun with. False when it was called off.
join() {
  tries=0
  while [ ! -e "$1/pid" ] && [ "$tries" -lt 50 ]; do
    [ ! -e "$1/ended" ] || return 1
    tries=$((tries + 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  [ -e "$1/log" ] || refuse "the run was made ready and has no log; see $1 on the host"
  pid='' since='' booted='' nonce=''
  if [ -r "$1/pid" ]; then read -r pid since booted <"$1/pid" || :; fi
  if [ -r "$1/holder" ]; then { read -r _ && read -r nonce; } <"$1/holder" || :; fi
  if [ -n "$nonce" ] && [ "$nonce" != "$N" ]; then
    printf '\n@@%s joins %s %s\n' "$N" "$nonce" "${1##*/}"
    N=$nonce
  fi
  follow "$1" "${pid:-0}" "$since" "$booted"
}

# follow DIRECTORY PID [BORN BOOT]: the log of the run in DIRECTORY from its start, as it grows, until the run has
# ended and all of its log is told, however slowly it is read. `run_lives` says what the other words are.
follow() {
  exec 3<"$1/log"
  passed=0
  polls=0
  over=''
  until [ -n "$over" ]; do
    # First whether it has ended, then what it has said: nothing is missed. One that has said its end is over at once;
    # of one that has not, its lock and its process are looked at twice.
    if run_lives "$@"; then :
    elif [ -e "$1/ended" ]; then over=1
    else
      sleep 1
      run_lives "$@" || over=1
    fi
    while [ "$passed" -le "$first" ] && pass_on; do :; done
    polls=$((polls + 1))
    if [ -n "$over" ]; then :
    elif [ "$polls" -le 10 ]; then sleep 0.05 2>/dev/null || sleep 1
    elif [ "$polls" -le 25 ]; then sleep 0.1 2>/dev/null || sleep 1
    else sleep 0.25 2>/dev/null || sleep 1
    fi
  done
  [ "$passed" -le "$first" ] || pass_on_the_rest "$1/log"
  exec 3<&-
  case $(tail -n 1 "$1/log") in "@@$N ended"*) return 0 ;; esac
  if [ -n "${4:-}" ] && [ "$4" != "$boot" ]; then
    printf '\n@@%s error the run was cut off: the host was started again since; its log is %s\n' "$N" "$1/log"
  else
    printf '\n@@%s error the run was cut off: it was killed, or there was no room for its log %s\n' "$N" "$1/log"
  fi
}

# pass_on: the next line of fd 3 and a part of what follows it; false when there is nothing now. A shell reads a line
# byte by byte, so the most goes by dd, which takes no byte too many.
pass_on() {
  if IFS= read -r line <&3; then printf '%s\n' "$line"
  elif [ -n "$line" ]; then printf '%s' "$line"
  else return 1
  fi
  dd bs=65536 count=8 <&3 2>/dev/null
  read -r _ passed 2>/dev/null <"/proc/$$/fdinfo/3" || :
}

# pass_on_the_rest LOG: which grows no more.
pass_on_the_rest() {
  between=$(($(wc -c <"$1") - passed - last))
  if [ "$between" -gt 0 ]; then
    # A part begins and ends with a whole line, since a marker may be the one that is cut.
    if IFS= read -r line <&3; then printf '%s\n' "$line"; fi
    printf '[of %s more bytes the markers alone; all of them are in %s on the host]\n' "$between" "$1"
    {
      dd bs=65536 count=$((between / 65536)) 2>/dev/null
      if IFS= read -r line; then printf '%s\n' "$line"; fi
    } <&3 | sed -n "/^@@$N /p"
  fi
  cat <&3
}

# run_lives DIRECTORY PID [BORN BOOT]: the run in DIRECTORY goes on. Its process is PID, started BORN ticks after the
# boot BOOT: a number alone is another process sooner or later. An older version has noted the number only, so that
# process is known by its words. Sets `boot` to the present one.
run_lives() {
  boot=''
  [ ! -e "$1/ended" ] || return 1
  read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || :
  if [ -z "${4:-}" ]; then
    words=''
    IFS= read -r words 2>/dev/null <"/proc/$2/cmdline" || :
    case $words in *"$1"*) return 0 ;; esac
  elif [ "$4" = "$boot" ]; then
    began "$2"
    if [ -n "$born" ] && [ "$born" = "$3" ]; then return 0; fi
  fi
  # Its first process may have been killed while it goes on: whoever holds the lock says so in it.
  held=${1%/runs/*}/lock
  [ -s "$held" ] && [ -s "$1/holder" ] && read -r holder <"$1/holder" && read -r line <"$held" &&
    [ "$line" = "$holder" ] && ! flock -n -s "$held" true
}

# began PID: sets `born` to when that process was started; empty for one that is gone, or a zombie.
began() {
  born=''
  stat=''
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
  # Its name stands in brackets and may hold anything.
  # shellcheck disable=SC2086 # numbers, and a letter
  set -- ${stat##*) }
  case ${1:-Z} in [ZXx]) ;; *) born=${20:-} ;; esac
}
