# follow DIRECTORY PID: the log of the run in DIRECTORY from its start, as it grows, until the run has ended.
follow() {
  pipe=$1/follow.$$
  mkfifo "$pipe" || exit 73
  # GNU tail looks once a second on file systems where it does not trust inotify, overlayfs among them.
  often=''
  if tail -s 0.05 -n 0 /dev/null 2>/dev/null; then often='-s 0.05'; fi
  # shellcheck disable=SC2086 # two words or none
  tail $often -n +1 -f "$1/log" >"$pipe" 2>/dev/null &
  tail=$!
  # A run that was killed, or that has no room for its log, does not say that it has ended.
  (
    while run_lives "$1" "$2" || { sleep 1; run_lives "$1" "$2"; }; do sleep 1; done
    sleep 2
    kill "$tail"
  ) >/dev/null 2>&1 &
  watch=$!
  heard=''
  while IFS= read -r line; do
    printf '%s\n' "$line" || break
    if [ "$line" = "@@$N ended" ]; then
      heard=1
      break
    fi
  done <"$pipe"
  kill "$tail" "$watch" 2>/dev/null
  rm -f "$pipe"
  [ -n "$heard" ] || printf '\n@@%s error the run was cut off: it was killed, or there was no room for its log %s\n' "$N" "$1/log"
}

# run_lives DIRECTORY PID: also true of a process that is just becoming the run.
run_lives() {
  case $(tr '\0' ' ' <"/proc/$2/cmdline") in
    *"$1"* | *"sh -s $N "*) return 0 ;;
    # In the middle of an exec it is empty for a moment, and for good once it is a zombie.
    '') [ -d "/proc/$2" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$2/status" ;;
    *) return 1 ;;
  esac
}
