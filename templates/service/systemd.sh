engine_start() { systemctl daemon-reload && systemctl start docker.service; }
engine_restart() { systemctl daemon-reload && systemctl restart docker.service; }
engine_reload() { systemctl reload docker.service; }
engine_log() { journalctl -q --no-pager -o cat -u docker.service --since "@$began" 2>/dev/null; }
engine_recover() {
  systemctl reset-failed docker.service docker.socket 2>/dev/null || :
  engine_restart
}
engine_enable() {
  for unit in docker.service docker.socket containerd.service; do
    case $(systemctl is-enabled "$unit" 2>/dev/null) in masked*) systemctl unmask "$unit" ;; esac
  done
  systemctl enable docker.service
}
