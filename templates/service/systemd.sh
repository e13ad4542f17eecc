engine_start() {
  engine_mark_log
  engine_forgive
  systemctl daemon-reload && systemctl start "$engine_unit"
}
engine_restart() {
  engine_mark_log
  engine_forgive
  systemctl daemon-reload && systemctl restart "$engine_unit"
}
# systemd refuses a fourth start within a minute, whoever asked for the first three (moby#41461).
engine_forgive() { systemctl reset-failed "$engine_unit" docker.socket 2>/dev/null || :; }
engine_stop() {
  for unit in docker.socket "$engine_unit"; do systemctl stop "$unit" 2>/dev/null || :; done
  ! systemctl -q is-active "$engine_unit"
}
# systemd reloads no unit that is masked, or whose daemon somebody started by hand.
engine_reload() { systemctl reload "$engine_unit" || kill -HUP "$(engine_pid)"; }
# From the cursor on where there is one: the journal's seconds are too coarse for what happened just before.
engine_mark_log() {
  log_since=--since=@$(now)
  cursor=$(journalctl -q --no-pager -n 1 -o cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')
  [ -z "$cursor" ] || log_since=--after-cursor=$cursor
}
engine_log() { journalctl -q --no-pager -o cat -u "$engine_unit" "${log_since:---since=@$began}" 2>/dev/null; }
engine_recover() { engine_restart; }
engine_enable() {
  for unit in "$engine_unit" docker.socket containerd.service; do
    case $(systemctl is-enabled "$unit" 2>/dev/null) in masked*) systemctl unmask "$unit" ;; esac
  done
  systemctl enable "$engine_unit"
}
