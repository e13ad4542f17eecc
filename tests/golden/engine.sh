# The engine of a host, for who looks at it and for who changes it: which process it is, and what it says of itself.
# Needs `have`.

# What asks an engine in this script's own name. Needs `have`.

limited() { if have timeout; then timeout "$@"; else shift; "$@"; fi; }

# own_client DIRECTORY: docker reads its settings there; none of this account's, of its session or of /etc/environment
# says where it asks and how.
own_client() {
  if ! [ -r /proc/self/environ ] || starts_with_docker; then
    # shellcheck disable=SC2046 # a list of names
    unset $(env | sed -n 's/^\(DOCKER_[A-Za-z0-9_]*\)=.*/\1/p')
  fi
  export DOCKER_CONTEXT=default DOCKER_CONFIG="$1"
}

# starts_with_docker: a variable of the environment that this shell was started with may be docker's.
starts_with_docker() {
  while IFS= read -r line || [ -n "$line" ]; do case $line in *DOCKER_*) return 0 ;; esac; done </proc/self/environ
  return 1
}

# The engine's own answers, which need no client and have bytes where that rounds. Needs `have` and `limited`.

# socket: the file at which the engine is asked; unless it is set, that of DOCKER_HOST.
socket=''

# engine_get SECONDS PATH [LOGIN]: prints what the engine says at PATH of its API, asked with a login to a registry, and
# sets `by` to the program that asked. False: 22 where the engine refuses, 124 where it says nothing for so long, 1 where
# no program of this host can ask it. The login passes by a pipe, and is no argument of any program.
engine_get() {
  if [ -z "$socket" ]; then
    case ${DOCKER_HOST:-unix:///var/run/docker.sock} in
      unix://*) socket=${DOCKER_HOST:-unix:///var/run/docker.sock} socket=${socket#unix://} ;;
      *) return 1 ;;
    esac
  fi
  for by in curl python3 python perl socat; do
    have "$by" || continue
    got=0
    if [ -n "${3-}" ]; then printf 'header = "X-Registry-Auth: %s"\n' "$3" | get_by "$1" "$2" || got=$?
    else get_by "$1" "$2" </dev/null || got=$?
    fi
    # The engine has refused, or takes its time: it would do the same to others.
    case $got in
      0 | 22) return "$got" ;;
      124 | 137 | 143) return 124 ;;
    esac
  done
  by=''
  return 1
}

# get_by SECONDS PATH: as engine_get, by the program `by`; the login is on stdin, as curl's configuration has it.
get_by() {
  case $by in
    curl) limited "$1" curl -K - -s -f --noproxy '*' --unix-socket "$socket" "http://docker$2" 2>/dev/null ;;
    python*) limited "$1" "$by" -c '
import socket, sys
engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
engine.connect(sys.argv[1])
login = "".join(header + "\r\n" for header in sys.stdin.read().split("\"")[1:2])
engine.sendall(("GET " + sys.argv[2] + " HTTP/1.0\r\nHost: docker\r\n" + login + "\r\n").encode())
said = b""
while True:
    part = engine.recv(65536)
    if not part:
        break
    said += part
head, _, body = said.partition(b"\r\n\r\n")
if b" 200 " not in head.split(b"\r\n")[0]:
    sys.exit(22)
getattr(sys.stdout, "buffer", sys.stdout).write(body)
' "$socket" "$2" 2>/dev/null ;;
    perl)
      # shellcheck disable=SC2016 # these are variables of perl
      limited "$1" perl -MIO::Socket::UNIX -e '
$engine = IO::Socket::UNIX->new(Peer => shift) or exit 1;
local $/; $login = <STDIN> =~ m/"(.*)"/ ? "$1\r\n" : "";
print $engine "GET " . shift() . " HTTP/1.0\r\nHost: docker\r\n$login\r\n";
$_ = <$engine>; exit 22 unless m/^HTTP\S+ 200 /; s/^.*?\r\n\r\n//s; print' "$socket" "$2" 2>/dev/null ;;
    socat)
      header=''
      IFS='"' read -r _ header _ || :
      {
        printf 'GET %s HTTP/1.0\r\nHost: docker\r\n' "$2"
        [ -z "$header" ] || printf '%s\r\n' "$header"
        printf '\r\n'
      } | limited "$1" socat -t "$1" - "UNIX-CONNECT:$socket" 2>/dev/null | (
        IFS= read -r line || exit 1
        case $line in *' 200 '*) ;; *) exit 22 ;; esac
        while IFS= read -r line; do case $line in ??*) ;; *) break ;; esac; done
        exec cat
      ) ;;
  esac
}

