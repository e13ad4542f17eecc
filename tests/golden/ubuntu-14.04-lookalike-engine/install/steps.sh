#!/bin/sh
# Plan for ubuntu-14.04-lookalike-engine: ubuntu-14.04, distro-packages.
# Usage: sh apply.sh [NONCE [DIRECTORY]]; DIRECTORY keeps backups and temporary files of this run.
set -eu
N=${1:-manual}
given=${2:-}
RUN=${given:-$(mktemp -d)}
engine_version=20.10.24+dfsg1
engine_unit=docker.service
engine_program=/usr/sbin/dockerd
engine_pid_file=/var/run/docker.pid
engine_host=''
engine_others='  '
. ./engine.sh

. ./prelude.sh

. ./service-sysvinit.sh

step_1() {
  unchanged /etc/default/docker 66117bfaf30ce29843f0c86fab2f35046b420deb8e461317152d1d20f29dd158
  path=/etc/default/docker
  [ -d "${path%/*}" ] || mkdir -p "${path%/*}"
  back_up /etc/default/docker
  put /etc/default/docker 644 root:root 66117bfaf30ce29843f0c86fab2f35046b420deb8e461317152d1d20f29dd158 '# Here in Debian, this file is sourced by:
#   - /etc/init.d/docker (sysvinit)
#   - /etc/init/docker (upstart)
#   - systemd'"'"'s docker.service

# Use of this file for configuring your Docker daemon is discouraged.

# The recommended alternative is "/etc/docker/daemon.json", as described in:
#   https://docs.docker.com/engine/reference/commandline/dockerd/#daemon-configuration-file

# If that does not suit your needs, try a systemd drop-in file, as described in:
#   https://docs.docker.com/config/daemon/systemd/
DOCKER_OPTS="--registry-mirror=https://first.example --registry-mirror=http://192.0.2.7:5000"
'
  config_changed=restart
  shown=''
  # What the client itself has to say is kept apart from the engine's answer.
  asked() { shown=$(timeout 20 docker info --format "$1" 2>"$RUN/client.errors") && [ "$shown" = "$2" ]; }
  shows() { asked '{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}}{{end}}' 'up https://first.example/ http://192.0.2.7:5000/ '; }
  reverted() { asked '{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}}{{end}}' 'up '; }
  engine_restart || {
    say_why
    die "the engine does not start with this configuration"
  }
  comes_up 60 shows || {
    say_why
    die "the engine does not show the new configuration after the restart; docker info says: $shown $(cat "$RUN/client.errors" 2>/dev/null)"
  }
}

step_2() {
  if ! grep -q '^docker:' /etc/group; then
    if have getent && getent group docker >/dev/null; then
      die "the group docker comes from a directory: make them members there"
    fi
    groupadd -r docker
  fi
  id ops >/dev/null 2>&1 || die 'there is no account ops on this host'
  # gpasswd takes accounts of a directory too, which some usermods look for in /etc/passwd.
  if have gpasswd; then gpasswd -a ops docker >/dev/null
  elif have usermod; then usermod -a -G docker ops
  else adduser ops docker
  fi || die 'ops cannot be made a member of the group docker'
}

main() {
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start daemon-config
  step_1
  ok
  start users
  step_2
  ok
}
if [ -n "$given" ]; then main </dev/null; else by_hand 'step daemon-config ~ set registry-mirrors' 'step users + let ops use docker' </dev/null; fi
