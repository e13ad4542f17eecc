{# The engine that this account means, and frames about it. Needs N. #}

have() { command -v "$1" >/dev/null 2>&1; }
{% include "own_client.sh" %}

{# exec_limited SECONDS COMMAND...: this shell becomes the command, so that $(exec_limited ...) starts one process less. #}
exec_limited() { if have timeout; then exec timeout "$@"; else shift; exec "$@"; fi; }

begin() { printf '\n@@%s begin %s\n' "$N" "$1"; }
end() { printf '\n@@%s end %s\n' "$N" "$1"; }
value() { begin "$1"; printf '%s' "$2"; end "$1"; }

{# find_engine [keep]: the client, and the socket to ask; false where nobody answers, which is told in the frame problem.
   With "keep", the settings of this account stay: its logins to registries are in them. #}
# shellcheck disable=SC2120 # most scripts give it no word
find_engine() { find_client "$@" && answers; }

{# find_client [keep]: as find_engine, without asking anybody yet. #}
find_client() {
  for directory in /usr/local/bin /snap/bin; do
    case :$PATH: in *:"$directory":*) ;; *) PATH=$PATH:$directory ;; esac
  done
  if ! have docker; then value problem client; return 1; fi
  settings=${DOCKER_CONFIG:-${HOME:-/}/.docker}
  if [ "${1-}" = keep ]; then own_client "$settings"; else own_client /nonexistent/docker; fi
  if [ ! -w /var/run/docker.sock ]; then
    account=$(id -u)
    own=${XDG_RUNTIME_DIR:-/run/user/$account}/docker.sock
    if [ "$account" != 0 ] && [ -w "$own" ]; then export DOCKER_HOST="unix://$own"; fi
  fi
  exec 6>&1
}

{# answers: frame engine, the versions of client and engine; false where nobody answers, which is told in the frame problem. #}
answers() {
  begin engine
  problem=$(exec_limited 20 docker version --format {{ "{{json .}}" }} 2>&1 >&6)
  status=$?
  end engine
  [ "$status" != 0 ] || return 0
  value problem "${problem:-docker version: no answer within 20 s}"
  return 1
}

{# told COMMAND...: frames shown, said and status: what a command of docker prints, what it says besides, how it ends.
   It may take so many seconds as `patience` says. #}
told() {
  begin shown
  said=$(exec_limited "${patience:-3600}" docker "$@" 2>&1 >&6)
  status=$?
  end shown
  value said "$said"
  value status "$status"
}
