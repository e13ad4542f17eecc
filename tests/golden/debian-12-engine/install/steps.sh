#!/bin/sh
# Plan for debian-12-engine: debian-12, distro-packages.
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

. ./service-systemd.sh

step_1() {
  unchanged /etc/docker/daemon.json absent
  path=/etc/docker/daemon.json
  [ -d "${path%/*}" ] || mkdir -p "${path%/*}"
  why=$(umask 077 && { printf '%s' '{
  "registry-mirrors": [
    "https://first.example",
    "http://192.0.2.7:5000"
  ]
}
' >"$RUN/candidate"; } 2>&1) || die "no file can be written below $RUN: $why"
  answer=$("$engine_program" -H fd:// --containerd=/run/containerd/containerd.sock --validate --config-file "$RUN/candidate" 2>&1) || case $answer in
    *"unknown flag: --validate"*) ;;
    *)
      printf '%s\n' "$answer" | while IFS= read -r line; do mark "daemon $line"; done
      die 'dockerd refuses this configuration; /etc/docker/daemon.json stays as it is' ;;
  esac
  back_up /etc/docker/daemon.json
  why=$(umask 077 && { printf '%s' '{
  "registry-mirrors": []
}
' >"$RUN/revert"; } 2>&1) || die "no file can be written below $RUN: $why"
  printf '%s' /etc/docker/daemon.json >"$RUN/revert.path"
  put /etc/docker/daemon.json 644 root:root absent '{
  "registry-mirrors": [
    "https://first.example",
    "http://192.0.2.7:5000"
  ]
}
'
  config_changed=reload
  shown=''
  # What the client itself has to say is kept apart from the engine's answer.
  asked() { shown=$(timeout 20 docker info --format "$1" 2>"$RUN/client.errors") && [ "$shown" = "$2" ]; }
  shows() { asked '{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}}{{end}}' 'up https://first.example/ http://192.0.2.7:5000/ '; }
  reverted() { asked '{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}}{{end}}' 'up '; }
  engine_reload || die "the daemon cannot be signalled"
  comes_up 15 shows || {
    say_why
    die "the engine does not show the new configuration after the reload; docker info says: $shown $(cat "$RUN/client.errors" 2>/dev/null)"
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
