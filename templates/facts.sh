#!/bin/sh
# Everything that a decision about this host needs, in one exec. Changes nothing, starts nothing.
# Before it stand a line package_names='NAME ...', the packages that are asked for, a line going_names='NAME ...', those
# that may be taken away, perhaps asked_users, accounts one a line, perhaps asked_runs='NAME ...', those whose journal is
# told, perhaps asked_sources='URI ...', where packages would come from, perhaps a line brief=1, which leaves out what only
# an installation needs to know, with it perhaps a line engine_alone=1, which leaves out packages and accounts too, and
# perhaps a line singly=1, by which each file has a frame of its own.
# Usage: sh -s NONCE [LOGIN_USER]. Answer: frames "@@NONCE begin NAME" ... "@@NONCE end NAME", then "@@NONCE done 0".
# The newline before a marker belongs to the marker, so a frame carries a file exactly, final newline or not.
# Every process that is started here is waited for on every host: what the shell can do itself, it does.
N=$1
login=${2:-}

begin() { printf '\n@@%s begin %s\n' "$N" "$1"; }
end() { printf '\n@@%s end %s\n' "$N" "$1"; }
value() { begin "$1"; printf '%s' "$2"; end "$1"; }
have() { command -v "$1" >/dev/null 2>&1; }

nl='
'

# take PATH: sets `taken` to the text of a file, with a final newline. A small one costs no process; a shell that puts a
# long one together line by line copies it each time.
take() {
  taken='' count=0
  while IFS= read -r line || [ -n "$line" ]; do
    taken=$taken$line$nl
    count=$((count + 1))
    if [ "$count" = 200 ]; then
      taken=$(cat "$1")$nl
      break
    fi
  done 2>/dev/null <"$1"
}

# lines_off LIST: sets `line` to its first line and `rest` to the others; false when there is none.
lines_off() {
  [ -n "$1" ] || return 1
  line=${1%%"$nl"*}
  rest=${1#"$line"}
  rest=${rest#"$nl"}
}

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
  owner=$(stat -c '%s %a %U:%G' "$real" 2>/dev/null)
  # An account that has gone has a number only.
  case $owner in *UNKNOWN*) owner=$(stat -c '%s %a %u:%g' "$real") ;; esac
  if [ "${#owner}" -gt 0 ] && [ "${owner%% *}" -gt 1000000 ]; then value odd-file "$1 is larger than a megabyte"; return 0; fi
  owner=${owner#* }
  begin file
  printf '%s\n%s\n%s\n%s\n' "$real" "$1" "$owner" "${attributes%% *}"
  cat "$1"
  end file
}

# later PATH: that file is told by `tell_files`, together with others.
later=''
later() {
  case $1 in *"$nl"*) file "$1"; return 0 ;; esac
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then file "$1"; return 0; fi
  case $nl$later in *"$nl$1$nl"*) ;; *) later=$later$1$nl ;; esac
}

one_by_one() { for path in "$@"; do file "$path" attributes; done; }

