# follow DIRECTORY: the log of the run in DIRECTORY from its start, as it grows, until the run has ended.
follow() {
  pipe=$1/follow.$$
  mkfifo "$pipe" || exit 73
  tail -n +1 -f "$1/log" >"$pipe" 2>/dev/null &
  tail=$!
  while IFS= read -r line; do
    printf '%s\n' "$line" || break
    if [ "$line" = "@@$N ended" ]; then break; fi
  done <"$pipe"
  kill "$tail"
  rm -f "$pipe"
}
