#!/bin/sh
# Plan for forky-engine: debian-forky, distro-packages.
# Usage: sh apply.sh [NONCE [DIRECTORY]]; DIRECTORY keeps backups and temporary files of this run.
set -eu
N=${1:-manual}
RUN=${2:-$(mktemp -d)}
engine_version=28.5.2+dfsg4
. ./prelude.sh

. ./service-systemd.sh

step_1() {
  unchanged /etc/docker/daemon.json absent
  mkdir -p "$(dirname /etc/docker/daemon.json)"
  (umask 077 && printf '%s' '{
  "registry-mirrors": [
    "https://first.example",
    "http://192.0.2.7:5000"
  ]
}
' >"$RUN/candidate") || die "there is no room for a file below $RUN"
  answer=$(dockerd -H fd:// --containerd=/run/containerd/containerd.sock --validate --config-file "$RUN/candidate" 2>&1) || case $answer in
    *"unknown flag: --validate"*) ;;
    *)
      printf '%s\n' "$answer" | while IFS= read -r line; do mark "daemon $line"; done
      die "dockerd refuses this configuration; nothing was changed" ;;
  esac
  if [ -e /etc/docker/daemon.json ]; then
    why=$(cp -p /etc/docker/daemon.json /etc/docker/daemon.json."$stamp".bak 2>&1) || {
      rm -f /etc/docker/daemon.json."$stamp".bak
      die 'there can be no copy beside /etc/docker/daemon.json; nothing was changed:'" $why"
    }
  fi
  (umask 077 && printf '%s' '{
  "registry-mirrors": []
}
' >"$RUN/revert") || die "there is no room for a file below $RUN"
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
  shows() { shown=$(timeout 20 docker info --format '{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}}{{end}}' 2>&1) && [ "$shown" = 'up https://first.example/ http://192.0.2.7:5000/ ' ]; }
  reverted() { shown=$(timeout 20 docker info --format '{{if .ServerVersion}}up {{range .RegistryConfig.Mirrors}}{{.}} {{end}}{{end}}' 2>&1) && [ "$shown" = 'up ' ]; }
  engine_reload || die "the daemon cannot be signalled"
  comes_up 15 shows || {
    say_why
    die "the engine does not show the new configuration after the reload; docker info says: $shown"
  }
}

main() {
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start daemon-config
  step_1
  ok
}
main </dev/null
