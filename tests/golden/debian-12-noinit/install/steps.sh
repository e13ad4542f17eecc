#!/bin/sh
# Plan for debian-12-noinit: debian-12, distro-packages.
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
engine_exec() { exec setsid "$engine_program" ; }
. ./engine.sh

. ./prelude.sh

. ./service-none.sh

manager=apt
. ./packages-engine.sh

. ./packages-apt.sh

. ./packages-etckeeper.sh

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
  quiet='-y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20'
  rm -f "$RUN/update.log"
  note_packages
  if dpkg --audit | grep -q .; then
    note "finishing what dpkg left half done"
  # The first start of the daemon waits for its configuration: invoke-rc.d and deb-systemd-invoke ask this policy. It
  # also lets a package finish whose daemon did not start. It holds as long as this process lives; after a power cut it
  # answers as if it were not there, and goes.
  policy=/usr/sbin/policy-rc.d
  policy_of() { sed -n '2s/^# provisioner: of //p' "$policy" 2>/dev/null; }
  guard() {
    read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || boot=unknown
    read -r stat <"/proc/$$/stat"
    # shellcheck disable=SC2086 # numbers, and a letter
    set -- ${stat##*) }
    cat >"$policy" <<POLICY
#!/bin/sh
# provisioner: of $RUN
read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || boot=unknown
stat=''
read -r stat 2>/dev/null </proc/$$/stat
set -- "\$*" \${stat##*) }
if [ "\$boot" = $boot ] && [ "\${21-}" = ${20} ]; then exit 101; fi
rm -f $policy
case \$1 in *'('*) exit 101 ;; esac
[ -e /sbin/init ] || exit 101
exit 104
POLICY
    chmod 755 "$policy"
  }
  unguard() {
    [ "$(policy_of)" != "$RUN" ] || rm -f "$policy"
  }
  # One that an earlier run has left goes when it is asked; anybody else's stays.
  if [ -n "$(policy_of)" ]; then "$policy" docker start || :; fi
  if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then guard; fi
    leaving=''
    dpkg --force-confdef --force-confold --configure -a || {
      for package in $(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^.[UFH]. *//p'); do
        case " $leaving " in
          *" $package "*) ;;
          *) die "dpkg cannot finish the package $package; nothing was removed. Repair it first: dpkg --configure $package" ;;
        esac
      done
    }
  unguard
  fi
  # shellcheck disable=SC2086 # a list of words
  refresh_lists $quiet
  set -- docker.io
  : >"$RUN/apt.log"
  if why=$(pin_reason "$@"); then die "$why"; fi
  # One transaction: what makes room goes together with what comes. First without changing anything.
  set -- install --no-install-recommends -o APT::Get::AutomaticRemove=false  "$@"
  # solve_and_fetch WORD...: whether all that is needed is here now; where it cannot be installed, that is the end.
  solve_and_fetch() {
    # shellcheck disable=SC2086
    apt_solves $quiet "$@" || die "the packages cannot be installed, so nothing was installed or removed: $(apt_reason docker.io)"
    others=$(goes_beyond '')
    [ -z "$others" ] || die "${others% } would be removed too, which is not in the plan; nothing was installed or removed"
    room_for
    # shellcheck disable=SC2086
    patient_apt $quiet --download-only "$@"
  }
  fetched=0
  solve_and_fetch "$@" || fetched=1
  [ "$fetched" = 0 ] || die "the packages cannot be fetched, so nothing was installed or removed: $(apt_reason docker.io)"
  # shellcheck disable=SC2046 # a list of words
  keep_packages  $(changed_by)
  ask_the_new_engine
  etc_committed
  # The first start of the daemon waits for its configuration: invoke-rc.d and deb-systemd-invoke ask this policy. It
  # also lets a package finish whose daemon did not start. It holds as long as this process lives; after a power cut it
  # answers as if it were not there, and goes.
  policy=/usr/sbin/policy-rc.d
  policy_of() { sed -n '2s/^# provisioner: of //p' "$policy" 2>/dev/null; }
  guard() {
    read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || boot=unknown
    read -r stat <"/proc/$$/stat"
    # shellcheck disable=SC2086 # numbers, and a letter
    set -- ${stat##*) }
    cat >"$policy" <<POLICY
#!/bin/sh
# provisioner: of $RUN
read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || boot=unknown
stat=''
read -r stat 2>/dev/null </proc/$$/stat
set -- "\$*" \${stat##*) }
if [ "\$boot" = $boot ] && [ "\${21-}" = ${20} ]; then exit 101; fi
rm -f $policy
case \$1 in *'('*) exit 101 ;; esac
[ -e /sbin/init ] || exit 101
exit 104
POLICY
    chmod 755 "$policy"
  }
  unguard() {
    [ "$(policy_of)" != "$RUN" ] || rm -f "$policy"
  }
  # One that an earlier run has left goes when it is asked; anybody else's stays.
  if [ -n "$(policy_of)" ]; then "$policy" docker start || :; fi
  if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then guard; fi
  installed=0
  engine_changes_now
  # shellcheck disable=SC2086
  patient_apt $quiet -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --no-download "$@" || installed=1
  [ "$installed" = 0 ] || die "the packages cannot be installed: $(apt_reason docker.io)"
  unguard
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

step_4() {
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
if [ -n "$given" ]; then main </dev/null; else by_hand 'step packages + install docker.io' 'step daemon-config ~ set registry-mirrors' 'step service ! start the engine' 'step users + let ops use docker' </dev/null; fi
