#!/bin/sh
# Everything that a decision about this host needs, in one exec. Changes nothing, starts nothing.
# Usage: sh -s NONCE [LOGIN_USER]. Answer: frames "@@NONCE begin NAME" ... "@@NONCE end NAME", then "@@NONCE done 0".
# The newline before a marker belongs to the marker, so a frame carries a file exactly, final newline or not.
N=$1
login=${2:-}

begin() { printf '\n@@%s begin %s\n' "$N" "$1"; }
end() { printf '\n@@%s end %s\n' "$N" "$1"; }
value() { begin "$1"; printf '%s' "$2"; end "$1"; }
have() { command -v "$1" >/dev/null 2>&1; }
limited() { if have timeout; then timeout "$@"; else shift; "$@"; fi; }

# file PATH: where it really is, how it was asked for, mode and owner, then its text.
file() {
  if [ -L "$1" ] && [ ! -e "$1" ]; then value odd-file "$1 is a symlink to nothing"; return 0; fi
  [ -e "$1" ] || return 0
  if [ ! -f "$1" ]; then value odd-file "$1 is not a regular file"; return 0; fi
  if [ ! -r "$1" ]; then value odd-file "$1 cannot be read without root"; return 0; fi
  real=$1
  [ ! -L "$1" ] || real=$(readlink -f "$1")
  attributes=
  if [ "${2:-}" = attributes ] && have lsattr; then attributes=$(lsattr -d "$real" 2>/dev/null); fi
  begin file
  printf '%s\n%s\n%s\n%s\n' "$real" "$1" "$(stat -c '%a %U:%G' "$real" 2>/dev/null)" "${attributes%% *}"
  cat "$1"
  end file
}

operating_system() {
  for release in /etc/os-release /usr/lib/os-release; do
    if [ -r "$release" ]; then begin os-release; cat "$release"; end os-release; break; fi
  done
  for release in lsb-release redhat-release centos-release debian_version; do
    if [ -r "/etc/$release" ]; then begin "$release"; cat "/etc/$release"; end "$release"; fi
  done
  value uname "$(uname -n -r -m)"
}

init_system() {
  first=
  if [ -r /proc/1/comm ]; then read -r first </proc/1/comm; fi
  if [ -d /run/systemd/system ]; then init=systemd
  elif [ -d /run/openrc ]; then init=openrc
  elif have initctl && initctl version 2>/dev/null | grep -q upstart; then init=upstart
  elif [ "$first" = init ] && [ -e /etc/inittab ] && [ -d /etc/init.d ]; then init=sysvinit
  else init=none
  fi
  value init "$init"
  value pid-1 "$first"
}

resources() {
  read -r _ memory _ </proc/meminfo && value memory "$memory"
  for root in /var/lib/docker /var/lib; do
    if [ -d "$root" ]; then begin disk; df -Pk "$root" 2>/dev/null; end disk; break; fi
  done
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then value cgroup v2
  elif [ -d /sys/fs/cgroup/memory ]; then value cgroup v1
  fi
  if [ -r /sys/fs/selinux/enforce ]; then read -r enforce </sys/fs/selinux/enforce; value selinux "$enforce"; fi
  if [ -r /sys/module/apparmor/parameters/enabled ]; then
    read -r apparmor </sys/module/apparmor/parameters/enabled
    value apparmor "$apparmor"
  fi
  virtual=
  if have systemd-detect-virt; then virtual=$(systemd-detect-virt 2>/dev/null); fi
  if grep -qi microsoft /proc/sys/kernel/osrelease 2>/dev/null; then virtual=wsl; fi
  value virtualization "$virtual"
  value clock "$(date +%s)"
}

