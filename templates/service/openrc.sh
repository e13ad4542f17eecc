engine_log() { tail -n +"$((${log_lines:-0} + 1))" /var/log/docker.log 2>/dev/null; }
engine_mark_log() { log_lines=$(wc -l 2>/dev/null </var/log/docker.log || echo 0); }
engine_start() { engine_mark_log; timeout 120 rc-service docker start; }
engine_restart() { engine_mark_log; timeout 600 rc-service docker restart; }
engine_stop() { timeout 600 rc-service docker stop; }
engine_reload() { kill -HUP "$(engine_pid)"; }
engine_recover() { engine_restart; }
engine_enable() { rc-update add docker default; }
