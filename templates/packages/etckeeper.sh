# etc_committed: etckeeper may be told to refuse installations as long as something in /etc is not committed; what
# this run has written is, under its own name, and nothing else.
etc_committed() {
  have etckeeper && grep -qs '^[[:space:]]*AVOID_COMMIT_BEFORE_INSTALL=.*[1-9a-z]' /etc/etckeeper/etckeeper.conf || return 0
  etckeeper unclean >/dev/null 2>&1 || return 0
  others=$(cd /etc && git status --porcelain -uall 2>/dev/null | cut -c 4- | while IFS= read -r path; do
    grep -q -x -F -e "/etc/$path" "$RUN/wrote" || printf '/etc/%s ' "$path"
  done)
  [ -z "$others" ] || die "etckeeper is told (AVOID_COMMIT_BEFORE_INSTALL) to refuse installations while /etc has changes that are not committed: $others; commit them first: etckeeper commit"
  etckeeper commit "${1:-package source of Docker Engine (provisioner)}" >/dev/null 2>&1 ||
    die "etckeeper cannot commit the package source, and is told (AVOID_COMMIT_BEFORE_INSTALL) to refuse installations then: etckeeper commit says why"
  note "etckeeper has committed what this run wrote"
  etc_was_committed=1
}
