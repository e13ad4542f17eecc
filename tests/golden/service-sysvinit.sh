# Debian's init script returns before the daemon has come up or died, and its `restart` gives up when the pid file
# is missing (Debian 12, docker.io 20.10.24): stop, whatever it says, then start.
engine_log() { tail -n +"$((${log_lines:-0} + 1))" /var/log/docker.log 2>/dev/null; }
engine_mark_log() { log_lines=$(wc -l 2>/dev/null </var/log/docker.log || echo 0); }
engine_start() { engine_mark_log; timeout 120 service docker start; }
engine_restart() {
  engine_mark_log
  engine_stop || :
  limit=$(($(now) + 60))
  while engine_pid >/dev/null && [ "$(now)" -lt "$limit" ]; do nap; done
  timeout 120 service docker start
}
engine_stop() { timeout 600 service docker stop; }
engine_reload() { kill -HUP "$(engine_pid)"; }
engine_recover() {
  engine_restart || {
    if pid=$(engine_pid); then engine_end "$pid"; fi
    timeout 120 service docker start
  }
}
engine_enable() {
  if have update-rc.d; then update-rc.d docker defaults >/dev/null
  elif have chkconfig; then chkconfig docker on
  fi
}