# dockerds: sets `found` to the processes that are a dockerd of root on this host; none of those in containers, and no
# rootless ones; and `listening` to the sockets of paths at which somebody takes requests, lines of /proc/net/unix.
dockerds() {
  found='' listening='' looked_at=''
  all=$(grep -sH -e '^dockerd' -e ' 00010000 0001 01 .* /' /proc/[0-9]*/comm /proc/net/unix) || :
  while [ -n "$all" ]; do
    line=${all%%"$nl"*}
    all=${all#"$line"}
    all=${all#"$nl"}
    case $line in
      /proc/net/*/metrics.sock | /proc/net/*/libnetwork/*) ;;
      /proc/net/*) listening=$listening$line$nl ;;
      *)
        line=${line#/proc/}
        line=${line%%/*}
        if of_this_host "$line" && is_dockerd "$line"; then found="$found $line"; fi ;;
    esac
  done
}

# of_this_host PID: it is in the name space of processes that /proc shows, and in none below it. Sets `account` to the
# number of the account as which it runs.
of_this_host() {
  spaces='' account=''
  while read -r label number others; do
    case $label in
      Uid:) account=${others%%[!0-9]*} ;;
      NSpid:) spaces="$number $others"; break ;;
    esac
  done 2>/dev/null <"/proc/$1/status" || return 1
  case $spaces in
    [0-9]*' '[0-9]*) return 1 ;;
    [0-9]*) return 0 ;;
  esac
  [ "$(readlink "/proc/$1/ns/pid" 2>/dev/null)" = "$(readlink /proc/self/ns/pid)" ]
}

# is_dockerd PID: it runs that program, as root; a script of a similar name runs a shell. After `of_this_host`.
is_dockerd() {
  process_of "$1"
  case ${program##*/} in dockerd*) [ "$account" = 0 ] ;; *) return 1 ;; esac
}

# process_of PID: sets `program` to the file that it runs and `handles` to what it has open, as far as this account may
# know.
looked_at=''
process_of() {
  if [ "$1" != "$looked_at" ]; then
    looked_at=$1
    handles=$(ls -l "/proc/$1/exe" "/proc/$1/fd" 2>/dev/null) || :
    its_program=''
    case $handles in
      *"/proc/$1/exe -> "*)
        its_program=${handles#*"/proc/$1/exe -> "}
        its_program=${its_program%%"$nl"*}
        its_program=${its_program% (deleted)} ;;
    esac
    case $handles in *"/proc/$1/fd:"*' -> '*) ;; *) handles='' ;; esac
    if [ -z "$its_program" ]; then
      its_program=$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline") || its_program=''
      its_program=${its_program%%"$nl"*}
    fi
  fi
  program=$its_program
}
nl='
'

# unit_of PID: sets `unit` to the systemd service that it belongs to, by its control group; empty for none.
unit_of() {
  unit=''
  while IFS= read -r line; do
    case $line in 0::*/*.service | [0-9]*:name=systemd:*/*.service) unit=${line##*/}; return 0 ;; esac
  done 2>/dev/null <"/proc/$1/cgroup" || unit=''
}

# engine_api: sets `answer` to what the engine itself says to GET /info, and `by` to the program that asked; false as
# `engine_get`.
engine_api() {
  got=0
  answer=$(engine_get 20 /info && printf '\n%s' "$by") || got=$?
  by=''
  if [ "$got" = 0 ]; then
    by=${answer##*"$nl"}
    answer=${answer%"$nl"*}
  fi
  return "$got"
}

# api_shows TEXT...: the engine's own answer has each of them, as JSON. Sets `answer`.
api_shows() {
  engine_api || return 1
  for fragment in "$@"; do
    case $answer in *"$fragment"*) ;; *) return 1 ;; esac
  done
}
