# The engine's own answers, which have bytes where its client rounds. Needs `have` and `limited`.

# engine_get SECONDS PATH [LOGIN]: what the engine says there, asked with a login to a registry; false where it refuses, or
# nothing on this host can ask its socket.
engine_get() {
  socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
  case $socket in unix://*) socket=${socket#unix://} ;; *) return 1 ;; esac
  for by in curl python3 python perl; do
    have "$by" || continue
    case $by in
      curl) { [ -z "${3-}" ] || printf 'header = "X-Registry-Auth: %s"\n' "$3"; } |
        limited "$1" curl -K - -s -f --noproxy '*' --unix-socket "$socket" "http://docker$2" 2>/dev/null ;;
      python*) printf '%s' "${3-}" | limited "$1" "$by" -c '
import socket, sys
engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
engine.connect(sys.argv[1])
login = sys.stdin.read()
login = login and "X-Registry-Auth: " + login + "\r\n"
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
        printf '%s' "${3-}" | limited "$1" perl -MIO::Socket::UNIX -e '
$engine = IO::Socket::UNIX->new(Peer => shift) or exit 1;
local $/; $login = <STDIN>; $login = "X-Registry-Auth: $login\r\n" if $login;
print $engine "GET " . shift() . " HTTP/1.0\r\nHost: docker\r\n$login\r\n";
$_ = <$engine>; exit 22 unless m/^HTTP\S+ 200 /; s/^.*?\r\n\r\n//s; print' "$socket" "$2" 2>/dev/null ;;
    esac
    asked=$?
    # The engine has refused, or takes its time: it would do the same to others.
    case $asked in 0 | 22 | 124) return "$asked" ;; esac
  done
  return 1
}
