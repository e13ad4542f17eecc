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