# tell_files MARKED: frame `files`: of each its size, where it really is, how it was asked for, mode and owner, and the
# attributes of MARKED, a line each; then a line "contents", and their texts one behind the other.
tell_files() {
  marked=$1
  set -f
  IFS=$nl
  # shellcheck disable=SC2086 # lines, as below
  set -- $later
  reals=''
  for path in "$@"; do
    [ ! -L "$path" ] || path=$(readlink -f "$path")
    reals=$reals$path$nl
  done
  # shellcheck disable=SC2086
  [ $# = 0 ] || listed=$(stat -c '%s %a %U:%G %u:%g %n' $reals 2>/dev/null)
  unset IFS
  set +f
  [ $# -gt 0 ] || return 0
  if [ -n "${singly:-}" ]; then one_by_one "$@"; return 0; fi
  attributes=''
  if [ -f "$marked" ] && have lsattr; then attributes=$(lsattr -d "$marked" 2>/dev/null); fi
  heads=''
  left=$reals
  for path in "$@"; do
    real=${left%%"$nl"*}
    left=${left#*"$nl"}
    line=${listed%%"$nl"*}
    listed=${listed#"$line"}
    listed=${listed#"$nl"}
    size=${line%% *}
    case $line in [0-9]*:*:*" $real") ;; *) size=9999999 ;; esac
    if [ "$size" -gt 1000000 ]; then
      # One of them has gone, or is large, or there is no such program.
      one_by_one "$@"
      return 0
    fi
    mode=${line#* }
    owner=${mode#* }
    # An account that has gone has a number only.
    case ${owner%% *} in *UNKNOWN*) owner=${owner#* } ;; esac
    flags=''
    [ "$path" != "$marked" ] || flags=${attributes%% *}
    heads=$heads$size$nl$real$nl$path$nl${mode%% *}\ ${owner%% *}$nl$flags$nl
  done
  begin files
  printf '%scontents\n' "$heads"
  set -f
  IFS=$nl
  # shellcheck disable=SC2086
  cat $reals
  unset IFS
  set +f
  end files
}

operating_system() {
  for release in /etc/os-release /usr/lib/os-release; do
    if [ -r "$release" ]; then take "$release"; value os-release "$taken"; break; fi
  done
  for release in lsb-release redhat-release centos-release debian_version; do
    if [ -r "/etc/$release" ]; then take "/etc/$release"; value "$release" "$taken"; fi
  done
  # What rpm packages here were built for: a derivative's own number need not be that of the release it follows.
  if [ -z "${brief:-}" ] && have rpm; then
    value rpm-base "$(rpm -E '%{?rhel:el%{rhel}}%{!?rhel:%{?fedora:f%{fedora}}}' 2>/dev/null)"
  fi
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
}

resources() {
  read -r _ memory _ </proc/meminfo && value memory "$memory"
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then value cgroup v2
  elif [ -d /sys/fs/cgroup/memory ]; then value cgroup v1
  fi
  if [ -r /sys/fs/selinux/enforce ]; then read -r enforce </sys/fs/selinux/enforce; value selinux "$enforce"; fi
  if [ -r /sys/module/apparmor/parameters/enabled ]; then
    read -r apparmor </sys/module/apparmor/parameters/enabled
    value apparmor "$apparmor"
  fi
  value clock "$(date +%s)"
  [ -z "${engine_alone:-}" ] || return 0
  virtual=
  if have systemd-detect-virt; then virtual=$(systemd-detect-virt 2>/dev/null); fi
  if [ -z "$virtual" ]; then
    if [ -d /proc/vz ] && [ ! -d /proc/bc ]; then virtual=openvz
    elif [ -e /.dockerenv ]; then virtual=docker
    elif [ -r /run/systemd/container ]; then read -r virtual </run/systemd/container || :
    fi
  fi
  if [ -r /proc/sys/kernel/osrelease ] && read -r release </proc/sys/kernel/osrelease; then
    case $release in *[Mm]icrosoft*) virtual=wsl ;; esac
  fi
  value virtualization "$virtual"
  hardware=
  for path in /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name /sys/class/dmi/id/chassis_asset_tag; do
    if [ -r "$path" ] && read -r word <"$path" 2>/dev/null; then hardware="$hardware $word"; fi
  done
  value hardware "$hardware"
}

# package_manager: whose packages this system is made of. The first program found is no answer: apt can be had on
# Fedora and CentOS, dnf and rpm on Debian, and ALT Linux has an apt-get for rpm.
package_manager() {
  family=''
  for release in /etc/os-release /usr/lib/os-release; do
    [ -r "$release" ] || continue
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in ID=* | ID_LIKE=*) family="$family ${line#*=}" ;; esac
    done <"$release"
    break
  done
  while :; do
    case $family in
      *[\"\']*) family="${family%%[\"\']*} ${family#*[\"\']}" ;;
      *) break ;;
    esac
  done
  case " $family " in
    *' debian '* | *' ubuntu '*) order='apt-get dnf5 dnf yum' ;;
    *' rhel '* | *' fedora '* | *' centos '*) order='dnf5 dnf yum apt-get' ;;
    *) if rpm -q rpm >/dev/null 2>&1; then order='dnf5 dnf yum apt-get'; else order='apt-get dnf5 dnf yum'; fi ;;
  esac
  manager=none
  for candidate in $order; do
    have "$candidate" || continue
    if [ "$candidate" = apt-get ] && ! have dpkg-query; then continue; fi
    manager=${candidate%-get}
    break
  done
}

packages() {
  # shellcheck disable=SC2154,SC2086 # a list of words, from the line before this script
  set -- $package_names
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
    # On stderr are the troubles with its database; what is not installed is said on stdout.
    { problems=$(rpm -q --qf '%{NAME}\t%|EPOCH?{%{EPOCH}}:{0}|:%{VERSION}-%{RELEASE}\tii\n' "$@" gpg-pubkey 2>&1 >&3 |
      grep -i '^error:.*\(db\|database\|sqlite\|packages\)' | head -n 3); } 3>&1
    end rpm
    if [ -n "$problems" ]; then value rpm-problems "$problems"; fi
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
  found=$(grep -ls -e 'docker-ce' -e 'download\.docker\.com' -e '/linux/\(ubuntu\|debian\|raspbian\)/\{0,1\}[[:space:]]' \
    -e '/linux/\(ubuntu\|debian\|raspbian\)/\{0,1\}$' "$@" 2>/dev/null)
  if [ -z "$found" ]; then value no-source yes; return 0; fi
  printf '%s\n' "$found" | while IFS= read -r path; do file "$path"; done
  begin missing-keys
  printf '%s\n' "$found" | while IFS= read -r path; do
    sed -n -e 's/^[Ss]igned-[Bb]y:[[:space:]]*\(\/[^[:space:],]*\).*/\1/p' \
      -e 's/^[[:space:]]*deb[^[]*\[[^]]*signed-by=\(\/[^], [:space:]]*\).*/\1/p' \
      -e 's/^[[:space:]]*gpgkey[[:space:]]*=[[:space:]]*file:\/\/\(\/[^[:space:],]*\).*/\1/p' "$path" 2>/dev/null |
      while IFS= read -r key; do [ -e "$key" ] || printf '%s\n' "$key"; done
  done
  end missing-keys
}

# entry DATABASE KEY: the line of an account or group, from the name service where it can be asked.
entry() { if have getent; then getent "$1" "$2"; else grep "^$2:" "/etc/$1"; fi }

accounts() {
  here=''
  while IFS= read -r line; do case $line in docker:*) here=$line; break ;; esac; done </etc/group
  # What is in the file is what the name service says, unless it merges that with the group of a directory.
  taken=''
  if [ -n "$here" ] && [ -r /etc/nsswitch.conf ]; then take /etc/nsswitch.conf; fi
  group=$here
  case $here-$taken in -* | *merge*) group=$(entry group docker) ;; esac
  value docker-group "$group"
  [ -n "$here" ] || value docker-group-elsewhere "$group"
  names='' count=0
  while IFS=: read -r name _; do
    names="$names $name"
    count=$((count + 1))
    if [ "$count" = 500 ]; then
      names=$(cut -d : -f 1 /etc/passwd | tr '\n' ' ')
      break
    fi
  done </etc/passwd
  value users "$names"
  # A directory is asked for the accounts that matter: it may have a hundred thousand.
  begin directory-users
  left=${asked_users:-}
  while lines_off "$left"; do
    left=$rest
    if id "$line" >/dev/null 2>&1; then printf '%s\n' "$line"; fi
  done
  end directory-users
}

