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
