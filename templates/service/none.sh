# No init system: the daemon runs in a session of its own, with a pid file and a log. Nothing restarts it after a
# reboot; the plan says so.
engine_log() { tail -n +"$((${log_lines:-0} + 1))" /var/log/docker.log 2>/dev/null; }
engine_mark_log() { log_lines=$(wc -l 2>/dev/null </var/log/docker.log || echo 0); }
engine_start() {
  if engine_pid >/dev/null; then return 0; fi
  engine_mark_log
  rm -f /var/run/docker.pid
  setsid dockerd </dev/null >>/var/log/docker.log 2>&1 &
  daemon=$!
  limit=$(($(now) + 60))
  until engine_answers; do
    kill -0 "$daemon" 2>/dev/null || return 1
    [ "$(now)" -lt "$limit" ] || return 1
    nap
  done
}
engine_stop() {
  pid=$(engine_pid) || return 0
  kill "$pid"
  limit=$(($(now) + 60))
  while [ -d "/proc/$pid" ]; do
    [ "$(now)" -lt "$limit" ] || return 1
    nap
  done
}
engine_restart() { engine_stop && engine_start; }
engine_reload() { kill -HUP "$(engine_pid)"; }
engine_recover() { engine_restart; }
engine_enable() { :; }
