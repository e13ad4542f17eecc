# No init system: the daemon runs in a session of its own, with a pid file and a log. Nothing restarts it after a
# reboot; the plan says so.
engine_log() { tail -n +"$((${log_lines:-0} + 1))" /var/log/docker.log 2>/dev/null; }
engine_mark_log() { log_lines=$(wc -l 2>/dev/null </var/log/docker.log || echo 0); }
engine_start() {
  if engine_pid >/dev/null; then return 0; fi
  engine_mark_log
  rm -f "$engine_pid_file"
  engine_end_orphan
  have "$engine_program" || engine_program=dockerd
  # What the client is told is none of the daemon's business.
  (
    unset DOCKER_CONFIG DOCKER_CONTEXT DOCKER_HOST
    engine_exec
  ) </dev/null >>/var/log/docker.log 2>&1 &
  daemon=$!
  limit=$(($(now) + 120))
  until engine_answers; do
    kill -0 "$daemon" 2>/dev/null || return 1
    if [ "$(now)" -ge "$limit" ]; then
      note "dockerd has not answered within 120 s, it is stopped"
      engine_end "$daemon"
      return 1
    fi
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
    *containerd*/var/run/docker/containerd/*) engine_end "$orphan" ;;
  esac
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
engine_recover() {
  if ! engine_stop && pid=$(engine_pid); then engine_end "$pid"; fi
  engine_start
}
engine_enable() { :; }
