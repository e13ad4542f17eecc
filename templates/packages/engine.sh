# What an engine was before its packages changed, and the way back of both. Functions of one package manager stand
# beside: installed_packages, half_done, note_locks, locks_again, locks_of, new_program, bring_back.
# note_engine: whether an engine runs and answers, with which containers, and which of its units start at boot.
note_engine() {
  engine_ran=''
  engine_answered=''
  : >"$RUN/packages/containers"
  if engine_pid >/dev/null; then
    engine_ran=1
    if engine_answers; then
      engine_answered=1
      note_containers
    fi
  fi
  units_enabled >"$RUN/packages/units"
}
# note_containers: those that run now. A job that ends by itself is not to be run again.
note_containers() {
  timeout 20 docker ps --no-trunc --format {{ "{{.ID}} {{.Names}}" }} >"$RUN/packages/containers.new" 2>/dev/null &&
    mv -f "$RUN/packages/containers.new" "$RUN/packages/containers" || :
}
# ask_the_new_engine: what it refuses is found out before anything changes, where its program can be taken out of what
# was fetched (new_program) and can run here. The service step asks once more.
ask_the_new_engine() {
  [ -n "${new_configuration:-}" ] && [ -e "$new_configuration" ] || return 0
  program=$RUN/packages/dockerd
  if new_program >"$program" 2>/dev/null && chmod 700 "$program" && timeout 20 "$program" --version >/dev/null 2>&1; then
    answer=$(validated_by "$program" 2>&1) || case $answer in
      *"unknown flag: --validate"*) ;;
      *)
        printf '%s\n' "$answer" | while IFS= read -r line; do mark "daemon $line"; done
        die "the new engine refuses $new_configuration; the earlier one runs on, and nothing was installed or removed" ;;
    esac
  fi
  rm -f "$program"
}
# engine_changes_now: from here on the packages of the engine are not what they were.
engine_changes_now() {
  [ -z "$engine_answered" ] || note_containers
  engine_changes=1
}
units_enabled() {
  with_systemd || return 0
  for unit in docker.service docker.socket containerd.service; do
    printf '%s %s\n' "$unit" "$(timeout 20 systemctl is-enabled "$unit" 2>/dev/null)"
  done
}
# units_again: they start at boot as they did before.
units_again() {
  with_systemd || return 0
  while read -r unit state; do
    [ "$state" != "$(timeout 20 systemctl is-enabled "$unit" 2>/dev/null)" ] || continue
    case $state in
      enabled) timeout 60 systemctl enable "$unit" ;;
      disabled) timeout 60 systemctl disable "$unit" ;;
    esac
  done <"$RUN/packages/units" >/dev/null 2>&1
}
# containers_again: those that ran before and do not now.
containers_again() {
  again=''
  missing=''
  while read -r id name; do
    state=$(timeout 20 docker inspect -f {{ "{{.State.Running}}" }} "$id" 2>/dev/null) || state=gone
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
    */runs/*)
      for kept in "${RUN%/*}"/*/packages; do
        [ -d "$kept" ] || continue
        # A run that was cut off between its release and its hold has left them unheld.
        [ -e "${kept%/packages}/ended" ] || locks_of "$kept"
        rm -r "$kept"
      done ;;
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
  if look_at_packages && ! half_done; then
    if [ -n "$engine_changes" ] && [ -n "$engine_ran" ] && ! engine_pid >/dev/null; then config_changed=packages; fi
    return 0
  fi
  # What a script has changed is told from what others did meanwhile by the engine's own packages.
  if [ -n "$everything_is_ours" ] && ! packages_differ | grep -q -E '(^|, )(docker|containerd|moby|runc)'; then
    note "packages changed meanwhile that are none of the engine's: $(packages_differ)"
    everything_is_ours=''
    : >"$RUN/packages/ours"
    return 0
  fi
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
    timeout 60 systemctl daemon-reload
    timeout 60 systemctl reset-failed docker.service docker.socket containerd.service 2>/dev/null || :
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
  look_at_packages && ! half_done || return 1
  if [ -z "$engine_ran" ]; then ! engine_pid >/dev/null; return; fi
  [ -z "$engine_answered" ] || engine_answers || return 1
  [ -z "$engine_changes" ] || containers_again || return 1
  units_enabled | cmp -s - "$RUN/packages/units"
}
# one_line: what a package manager said, for a message.
one_line() { tr '\n' ' ' | sed -e 's/  */ /g' -e 's/^ //' -e 's#//[^/@ ]*@#//***@#g' | cut -c 1-400; }