packages() {
  manager=none
  for candidate in apt-get dnf5 dnf yum; do
    if have "$candidate"; then manager=${candidate%-get}; break; fi
  done
  value package-manager "$manager"
  set -- docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin \
    docker-ce-rootless-extras docker.io docker-cli docker-buildx docker-compose docker-compose-v2 docker-doc \
    docker-engine docker docker-client docker-client-latest docker-common docker-latest \
    docker-latest-logrotate docker-logrotate docker-selinux docker-engine-selinux docker-ee docker-io \
    moby-engine moby-cli podman podman-docker containerd runc lxc-docker container-selinux \
    ca-certificates apparmor cgroupfs-mount
  if [ "$manager" = apt ]; then
    value package-arch "$(dpkg --print-architecture)"
    begin dpkg
    # shellcheck disable=SC2016 # dpkg-query expands these
    dpkg-query -W -f '${Package}\t${Version}\t${db:Status-Abbrev}\n' "$@" 2>/dev/null
    end dpkg
    set -- /var/lib/apt/lists/*_Packages*
    if [ -e "$1" ]; then value package-lists $#; else value package-lists 0; fi
  elif have rpm; then
    begin rpm
    rpm -q --qf '%{NAME}\t%|EPOCH?{%{EPOCH}}:{0}|:%{VERSION}-%{RELEASE}\tii\n' "$@" 2>/dev/null
    end rpm
    value package-lists 1
  fi
  for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
    if [ -s "$bundle" ]; then value ca-certificates "$bundle"; break; fi
  done
}

package_sources() {
  for path in /etc/apt/keyrings/*docker* /usr/share/keyrings/*docker* /etc/apt/trusted.gpg.d/*docker* \
    /etc/pki/rpm-gpg/*docker*; do
    case $path in
      *'*'*) ;;
      *.asc | */RPM-GPG-KEY*) file "$path" ;;
      *) [ ! -e "$path" ] || value binary-key "$path" ;;
    esac
  done
  set -- /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
    /etc/yum.repos.d/*.repo
  grep -ls -e 'docker-ce' -e 'download\.docker\.com' -e '/linux/\(ubuntu\|debian\|raspbian\)/\{0,1\}[[:space:]]' \
    -e '/linux/\(ubuntu\|debian\|raspbian\)$' "$@" 2>/dev/null | while IFS= read -r path; do file "$path"; done
}

accounts() {
  begin docker-group
  if have getent; then getent group docker; else grep '^docker:' /etc/group; fi
  end docker-group
  value users "$(cut -d: -f1 /etc/passwd | tr '\n' ' ')"
}

# option_value NAME: the value of dockerd's option --NAME in the words on stdin, one a line.
option_value() {
  take=
  while IFS= read -r word; do
    if [ -n "$take" ]; then printf '%s' "$word"; return 0; fi
    case $word in
      --"$1"=*) printf '%s' "${word#*=}"; return 0 ;;
      --"$1") take=1 ;;
    esac
  done
}

engine() {
  for path in /snap/bin/docker /snap/docker/current/bin/dockerd; do
    [ ! -e "$path" ] || value snap "$path"
  done
  dockerd=$(command -v dockerd) || dockerd=
  client=$(command -v docker) || client=
  value dockerd "$dockerd"
  value docker "$client"
  words=''
  pid=''
  if [ -r /var/run/docker.pid ]; then read -r pid </var/run/docker.pid || :; fi
  if [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ]; then
    words=$(tr '\0' '\n' <"/proc/$pid/cmdline")
    case $words in
      *docker*) value pid "$pid"; value command-line "$words" ;;
      *) pid='' words='' ;;
    esac
  else pid=''
  fi
  if [ "$init" = systemd ]; then
    begin units
    units=$(systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState -p FragmentPath -p DropInPaths \
      -p ExecStart -p NeedDaemonReload -p MainPID docker.service docker.socket containerd.service 2>/dev/null)
    printf '%s' "$units"
    end units
    printf '%s\n' "$units" | while IFS= read -r line; do
      case $line in
        FragmentPath=?* | DropInPaths=?*)
          for path in ${line#*=}; do case $path in *containerd*) ;; *) file "$path" ;; esac; done ;;
      esac
    done
    if [ -z "$words" ]; then
      words=$(printf '%s\n' "$units" | sed -n 's/^ExecStart=.*argv\[\]=\([^;]*dockerd[^;]*\) ;.*/\1/p' | tr ' ' '\n')
    fi
  elif [ "$init" != none ]; then
    for link in /etc/rc[2-5].d/S*docker /etc/init/docker.conf; do
      if [ -e "$link" ]; then value starts-at-boot "$link"; break; fi
    done
  fi
  config=$(printf '%s\n' "$words" | option_value config-file)
  config=${config:-/etc/docker/daemon.json}
  value config-path "$config"
  file "$config" attributes
  file /etc/default/docker
  for path in /etc/sysconfig/docker /etc/sysconfig/docker-storage /etc/sysconfig/docker-network; do file "$path"; done
  # A client call would start a socket-activated daemon that is stopped, so ask only one that runs.
  if [ -n "$client" ] && [ -n "$pid" ]; then
    unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH
    export DOCKER_CONTEXT=default
    begin docker-info
    information=$(limited 20 "$client" info --format '{{json .}}' 2>&1)
    status=$?
    printf '%s' "$information"
    end docker-info
    value docker-info-status "$status"
    case $information in
      *'"ClientInfo":{'*'"DefaultAPIVersion"'*) ;;
      *) value docker-version "$("$client" --version 2>/dev/null)" ;;
    esac
    if [ -n "$login" ] && [ "$login" != root ]; then
      ask="unset DOCKER_HOST; DOCKER_CONTEXT=default docker version --format {{.Server.Version}}"
      begin user-access
      if [ "$login" = "$(id -un)" ]; then limited 20 sh -c "$ask" 2>&1
      else limited 20 su "$login" -s /bin/sh -c "$ask" 2>&1
      fi
      printf '\nstatus %s' $?
      end user-access
    fi
  elif [ -n "$client" ]; then
    value docker-version "$("$client" --version 2>/dev/null)"
  fi
}

run_in_progress() {
  for lock in /run/lock /var/lock; do
    if [ -r "$lock/provisioner.lock" ] && have flock; then
      flock -n -s "$lock/provisioner.lock" true || { begin in-progress; cat "$lock/provisioner.lock"; end in-progress; }
      return 0
    fi
  done
}

main() {
  export LC_ALL=C
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  operating_system
  init_system
  resources
  packages
  package_sources
  accounts
  engine
  run_in_progress
  printf '\n@@%s done 0\n' "$N"
}
main "$@" </dev/null
