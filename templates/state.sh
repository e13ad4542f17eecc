state=/var/lib/provisioner
lock=$state/lock
journal=$state/journal

# refuse WHY: nothing was begun.
refuse() {
  printf '\n@@%s error %s\n' "$N" "$*"
  exit 73
}

# own_state: the directories of all runs are root's alone, so that what is in them was put there by root: another
# account could hold the lock, or have a run wait for a pipe of its own.
own_state() {
  umask 077
  # shellcheck disable=SC3067 # dash, bash and busybox know -O
  for place in "$state" "$state/runs" "$journal"; do
    if [ ! -e "$place" ] && [ ! -L "$place" ]; then
      why=$(mkdir -p "$place" 2>&1) || refuse "$place cannot be made: $why; nothing was begun. See what is in the way: df -h /var/lib; findmnt -T /var/lib"
    elif [ -L "$place" ] || [ ! -d "$place" ] || [ ! -O "$place" ]; then
      refuse "$place must be a directory that belongs to root, and no link; nothing was begun. See what it is, and move it away: mv $place $place.old"
    fi
  done
  why=$(chmod 700 "$state" "$state/runs" "$journal" 2>&1) || refuse "$state cannot be kept from other accounts: $why; nothing was begun. See how it is mounted: findmnt -T $state"
  # shellcheck disable=SC3067
  if [ -L "$lock" ] || { [ -e "$lock" ] && { [ ! -f "$lock" ] || [ ! -O "$lock" ]; }; }; then
    refuse "$lock must be a file that belongs to root, and no link; nothing was begun. See what it is, and remove it: rm -r $lock"
  fi
}

# sweep DIRECTORY: what a run has left there and elsewhere besides its records, however it ended.
sweep() {
  for path in "$1/candidate" "$1"/follow.* "$state/record.new"; do
    if [ -e "$path" ]; then rm -f "$path"; fi
  done
  # A file on its way to its place stands beside it.
  if [ -s "$1/wrote" ]; then
    while IFS= read -r path; do
      if [ -e "$path.provisioner" ]; then rm -f "$path.provisioner"; fi
    done <"$1/wrote"
  fi
  # What keeps services from starting: conditions of units, until the next boot in any case, and a policy. An older
  # version's policy does not say whose it is: it was not written after the list of what to undo, which names it.
  for path in /run/systemd/system/docker.service.d /run/systemd/system/docker.socket.d; do
    if grep -q -s -x "# provisioner: of $1" "$path/provisioner.conf"; then
      rm -f "$path/provisioner.conf"
      rmdir "$path" 2>/dev/null || :
      timeout 60 systemctl daemon-reload || :
    fi
  done
  policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] || return 0
  # shellcheck disable=SC3013 # dash, bash and busybox know -nt
  if grep -q -x "# provisioner: of $1" "$policy" ||
    { [ -s "$1/undo" ] && [ ! "$policy" -nt "$1/undo" ] && grep -q -x "absent $policy" "$1/undo"; }; then
    rm -f "$policy"
  fi
}
