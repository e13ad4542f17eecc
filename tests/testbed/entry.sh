#!/bin/sh
# Process 1 of a host until its init system takes over: what a boot loader, a kernel and a cloud do elsewhere.
# entry.sh systemd|systemd-cgroup2|sysvinit|none|kernel-2.6|bare
# `bare` is for a machine that nothing was prepared for: no accounts, no SSH, no init system.
set -e

if [ "$1" = kernel-2.6 ]; then exec setarch "$(uname -m)" --uname-2.6 "$0" none; fi

if [ "$1" != bare ]; then
  if [ -n "$TESTBED_OS_RELEASE" ]; then
    rm -f /etc/os-release /usr/lib/os-release /etc/lsb-release /usr/bin/lsb_release /etc/debian_version
    printf '%s' "$TESTBED_OS_RELEASE" >/etc/os-release
  fi
  for home in /root /home/ops /home/pat /home/nosudo; do
    mkdir -p "$home/.ssh"
    printf '%s\n' "$TESTBED_KEY" >"$home/.ssh/authorized_keys"
    chmod 700 "$home/.ssh"
    chown -R "$(stat -c %u:%g "$home")" "$home/.ssh"
  done
  ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
fi

# The engine outside mounts the control groups read-only. What cannot be made writable is unmounted; the init
# system mounts its own, in the container's own name space.
awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts | while read -r mounted; do
  mount -o remount,rw "$mounted" 2>/dev/null || umount "$mounted"
done
if mountpoint -q /sys/fs/cgroup; then mount -o remount,rw /sys/fs/cgroup; fi
case $1 in
  systemd-cgroup2)
    if mountpoint -q /sys/fs/cgroup; then umount -R /sys/fs/cgroup; fi
    mount -t cgroup2 cgroup2 /sys/fs/cgroup ;;
  none | bare)
    if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
      awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups | while read -r controller; do
        mkdir -p "/sys/fs/cgroup/$controller"
        mountpoint -q "/sys/fs/cgroup/$controller" ||
          mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" ||
          rmdir "/sys/fs/cgroup/$controller"
      done
      if [ "$1" = bare ]; then
        # Two more that systemd mounts. Where they are not, an engine puts all its containers into one group of theirs,
        # and several init systems inside wait for the end of each other's processes.
        mkdir -p /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
        mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
        mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
      fi
    fi ;;
esac

case $1 in
  none)
    unset TESTBED_KEY TESTBED_OS_RELEASE
    mkdir -p /run/sshd
    /usr/sbin/sshd ;;
  bare)
    # As systemd does on a machine; where / is private, an engine mounts its own directory onto itself.
    mount --make-rshared / ;;
  *) exec env -i container=docker PATH="$PATH" /sbin/init ;;
esac
# Waiting reaps what daemons leave behind, as an init system would.
while :; do
  sleep 3600 &
  wait $! || :
done
