engine_log() { tail -n +"$((${log_lines:-0} + 1))" /var/log/upstart/docker.log 2>/dev/null; }
engine_mark_log() { log_lines=$(wc -l 2>/dev/null </var/log/upstart/docker.log || echo 0); }
engine_start() { engine_mark_log; timeout 20 service docker status | grep -q running || timeout 120 service docker start; }
# `service docker restart` fails when the job is stopped, and keeps the old environment of a running one.
engine_restart() {
  engine_mark_log
  engine_stop || :
  timeout 120 service docker start
}
engine_stop() { timeout 600 service docker stop; }
engine_reload() { kill -HUP "$(engine_pid)"; }
engine_recover() { engine_restart; }
engine_enable() {
  if [ -f /etc/init/docker.override ] && grep -q '^manual' /etc/init/docker.override; then
    rm -f /etc/init/docker.override
  fi
}
