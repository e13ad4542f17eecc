# The engine of a host, for who looks at it and for who changes it: which process it is, and what it says of itself.
# Needs `have`.

limited() { if have timeout; then timeout "$@"; else shift; "$@"; fi; }

# own_client DIRECTORY: docker reads its settings there; none of this account's, of its session or of /etc/environment
# says where it asks and how.
own_client() {
  # shellcheck disable=SC2046 # a list of names
  unset $(env | sed -n 's/^\(DOCKER_[A-Za-z0-9_]*\)=.*/\1/p')
  export DOCKER_CONTEXT=default DOCKER_CONFIG="$1"
}

# dockerds: the processes that are a dockerd of root on this host, one number a line; none of those in containers, and
# no rootless ones.
dockerds() {
  grep -ls '^dockerd' /proc/[0-9]*/comm | while IFS=/ read -r _ _ process _; do
    if of_this_host "$process" && is_dockerd "$process"; then echo "$process"; fi
  done
}

# of_this_host PID: it is in the name space of processes that /proc shows, and in none below it.
of_this_host() {
  spaces=$(sed -n 's/^NSpid:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) || return 1
  case $spaces in
    *[[:space:]]*) return 1 ;;
    ?*) return 0 ;;
  esac
  [ "$(readlink "/proc/$1/ns/pid" 2>/dev/null)" = "$(readlink /proc/self/ns/pid)" ]
}

# is_dockerd PID: it runs that program, as root; a script of a similar name runs a shell.
is_dockerd() {
  program_of "$1"
  case ${program##*/} in dockerd*) [ "$(stat -c %u "/proc/$1" 2>/dev/null)" = 0 ] ;; *) return 1 ;; esac
}

# program_of PID: sets `program` to the file that it runs, as far as this account may know.
program_of() {
  program=$(readlink "/proc/$1/exe" 2>/dev/null) || program=''
  program=${program% (deleted)}
  if [ -z "$program" ]; then program=$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | head -n 1) || program=''; fi
}

# unit_of PID: sets `unit` to the systemd service that it belongs to, by its control group; empty for none.
unit_of() {
  unit=$(sed -n -e 's/^0::.*\/\([^/]*\.service\)$/\1/p' -e 's/^[0-9]*:name=systemd:.*\/\([^/]*\.service\)$/\1/p' \
    "/proc/$1/cgroup" 2>/dev/null | head -n 1) || unit=''
}

# engine_api SOCKET: sets `answer` to what the engine itself says there to GET /info, and `by` to the program that asked;
# false when there is none that can.
engine_api() {
  for by in curl python3 python perl socat; do
    have "$by" || continue
    case $by in
      curl) answer=$(limited 20 curl -s --noproxy '*' --unix-socket "$1" http://docker/info 2>/dev/null) ;;
      python*) answer=$(limited 20 "$by" -c '
import socket, sys
engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
engine.connect(sys.argv[1])
engine.sendall(b"GET /info HTTP/1.0\r\nHost: docker\r\n\r\n")
said = b""
while True:
    part = engine.recv(65536)
    if not part:
        break
    said += part
getattr(sys.stdout, "buffer", sys.stdout).write(said.split(b"\r\n\r\n", 1)[1])
' "$1" 2>/dev/null) ;;
      perl)
        # shellcheck disable=SC2016 # these are variables of perl
        answer=$(limited 20 perl -MIO::Socket::UNIX -e '
$engine = IO::Socket::UNIX->new(Peer => shift) or exit 1;
print $engine "GET /info HTTP/1.0\r\nHost: docker\r\n\r\n";
local $/; $_ = <$engine>; s/^.*?\r\n\r\n//s; print' "$1" 2>/dev/null) ;;
      socat)
        answer=$(printf 'GET /info HTTP/1.0\r\nHost: docker\r\n\r\n' |
          limited 20 socat -t 20 - "UNIX-CONNECT:$1" 2>/dev/null | sed -n '/^{/p') ;;
    esac
    case $answer in '{'*) return 0 ;; esac
  done
  by=''
  return 1
}

# api_shows TEXT...: the engine's own answer has each of them, as JSON. Sets `answer`.
api_shows() {
  path=${DOCKER_HOST:-unix:///var/run/docker.sock}
  engine_api "${path#unix://}" || return 1
  for fragment in "$@"; do
    case $answer in *"$fragment"*) ;; *) return 1 ;; esac
  done
}
