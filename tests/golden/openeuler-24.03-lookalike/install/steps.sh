#!/bin/sh
# Plan for openeuler-24.03-lookalike: openeuler-24.03, distro-packages.
# Usage: sh apply.sh [NONCE [DIRECTORY]]; DIRECTORY keeps backups and temporary files of this run.
set -eu
N=${1:-manual}
given=${2:-}
RUN=${given:-$(mktemp -d)}
engine_version=ask
engine_unit=docker.service
engine_program=dockerd
engine_pid_file=/var/run/docker.pid
engine_host=''
engine_others='  '
. ./engine.sh

. ./prelude.sh

. ./service-systemd.sh

step_1() {
  # lock_holder: who holds a package lock now. apt, dpkg and rpm lock with fcntl, which /proc/locks shows by inode;
  # dnf and yum write their pid, without a final newline, and leave the file behind when they are killed.
  lock_holder() {
    for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock \
      /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock; do
      [ -e "$lock" ] || continue
      inode=$(stat -c %i "$lock")
      holder=$(sed -n "s/.* \([0-9][0-9]*\) [0-9a-f]*:[0-9a-f]*:$inode .*/\1/p" /proc/locks 2>/dev/null | head -n 1)
      if [ -n "$holder" ]; then printf '%s holds %s' "$(process "$holder")" "$lock"; return 0; fi
    done
    for lock in /var/run/dnf.pid /var/run/yum.pid /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid \
      /var/lib/dnf/rpmdb_lock.pid; do
      [ -r "$lock" ] || continue
      holder=''
      read -r holder <"$lock" || :
      [ -n "$holder" ] || continue
      case $(tr '\0' ' ' <"/proc/$holder/cmdline" 2>/dev/null) in
        *dnf* | *yum* | *[Pp]ackage[Kk]it*) ;;
        *) continue ;;
      esac
      printf '%s holds %s' "$(process "$holder")" "$lock"
      return 0
    done
    return 1
  }
  lock_limit=$(($(now) + 300))
  wait_for_locks() {
    waited=''
    while holder=$(lock_holder); do
      [ "$waited" = "$holder" ] || note "waiting: $holder"
      waited=$holder
      [ "$(now)" -lt "$lock_limit" ] || { mark "locked $holder"; exit 75; }
      sleep 1
    done
  }
  # patient_apt WORD...: apt-get; once more when somebody took a lock just before it. The lists' lock has no timeout of
  # its own, and apt before 1.9.11 (DPkg::Lock::Timeout) has none at all.
  patient_apt() {
    while :; do
      { if apt-get "$@"; then echo 0 >"$RUN/apt.status"; else echo $? >"$RUN/apt.status"; fi; } 2>&1 | tee "$RUN/apt.log"
      [ "$(cat "$RUN/apt.status")" != 0 ] || return 0
      grep -q -e 'Could not get lock' -e 'Unable to lock' "$RUN/apt.log" || return 1
      [ "$(now)" -lt "$lock_limit" ] || { mark "locked $(grep -m 1 -e 'Could not get lock' -e 'Unable to lock' "$RUN/apt.log")"; exit 75; }
      sleep 1
      wait_for_locks
    done
  }
  wait_for_locks
  versionlock() { dnf -q -y --setopt=plugins=1 versionlock "$@" 2>&1; }
  can_lock() {
    versionlock list >/dev/null && return 0
    dnf -q -y install python3-dnf-plugin-versionlock >/dev/null 2>&1 && versionlock list >/dev/null
  }
  # manage VERB PACKAGE...: the output is kept for the reason of a failure.
  manage() {
    { dnf -y $enable "$@" && : >"$RUN/managed"; } 2>&1 | tee "$RUN/manage.log"
    if [ -e "$RUN/managed" ]; then rm -f "$RUN/managed"; return 0; fi
    return 1
  }
  # container-selinux is in a repository of the distribution that may be switched off (extras, addons).
  switched_off() {
    sed -n 's/^\[\([^]]*\(extras\|addons\)[^]]*\)\].*/\1/p' /etc/yum.repos.d/*.repo 2>/dev/null |
      grep -v -i -e debug -e source | tr '\n' ','
  }
  enable=''
  change() {
    manage install docker-engine  || return 1
  }
  changed=0
  change || changed=1
  if [ "$changed" = 1 ] && grep -q 'container-selinux' "$RUN/manage.log"; then
    enable=$(switched_off)
    [ -z "$enable" ] || {
      note "container-selinux is missing: trying with ${enable%,}"
      enable=--enablerepo=${enable%,}
      change && changed=0
    }
    [ "$changed" = 0 ] || mark "error container-selinux is in no repository that is set up here (RHEL: extras or AppStream, Oracle: addons)"
  fi
  [ "$changed" = 0 ] || die "the packages cannot be installed"
}

step_2() {
  put /etc/docker/daemon.json 644 root:root absent '{
  "registry-mirrors": [
    "https://first.example",
    "http://192.0.2.7:5000"
  ]
}
'
}

step_3() {
  config_changed=start
  engine_enable
  engine_start || {
    say_why
    die "the engine does not start"
  }
  comes_up 60 engine_answers || {
    say_why
    die "the engine was started and does not answer"
  }
}

step_4() {
  if ! grep -q '^docker:' /etc/group; then groupadd -r docker; fi
  id ops >/dev/null 2>&1 || die 'there is no account ops on this host'
  if have usermod; then usermod -a -G docker ops; else adduser ops docker; fi
}

main() {
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start packages
  step_1
  ok
  start daemon-config
  step_2
  ok
  start service
  step_3
  ok
  start users
  step_4
  ok
}
main </dev/null
