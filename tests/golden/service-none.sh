# No init system: the daemon runs in a session of its own, with a pid file and a log. Nothing restarts it after a
# reboot; the plan says so.
engine_log() { tail -n +"$((${log_lines:-0} + 1))" /var/log/docker.log 2>/dev/null; }
engine_mark_log() { log_lines=$(wc -l 2>/dev/null </var/log/docker.log || echo 0); }
engine_start() {
  if engine_pid >/dev/null; then return 0; fi
  engine_mark_log
  rm -f /var/run/docker.pid
  engine_end_orphan
  setsid dockerd </dev/null >>/var/log/docker.log 2>&1 &
  daemon=$!
  limit=$(($(now) + 60))
  until engine_answers; do
    kill -0 "$daemon" 2>/dev/null || return 1
    [ "$(now)" -lt "$limit" ] || return 1
    nap
  done
}
# A daemon that died leaves its own containerd behind, which makes the next start time out.
engine_end_orphan() {
  orphan=''
  if [ -r /var/run/docker/containerd/containerd.pid ]; then
    read -r orphan </var/run/docker/containerd/containerd.pid || :
  fi
  [ -n "$orphan" ] && [ -d "/proc/$orphan" ] || return 0
  parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$orphan/status")
  if [ "$(cat "/proc/$parent/comm" 2>/dev/null)" = dockerd ]; then
    die "dockerd runs already, as $(process "$parent"), but its pid file is gone; stop it first: kill $parent"
  fi
  case $(tr '\0' ' ' <"/proc/$orphan/cmdline") in
    *containerd*/var/run/docker/containerd/*) kill "$orphan" || : ;;
    *) return 0 ;;
  esac
  limit=$(($(now) + 10))
  while [ -d "/proc/$orphan" ] && [ "$(now)" -lt "$limit" ]; do nap; done
  if [ -d "/proc/$orphan" ]; then kill -9 "$orphan" || :; fi
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
