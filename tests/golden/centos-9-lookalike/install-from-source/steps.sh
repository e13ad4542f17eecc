#!/bin/sh
# Plan for centos-9-lookalike: centos-9, rpm-repo.
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
  put /etc/pki/rpm-gpg/RPM-GPG-KEY-docker 644 root:root absent '-----BEGIN PGP PUBLIC KEY BLOCK-----

mQENBGsF/CIBCACwhnyOLevVIsev+KzEUH5hqgwKy/xUUxcoxi247Kzf4awnC36r
1rqbJcmrUy2g6LLHkcK4A2dKfxHY3iCTNCdqoLIUxNBKS2o6QxFy5LMftvJ7ubLF
xvCU6tqt18VS5MFuWg+5dO9hVise0aN4PcosVV9/Prz3k72BnzQfjjgRfISJemR/
zJmUCIfwFwH21R/kREPXiKOCQdfI4mjtrpSgSLASNmWiIweKhPHdZDiEZ3hXxlC2
BVQSopa57Bt/ntNPG9Trh92Ap83ROQ/aN0CMVQHZ/xUMhyy38+ACWEaMH+CZ4iC8
QNxSoiCZGMhKzsNIN98UjQDgDPekhyHuTLaPABEBAAG0IUdvbGRlbiB0ZXN0cyA8
Z29sZGVuQGV4YW1wbGUuY29tPokBTgQTAQoAOBYhBCz56W1vVOCRqkYuNgkRWYjB
y1/lBQJrBfwiAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEAkRWYjBy1/l
LNoH/2C3pAfeIgJ6vIMNlukCzjkKkMvIAX/tVobvvYea9MXqqQfo9OI1da+CBjer
sBygUwKereunOxmQlrhfsiyqwf5cdg1Zm09leM4BPIzioLbYUAkJv2YN/nrR5/yr
uuCi8SWKUHf2hbP/EaAMa0MxeDElyRjOQHoQiUjRNB0plMJ/r2GDxQkYp+8M1O1O
2EAAjKzTObel2UuU++ukST/d1X5s9b8J97+HrGwzpt1W/lb8k7o9y7NdaYzOZ3l/
LH0Dam8hhgQ85wuFZM297fXNGvI389KlzChd5seRSahV1/tYwpL4Mp+lHsWPbPDP
f0S+Xsty3HOX56Q+cwAlzqIhVO8=
=9jQz
-----END PGP PUBLIC KEY BLOCK-----
'
  put /etc/yum.repos.d/docker-ce.repo 644 root:root absent '[docker-ce-stable]
name=Docker CE stable - x86_64
baseurl=http://packages.example/linux/centos/9/$basearch/stable
enabled=1
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-docker
'
}

step_2() {
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
  rpm -q gpg-pubkey-c1cb5fe5 >/dev/null 2>&1 || rpm --import /etc/pki/rpm-gpg/RPM-GPG-KEY-docker || die "rpm refuses the repository key"
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
    manage install docker-ce-28.3.3-1.el9 docker-ce-cli-28.3.3-1.el9 containerd.io-1.7.27-1 docker-buildx-plugin-0.25.0-1  || return 1
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
  rpm -q docker-ce-28.3.3-1.el9 >/dev/null 2>&1 || die 'docker-ce-28.3.3-1.el9 was asked for, and another version is installed'
  rpm -q docker-ce-cli-28.3.3-1.el9 >/dev/null 2>&1 || die 'docker-ce-cli-28.3.3-1.el9 was asked for, and another version is installed'
  rpm -q containerd.io-1.7.27-1 >/dev/null 2>&1 || die 'containerd.io-1.7.27-1 was asked for, and another version is installed'
  rpm -q docker-buildx-plugin-0.25.0-1 >/dev/null 2>&1 || die 'docker-buildx-plugin-0.25.0-1 was asked for, and another version is installed'
}

step_3() {
  put /etc/docker/daemon.json 644 root:root absent '{
  "registry-mirrors": [
    "https://first.example",
    "http://192.0.2.7:5000"
  ]
}
'
}

step_4() {
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

step_5() {
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
  set --
  for package in docker-ce docker-ce-cli docker-ce-rootless-extras containerd.io docker-buildx-plugin docker-compose-plugin docker.io docker-cli moby-engine moby docker-engine docker; do if rpm -q "$package" >/dev/null 2>&1; then set -- "$@" "$package"; fi; done
  if ! can_lock; then
    # The engine is installed and runs: nothing of that is taken back.
    : >"$RUN/undo"
    die 'all else is done and stays, but the packages cannot be held: dnf has no versionlock here and no repository of this host offers it (python3-dnf-plugin-versionlock)'
  fi
  versionlock add "$@" || die "the packages cannot be held"
}

main() {
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start source
  step_1
  ok
  start packages
  step_2
  ok
  start daemon-config
  step_3
  ok
  start service
  step_4
  ok
  start hold
  step_5
  ok
}
main </dev/null
