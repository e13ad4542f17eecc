# A directory for what is fetched; it goes with this script, however that ends.
T=$(mktemp -d 2>/dev/null) || T=''
trap '[ -z "$T" ] || rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM PIPE

# no_room: there is not even room for a megabyte in it; `why` says so.
no_room() {
  if [ -n "$T" ] && head -c 1048576 /dev/zero >"$T/room" 2>/dev/null; then
    rm -f "$T/room"
    return 1
  fi
  why="there is no room in ${TMPDIR:-/tmp} on this host: df ${TMPDIR:-/tmp}"
}
