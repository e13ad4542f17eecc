# follow DIRECTORY: the log of the run in DIRECTORY from its start, as it grows, until the run has ended.
follow() {
  pipe=$1/follow.$$
  mkfifo "$pipe" || exit 73
  # GNU tail looks once a second on file systems where it does not trust inotify, overlayfs among them.
  often=''
  if tail -s 0.05 -n 0 /dev/null 2>/dev/null; then often='-s 0.05'; fi
  # shellcheck disable=SC2086 # two words or none
  tail $often -n +1 -f "$1/log" >"$pipe" 2>/dev/null &
  tail=$!
  while IFS= read -r line; do
    printf '%s\n' "$line" || break
    if [ "$line" = "@@$N ended" ]; then break; fi
  done <"$pipe"
  kill "$tail"
  rm -f "$pipe"
}
