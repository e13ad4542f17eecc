#!/bin/sh
# Plan for debian-12-engine: debian-12, apt-repo.
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
  note_packages
  # While dpkg cannot finish some other package nothing can be installed either: then what works must stay.
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
    leaving='docker.io containerd runc'
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
  patient_apt -q -o APT::Get::AutomaticRemove=false -s remove docker.io containerd runc >/dev/null || die "they cannot be removed: $(apt_reason docker.io containerd runc)"
  # With what comes, or not at all: remove docker.io containerd runc
}

step_2() {
  put /etc/apt/keyrings/docker.asc 644 root:root absent '-----BEGIN PGP PUBLIC KEY BLOCK-----

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
  put /etc/apt/sources.list.d/docker.sources 644 root:root absent 'Types: deb
URIs: http://packages.example/linux/debian
Suites: bookworm
Components: stable
Architectures: amd64
Signed-By: /etc/apt/keyrings/docker.asc
'
}

step_3() {
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
    leaving='docker.io containerd runc'
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
  # shellcheck disable=SC2086
  patient_apt $quiet update -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/docker.sources -o Dir::Etc::sourceparts=- \
    -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any || die "the package list of the new source cannot be fetched: $(apt_reason)"
  # apt before 2.3 is content with old lists, or with none.
  if grep -q -e '^[WE]: Failed to fetch' -e '^W: GPG error' -e '^[WE]: Some index files failed' "$RUN/apt.log"; then
    die "the package list of the new source cannot be fetched: $(apt_reason)"
  fi
  set -- 'docker-ce=5:28.3.3-1~test' 'docker-ce-cli=5:28.3.3-1~test' containerd.io=1.7.27-1 docker-buildx-plugin=0.25.0-1
  : >"$RUN/apt.log"
  if why=$(pin_reason "$@"); then die "$why"; fi
  # One transaction: what makes room goes together with what comes. First without changing anything.
  set -- install --no-install-recommends -o APT::Get::AutomaticRemove=false --allow-downgrades "$@" docker.io- containerd- runc-
  # solve_and_fetch WORD...: whether all that is needed is here now; where it cannot be installed, that is the end.
  solve_and_fetch() {
    # shellcheck disable=SC2086
    apt_solves $quiet "$@" || die "the packages cannot be installed, so nothing was installed or removed: $(apt_reason 'docker-ce=5:28.3.3-1~test' 'docker-ce-cli=5:28.3.3-1~test' containerd.io=1.7.27-1 docker-buildx-plugin=0.25.0-1)"
    others=$(goes_beyond 'docker.io containerd runc')
    [ -z "$others" ] || die "${others% } would be removed too, which is not in the plan; nothing was installed or removed"
    room_for
    # shellcheck disable=SC2086
    patient_apt $quiet --download-only "$@"
  }
  fetched=0
  solve_and_fetch "$@" || fetched=1
  # Old lists name packages that their source has put newer ones in place of.
  if [ "$fetched" = 1 ] && grep -q '^E: Failed to fetch .* 404 ' "$RUN/apt.log"; then
    note "a package of the lists is not there any more: the lists are fetched anew"
    # shellcheck disable=SC2086
    refresh_lists $quiet
    fetched=0
    solve_and_fetch "$@" || fetched=1
  fi
  [ "$fetched" = 0 ] || die "the packages cannot be fetched, so nothing was installed or removed: $(apt_reason 'docker-ce=5:28.3.3-1~test' 'docker-ce-cli=5:28.3.3-1~test' containerd.io=1.7.27-1 docker-buildx-plugin=0.25.0-1)"
  # shellcheck disable=SC2046 # a list of words
  keep_packages docker.io containerd runc $(changed_by)
  note 'kept, so that they can come back: docker.io containerd runc'
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
  [ "$installed" = 0 ] || die "the packages cannot be installed: $(apt_reason 'docker-ce=5:28.3.3-1~test' 'docker-ce-cli=5:28.3.3-1~test' containerd.io=1.7.27-1 docker-buildx-plugin=0.25.0-1)"
  unguard
}

step_4() {
  put /etc/docker/daemon.json 644 root:root absent '{
  "registry-mirrors": [
    "https://first.example",
    "http://192.0.2.7:5000"
  ]
}
'
}

step_5() {
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
  # The engine that runs is the earlier one until it restarts: what the new one refuses is found out before.
  if [ -e /etc/docker/daemon.json ]; then
    answer=$("$engine_program" -H fd:// --containerd=/run/containerd/containerd.sock --validate --config-file /etc/docker/daemon.json 2>&1) || case $answer in
      *"unknown flag: --validate"*) ;;
      *)
        printf '%s\n' "$answer" | while IFS= read -r line; do mark "daemon $line"; done
        die 'the new engine refuses /etc/docker/daemon.json' ;;
    esac
  fi
  config_changed=start
  engine_enable
  # What runs is the earlier engine, its socket as well, and both have lost their units: they start anew together.
  engine_stop || note "the earlier engine does not say that it has stopped"
  # Packages were replaced below a running engine. Their scripts may have restarted it already (rpm) or were kept
  # from it (the policy during apt's step), so that containers are interrupted once.
  renew_containerd || {
    say_what_failed
    die "containerd does not start"
  }
  restart=start
  if pid=$(engine_pid) && replaced "$pid"; then restart=1; fi
  if [ -n "$restart" ]; then
    containerd_starts || {
      say_what_failed
      die "containerd does not start"
    }
    engine_restart || {
      say_what_failed
      die "the new engine does not start"
    }
  fi
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
  comes_up 30 reaches_containerd || {
    say_what_failed
    die "the engine answers and does not reach its containerd, so that it starts no container"
  }
  if [ -n "$packages_noted" ]; then
    containers_again || :
    # The engine runs as planned: what follows takes nothing of that back.
    packages_noted=''
    config_changed=''
    : >"$RUN/undo"
  fi
}

step_6() {
  for package in docker-ce docker-ce-cli docker-ce-rootless-extras containerd.io docker-buildx-plugin docker-compose-plugin docker.io docker-cli moby-engine moby docker-engine docker; do
    case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
      ?i*) apt-mark hold "$package" || die "$package cannot be held" ;;
    esac
  done
}

main() {
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start conflicts
  step_1
  ok
  start source
  step_2
  ok
  start packages
  step_3
  ok
  start daemon-config
  step_4
  ok
  start service
  step_5
  ok
  start hold
  step_6
  ok
}
if [ -n "$given" ]; then main </dev/null; else by_hand 'step conflicts - remove docker.io containerd runc' 'step source + use the packages of http://packages.example' 'step packages + install docker-ce=5:28.3.3-1~test docker-ce-cli=5:28.3.3-1~test containerd.io=1.7.27-1 docker-buildx-plugin=0.25.0-1' 'step daemon-config ~ set registry-mirrors' 'step service ! restart the engine' 'step hold ~ hold the packages' </dev/null; fi
