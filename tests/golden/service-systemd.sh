engine_start() {
  engine_mark_log
  engine_forgive
  systemctl daemon-reload && systemctl start docker.service
}
engine_restart() {
  engine_mark_log
  engine_forgive
  systemctl daemon-reload && systemctl restart docker.service
}
# systemd refuses a fourth start within a minute, whoever asked for the first three (moby#41461).
engine_forgive() { systemctl reset-failed docker.service docker.socket 2>/dev/null || :; }
engine_stop() {
  for unit in docker.socket docker.service; do systemctl stop "$unit" 2>/dev/null || :; done
  ! systemctl -q is-active docker.service
}
# systemd reloads no unit that is masked, or whose daemon somebody started by hand.
engine_reload() { systemctl reload docker.service || kill -HUP "$(engine_pid)"; }
# From the cursor on where there is one: the journal's seconds are too coarse for what happened just before.
engine_mark_log() {
  log_since=--since=@$(now)
  cursor=$(journalctl -q --no-pager -n 1 -o cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')
  [ -z "$cursor" ] || log_since=--after-cursor=$cursor
}
engine_log() { journalctl -q --no-pager -o cat -u docker.service "${log_since:---since=@$began}" 2>/dev/null; }
engine_recover() { engine_restart; }
engine_enable() {
  for unit in docker.service docker.socket containerd.service; do
    case $(systemctl is-enabled "$unit" 2>/dev/null) in masked*) systemctl unmask "$unit" ;; esac
  done
  systemctl enable docker.service
}
