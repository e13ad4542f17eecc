#!/bin/sh
# Plan for rocky-9-lookalike: rocky-9, rpm-repo.
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

manager=dnf
. ./packages-engine.sh

. ./packages-rpm.sh

. ./packages-etckeeper.sh

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
baseurl=http://packages.example/linux/rhel/9/$basearch/stable
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
  # What does not answer holds nothing up: the packages are installed, and another repository has the plugin.
  tolerant='--setopt=*.skip_if_unavailable=1'
  versionlock() { dnf -q -y --setopt=plugins=1 "$tolerant" versionlock "$@" 2>&1; }
  can_lock() {
    versionlock list >/dev/null && return 0
    dnf -q -y "$tolerant" install python3-dnf-plugin-versionlock >/dev/null 2>&1 && versionlock list >/dev/null
  }
  note_packages
  ours gpg-pubkey
  rpm -q gpg-pubkey-c1cb5fe5 >/dev/null 2>&1 || rpm --import /etc/pki/rpm-gpg/RPM-GPG-KEY-docker || die "rpm refuses the repository key"
  # container-selinux is in a repository of the distribution that may be switched off (extras, addons).
  switched_off() {
    sed -n 's/^\[\([^]]*\(extras\|addons\)[^]]*\)\].*/\1/p' /etc/yum.repos.d/*.repo 2>/dev/null |
      grep -v -i -e debug -e source | tr '\n' ','
  }
  # transact OPTION...: one transaction.
  transact() {
    how=$*
    manage install docker-ce-28.3.3-1.el9 docker-ce-cli-28.3.3-1.el9 containerd.io-1.7.27-1 docker-buildx-plugin-0.25.0-1 
  }
  # First as a test: solved, fetched, signatures, room and files checked, nothing changed.
  tested=0
  transact --setopt=tsflags=test || tested=1
  if [ "$tested" = 1 ] && grep -q 'container-selinux' "$RUN/manage.log"; then
    enable=$(switched_off)
    [ -z "$enable" ] || {
      note "container-selinux is missing: trying with ${enable%,}"
      enable=--enablerepo=${enable%,}
      transact --setopt=tsflags=test && tested=0
    }
    [ "$tested" = 0 ] || mark "error container-selinux is in no repository that is set up here (RHEL: extras or AppStream, Oracle: addons)"
  fi
  [ "$tested" = 0 ] || die "the packages cannot be installed, so nothing was installed or removed: $(rpm_reason docker-ce-28.3.3-1.el9 docker-ce-cli-28.3.3-1.el9 containerd.io-1.7.27-1 docker-buildx-plugin-0.25.0-1 )"
  others=$(goes_beyond '')
  [ -z "$others" ] || die "${others% } would be removed too, which is not in the plan; nothing was installed or removed"
  cp "$RUN/manage.log" "$RUN/tested"
  # shellcheck disable=SC2046
  ours  $(sed -n 's/^ \([^ ][^ ]*\).*/\1/p' "$RUN/tested" | sort -u)
  # shellcheck disable=SC2046 # a list of words
  keep_packages  $(changed_by)
  ask_the_new_engine
  etc_committed
  # The first start of the daemon waits for its configuration, whatever scriptlets do: until then its units have a
  # condition that does not hold, so that starting them does nothing. It says whose it is, and outlives no boot.
  guard_of() { printf '/run/systemd/system/%s.d/provisioner.conf' "$1"; }
  guard() {
    [ -d /run/systemd/system ] || return 0
    for unit in docker.service docker.socket; do
      mkdir -p "/run/systemd/system/$unit.d" &&
        printf '# provisioner: of %s\n[Unit]\nConditionPathExists=!%s\n' "$RUN" "$(guard_of "$unit")" >"$(guard_of "$unit")" ||
        note "$unit may start before it is configured: there is no room below /run"
    done
    timeout 60 systemctl daemon-reload
  }
  unguard() {
    guarded=''
    for unit in docker.service docker.socket; do
      [ -e "$(guard_of "$unit")" ] || continue
      guarded=1
      rm -f "$(guard_of "$unit")"
      rmdir "/run/systemd/system/$unit.d" 2>/dev/null || :
    done
    [ -z "$guarded" ] || timeout 60 systemctl daemon-reload
  }
  guard
  # Now in earnest, out of what was fetched.
  changed=0
  engine_changes_now
  transact -C || changed=1
  [ "$changed" = 0 ] || die "the packages cannot be installed: $(rpm_reason docker-ce-28.3.3-1.el9 docker-ce-cli-28.3.3-1.el9 containerd.io-1.7.27-1 docker-buildx-plugin-0.25.0-1 )"
  unguard
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
  # say_what_failed: of the units that an engine needs, the one that failed, with its own last words; then the daemon's,
  # and what the kernel has denied in the meantime.
  say_what_failed() {
    denied=''
    if with_systemd_journal; then
      for unit in containerd.service docker.socket; do
        state=$(timeout 20 systemctl show -p ActiveState -p Result "$unit" 2>/dev/null | sed 's/.*=//' | tr '\n' ' ')
        case $state in
          *failed* | *'activating '* | *exit-code* | *' timeout '*) ;;
          *) continue ;;
        esac
        mark "daemon $unit does not start:"
        timeout 20 journalctl -q --no-pager -o cat -u "$unit" --since="@$began" 2>/dev/null | grep -v -e '^systemd' -e level=info |
          grep -i -e level=error -e level=fatal -e level=panic -e "^${unit%%.*}:" -e fail -e error -e invalid -e unsupported -e denied |
          grep -v -e "^$unit:" -e '^Failed to start' | tail -n 3 | while IFS= read -r line; do mark "daemon $line"; done
      done
      denied=$(timeout 20 journalctl -q --no-pager -k -o cat --since="@$began" 2>/dev/null | grep -e 'apparmor="DENIED"' -e 'avc: *denied')
    fi
    said=$(say_why)
    if [ -n "$said" ]; then printf '%s\n' "$said"
    elif with_systemd_journal; then
      line=$(timeout 20 journalctl -q --no-pager -o cat -u "$engine_unit" --since="@$began" 2>/dev/null |
        grep -e 'process exited' -e 'Failed with result' -e 'Dependency failed' -e 'timed out' | tail -n 1)
      [ -z "$line" ] || mark "daemon $line"
    fi
    {
      printf '%s\n' "$denied"
      # With a daemon of its own, the kernel's words are there.
      tail -n 200 /var/log/audit/audit.log 2>/dev/null | grep -e 'apparmor="DENIED"' -e 'avc: *denied' | while IFS= read -r line; do
        stamp=${line#*audit(}
        if [ "${stamp%%[!0-9]*}" -ge "$began" ] 2>/dev/null; then printf '%s\n' "$line"; fi
      done
    } | grep -e docker -e containerd -e runc | tail -n 2 | while IFS= read -r line; do mark "daemon $line"; done
  }
  with_systemd_journal() { have journalctl && [ -d /run/systemd/system ]; }
  # containerd_starts: an engine waits minutes for one that does not, and never says why.
  containerd_starts() {
    have systemctl && [ -d /run/systemd/system ] || return 0
    case $(timeout 20 systemctl show -p Wants -p Requires -p After "$engine_unit" 2>/dev/null) in *containerd.service*) ;; *) return 0 ;; esac
    [ "$(timeout 20 systemctl show -p LoadState containerd.service 2>/dev/null)" = LoadState=loaded ] || return 0
    timeout 60 systemctl reset-failed containerd.service 2>/dev/null || :
    timeout 120 systemctl start containerd.service
  }
  config_changed=start
  engine_enable
  if ! engine_pid >/dev/null; then
    containerd_starts || {
      say_what_failed
      die "the engine does not start: containerd.service, which it needs, does not"
    }
  fi
  engine_start || {
    say_what_failed
    die "the engine does not start"
  }
  comes_up 60 engine_answers || {
    say_what_failed
    die "the engine was started and does not answer"
  }
  if [ -n "$packages_noted" ]; then
    containers_again || :
    # The engine runs as planned: what follows takes nothing of that back.
    packages_noted=''
    config_changed=''
    : >"$RUN/undo"
  fi
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
  # What does not answer holds nothing up: the packages are installed, and another repository has the plugin.
  tolerant='--setopt=*.skip_if_unavailable=1'
  versionlock() { dnf -q -y --setopt=plugins=1 "$tolerant" versionlock "$@" 2>&1; }
  can_lock() {
    versionlock list >/dev/null && return 0
    dnf -q -y "$tolerant" install python3-dnf-plugin-versionlock >/dev/null 2>&1 && versionlock list >/dev/null
  }
  set --
  for package in docker-ce docker-ce-cli docker-ce-rootless-extras containerd.io docker-buildx-plugin docker-compose-plugin docker.io docker-cli moby-engine moby docker-engine docker; do if rpm -q "$package" >/dev/null 2>&1; then set -- "$@" "$package"; fi; done
  if ! can_lock; then
    # The engine is installed and runs: nothing of that is taken back.
    : >"$RUN/undo"
    packages_noted=''
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
if [ -n "$given" ]; then main </dev/null; else by_hand 'step source + use the packages of http://packages.example' 'step packages + install docker-ce-28.3.3-1.el9 docker-ce-cli-28.3.3-1.el9 containerd.io-1.7.27-1 docker-buildx-plugin-0.25.0-1' 'step daemon-config ~ set registry-mirrors' 'step service ! enable and start the engine' 'step hold ~ hold the packages' </dev/null; fi
