engine_start() {
  engine_mark_log
  engine_forgive
  engine_job 120 start "$engine_unit"
}
engine_restart() {
  engine_mark_log
  engine_forgive
  engine_job 120 restart "$engine_unit"
}
# systemd refuses a fourth start within a minute, whoever asked for the first three (moby#41461); and it knows no unit
# that was written since it has read them.
engine_forgive() {
  timeout 60 systemctl reset-failed "$engine_unit" docker.socket 2>/dev/null || :
  timeout 60 systemctl daemon-reload || :
}
# engine_job SECONDS VERB UNIT: Docker's own unit sets no limit (TimeoutStartSec=0), so one that never becomes ready would
# keep systemctl for ever. A job that is over its time is taken back.
engine_job() {
  job=0
  timeout "$1" systemctl "$2" "$3" || job=$?
  [ "$job" = 124 ] || return "$job"
  if [ "$2" = restart ] && engine_is deactivating; then
    # Its containers may have longer to stop (shutdown-timeout).
    engine_leaves deactivating 600 && engine_leaves activating "$1" && engine_is active && return 0
  fi
  note "systemctl $2 $3 has not ended within $1 s, its job is taken back"
  timeout 20 systemctl list-jobs --no-legend 2>/dev/null | while read -r job unit _; do
    if [ "$unit" = "$3" ]; then timeout 20 systemctl cancel "$job" || :; fi
  done
  return 1
}
engine_is() { [ "$(timeout 20 systemctl show -p ActiveState "$engine_unit")" = "ActiveState=$1" ]; }
engine_leaves() {
  limit=$(($(now) + $2))
  while engine_is "$1"; do
    [ "$(now)" -lt "$limit" ] || return 1
    sleep 1
  done
}
engine_stop() {
  for unit in docker.socket "$engine_unit"; do engine_job 600 stop "$unit" 2>/dev/null || :; done
  ! timeout 20 systemctl -q is-active "$engine_unit"
}
# systemd reloads no unit that is masked, or whose daemon somebody started by hand.
engine_reload() { engine_job 30 reload "$engine_unit" || kill -HUP "$(engine_pid)"; }
# From the cursor on where there is one: the journal's seconds are too coarse for what happened just before.
engine_mark_log() {
  log_since=--since=@$(now)
  cursor=$(timeout 20 journalctl -q --no-pager -n 1 -o cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')
  [ -z "$cursor" ] || log_since=--after-cursor=$cursor
}
engine_log() { timeout 20 journalctl -q --no-pager -o cat -u "$engine_unit" "${log_since:---since=@$began}" 2>/dev/null; }
# What hangs in its start may hang in its stop as well, for which Docker's unit sets no limit either.
engine_recover() {
  if ! engine_is active; then
    for pid in $(timeout 20 systemctl show -p MainPID -p ControlPID "$engine_unit" | sed -n 's/.*PID=\([1-9]\)/\1/p'); do
      engine_end "$pid"
    done
  fi
  engine_restart
}
engine_enable() {
  for unit in "$engine_unit" docker.socket containerd.service; do
    case $(timeout 20 systemctl is-enabled "$unit" 2>/dev/null) in masked*) timeout 60 systemctl unmask "$unit" ;; esac
  done
  timeout 60 systemctl enable "$engine_unit"
}
