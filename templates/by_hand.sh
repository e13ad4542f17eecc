# by_hand STEP...: what a controller does besides, for a script that somebody runs without one: it takes the lock of the
# host, and keeps the journal, with STEPs as its plan. It says how that ended, and exits as the steps have.
by_hand() {
  hand=/var/lib/provisioner
  # shellcheck disable=SC3067 # dash, bash and busybox know -O
  for place in "$hand" "$hand/journal"; do
    (umask 077 && mkdir -p "$place") 2>/dev/null && [ ! -L "$place" ] && [ -O "$place" ] ||
      not_by_hand "$place must be a directory of root's that can be written"
  done
  # shellcheck disable=SC3067
  if [ -L "$hand/lock" ] || { [ -e "$hand/lock" ] && { [ ! -f "$hand/lock" ] || [ ! -O "$hand/lock" ]; }; }; then
    not_by_hand "$hand/lock must be a file of root's"
  fi
  chmod 700 "$hand" "$hand/journal"
  exec 9>>"$hand/lock"
  if have flock && ! flock -n 9; then
    holder=''
    read -r holder <"$hand/lock" || :
    mark "locked $holder"
    not_by_hand 'somebody else changes this host'
  fi
  hand_entry=$hand/journal/manual-$stamp-$$.1
  hand_by=${SUDO_USER:-$(id -un)}@$(uname -n)
  { echo "$hand_by since $stamp, by hand (pid $$)" >"$hand/lock"; } 2>/dev/null &&
    (umask 077 && printf '%s\n' "run manual-$stamp-$$" 'attempt 1' "by $hand_by" 'command by hand' "began $(now)" "$@" >"$hand_entry") 2>/dev/null &&
    dd if=/dev/null of="$hand_entry" conv=notrunc,fsync 2>/dev/null && echo "${hand_entry##*/}" >"$hand/journal/last" || {
    rm -f "$hand_entry"
    : >"$hand/lock"
    not_by_hand "there is no room for an entry in $hand/journal"
  }
  timeout 60 sync "$hand/journal" 2>/dev/null || :
  mark() {
    printf '\n@@%s %s\n' "$N" "$*"
    case $1 in note\ *) ;; *) printf 'said %.500s\n' "$*" >>"$hand_entry" ;; esac
  }
  # Whoever interrupts it means the steps; how they end is noted. They give up the lock, since what they start outlives
  # them.
  trap : HUP INT TERM
  set +e
  (
    exec 9>&-
    set -e
    main
  )
  hand_status=$?
  hand_outcome=failed
  if [ "$hand_status" -eq 0 ]; then hand_outcome=changed
  elif grep -q -x 'said rollback done' "$hand_entry"; then hand_outcome=rolled_back
  fi
  echo "outcome $hand_outcome" >>"$hand_entry"
  dd if=/dev/null of="$hand_entry" conv=notrunc,fsync 2>/dev/null
  : >"$hand/lock"
  exit "$hand_status"
}

# not_by_hand WHY: before a step has begun.
not_by_hand() {
  rm -r "$RUN"
  die "$1; nothing was begun. See what it is: ls -ld $hand $hand/*; df -h $hand"
}
