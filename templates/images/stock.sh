# What an engine has. Needs engine.sh.

# unanswered COMMAND...: what docker says instead of an answer.
unanswered() { value problem "docker $*: $(limited 120 docker "$@" 2>&1 >/dev/null)"; }

# stock: its images with what inspect says of them, and its containers; false where it does not say, which is told in
# the frame problem.
stock() {
  ids=$(limited 120 docker image ls -a -q --no-trunc 2>/dev/null) || { unanswered image ls; return 1; }
  ids=$(printf '%s\n' "$ids" | sort -u)
  begin images
  # shellcheck disable=SC2086 # ids are words
  [ -z "$ids" ] || docker image inspect --format {{ image }} $ids 2>/dev/null
  end images
  every=$(limited 120 docker ps -a -q --no-trunc 2>/dev/null) || { unanswered ps; return 1; }
  begin containers
  # shellcheck disable=SC2086 # ids are words
  [ -z "$every" ] || docker container inspect --format {{ container }} $every 2>/dev/null
  end containers
}
