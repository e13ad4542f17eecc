# The engine of the snap: snapd starts it, with a configuration and a pid file of its own.
PATH=$PATH:/snap/bin
engine_pid() {
  for pid_file in /run/snap.docker/docker.pid /var/snap/docker/common/run/docker.pid /var/run/docker.pid; do
    pid=''
    if [ -r "$pid_file" ]; then read -r pid <"$pid_file" || :; fi
    if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then echo "$pid"; return 0; fi
  done
  return 1
}
engine_mark_log() { log_since=@$(now); }
engine_log() {
  timeout 20 journalctl -q --no-pager -o cat -u snap.docker.dockerd.service --since="${log_since:-@$began}" 2>/dev/null
}
engine_start() { engine_mark_log; timeout 120 snap start docker.dockerd; }
engine_restart() { engine_mark_log; timeout 600 snap restart docker.dockerd; }
engine_reload() { kill -HUP "$(engine_pid)"; }
engine_recover() { engine_restart; }
engine_enable() { timeout 120 snap start --enable docker.dockerd; }
