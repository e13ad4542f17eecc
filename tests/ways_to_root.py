"""Stand-ins for sudo, doas and su, as scripts; those that ask a terminal do it as the real ones do."""

from __future__ import annotations

TOOLS = ("sh", "cat", "mktemp", "mkfifo", "rm", "sed", "tr", "sleep", "stty", "script", "env", "head", "touch")
PASSWORD = "pass'word \"$x"
ASKS = r"""
stty -echo </dev/tty
printf 'Password: ' >/dev/tty
IFS= read -r typed </dev/tty
stty echo </dev/tty
echo >/dev/tty
"""
RIGHT = "[ \"$typed\" = 'pass'\\''word \"$x' ]"
SUDO_ASKS = 'echo "sudo: a password is required" >&2; exit 1'
SUDO_WRONG = f'[ "$1" != -n ] || {{ {SUDO_ASKS}; }}\necho "sudo: 1 incorrect password attempt" >&2; exit 1'
SUDO_FORBIDS = f'[ "$1" != -n ] || {{ {SUDO_ASKS}; }}\necho "ops is not in the sudoers file." >&2; exit 1'
SUDO_TTY = r'[ -t 0 ] || { echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1; }; shift; exec "$@"'
DOAS_FREE = '[ "$1" != -n ] || shift\nexec "$@"'
DOAS = f"""
[ "$1" != -n ] || {{ echo 'doas: Authentication required' >&2; exit 1; }}
{ASKS}
{RIGHT} || {{ echo 'doas: Authentication failed' >&2; exit 1; }}
exec "$@"
"""
DOAS_FORBIDS = "echo 'doas: Operation not permitted' >&2; exit 1"
SU_RUNS = 'while [ "$1" != -c ]; do shift; done\nexec sh -c "$2"'
SU = f"touch \"$CALLED\"\n{ASKS}\n{RIGHT} || {{ echo 'su: Authentication failure' >&2; exit 1; }}\n{SU_RUNS}"
SU_TWICE = f"{ASKS}\necho 'You must change your password.'\nsleep 0.5\n{ASKS}\n{SU_RUNS}"
SU_PIPE = f"IFS= read -r typed\ncat >>\"$CALLED\"\n{RIGHT} || {{ echo 'su: Authentication failure' >&2; exit 1; }}\n{SU_RUNS} </dev/null"
SHUT = f"{ASKS}\necho 'This account is currently not available.'; exit 1"