{% include "engine.sh" %}
{% include "facts_engine.sh" %}

# Engines beside the system's: rootless ones show by their pid files, the others by what is installed.
other_engines() {
  for path in /run/user/*/docker.pid; do
    [ -e "$path" ] || continue
    uid=${path#/run/user/}
    uid=${uid%%/*}
    account=$({ if have getent; then getent passwd "$uid"; else cat /etc/passwd; fi; } |
      sed -n "s/^\([^:]*\):[^:]*:$uid:[^:]*:[^:]*:\([^:]*\):.*/\1 \2/p")
    value rootless "$uid ${account%% *} ${account#* }/.config/docker/daemon.json"
    later "${account#* }/.config/docker/daemon.json"
  done
  found=''
  for name in containerd podman k3s; do
    if have "$name" || [ -x "/usr/local/bin/$name" ]; then found="$found $name"; fi
  done
  if [ -e /run/k3s ] || [ -e /etc/rancher/k3s ]; then found="$found k3s"; fi
  value other-engines "$found"
  imports=''
  if [ -r /etc/containerd/config.toml ]; then
    imports=$(sed -n '/^[[:space:]]*imports[[:space:]]*=/,/]/p' /etc/containerd/config.toml)
  fi
  if [ -n "$imports" ]; then
    imports=$(printf '%s\n' "$imports" | tr ',[]' '\n\n\n' | sed -n "s/^[^\"'#]*[\"']\([^\"']*\)[\"'].*/\1/p")
    while lines_off "$imports"; do
      imports=$rest
      case $line in /*) pattern=$line ;; *) pattern=/etc/containerd/$line ;; esac
      for path in $pattern; do later "$path"; done
    done
  fi
  for path in /etc/containerd/config.toml /etc/containerd/certs.d/*/hosts.toml /etc/containers/registries.conf \
    /etc/containers/registries.conf.d/*.conf /etc/rancher/k3s/registries.yaml; do later "$path"; done
}

# What the last run left, and what has become of it.
record() {
  if [ ! -f /var/lib/provisioner/record ] || [ ! -r /var/lib/provisioner/record ]; then return 0; fi
  begin record
  set --
  count=0
  while IFS= read -r line && [ "$count" -lt 5000 ]; do
    count=$((count + 1))
    printf '%s\n' "$line"
    name=${line#* * * }
    case $line in file\ *) if [ -f "$name" ]; then set -- "$@" "$name"; fi ;; esac
  done </var/lib/provisioner/record
  end record
  now=''
  if [ $# -gt 0 ]; then now=$(sha256sum "$@" 2>/dev/null); fi
  value record-now "$now"
  # What has changed is told where there is something to compare.
  while read -r kind sum _ name; do
    kept=/var/lib/provisioner/written/$sum
    case $kind:$now in file:*"$sum  $name"*) continue ;; esac
    if [ "$kind" != file ] || [ ! -f "$kept" ] || [ ! -f "$name" ]; then continue; fi
    begin as-written; printf '%s\n' "$name"; head -c 65536 "$kept"; end as-written
    begin as-edited; printf '%s\n' "$name"; head -c 65536 "$name"; end as-edited
  done </var/lib/provisioner/record
}

# Who holds the lock says so in it. Only what root alone can put there is opened: it could be a pipe without end.
run_in_progress() {
  state=/var/lib/provisioner
  lock=$state/lock
  # shellcheck disable=SC3067 # dash, bash and busybox know -O
  if [ -L "$state" ] || [ ! -O "$state" ] || [ -L "$lock" ] || [ ! -f "$lock" ] || [ ! -s "$lock" ]; then return 0; fi
  if have flock && ! flock -n -s "$lock" true; then begin in-progress; head -c 1000 "$lock"; end in-progress; fi
}

{% include "journal_facts.sh" %}

{% include "facts_install.sh" %}

main() {
  export LC_ALL=C
  PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
  operating_system
  init_system
  resources
  package_manager
  value package-manager "$manager"
  engine
  if [ -z "${engine_alone:-}" ]; then
    packages
    package_sources
    accounts
  elif [ "$status" != 0 ]; then packages
  fi
  other_engines
  record
  run_in_progress
  host_journal
  tell_files "$config"
  [ -n "${brief:-}" ] || before_an_installation
  printf '\n@@%s done 0\n' "$N"
}
main "$@" </dev/null
