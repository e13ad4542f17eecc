# What only an installation needs to know: kernel, storage, network, and what keeps packages from being installed.

# What an engine needs of the kernel: built in, loaded, or there to be loaded.
kernel_support() {
  kernel=$(uname -r)
  names='overlay bridge br_netfilter veth nf_nat xt_addrtype xt_conntrack xt_MASQUERADE ipt_MASQUERADE'
  names="$names iptable_nat iptable_filter nf_tables"
  if [ -r /proc/filesystems ]; then begin filesystems; cat /proc/filesystems; end filesystems; fi
  options='^CONFIG_(OVERLAY_FS|BRIDGE|BRIDGE_NETFILTER|VETH|NF_NAT|NETFILTER_XT_MATCH_(ADDRTYPE|CONNTRACK)'
  options="$options|NETFILTER_XT_TARGET_MASQUERADE|IP_NF_(NAT|FILTER|TARGET_MASQUERADE)|NF_TABLES|KEYS|POSIX_MQUEUE"
  options="$options|CGROUP_BPF|CGROUPS|CGROUP_DEVICE|CGROUP_FREEZER|CGROUP_SCHED|CPUSETS|MEMCG)="
  for config in "/boot/config-$kernel" "/lib/modules/$kernel/config" "/usr/lib/ostree-boot/config-$kernel"; do
    if [ -r "$config" ]; then begin kernel-config; grep -E "$options" "$config"; end kernel-config; break; fi
    config=''
  done
  if [ -z "$config" ] && [ -r /proc/config.gz ] && have zcat; then
    begin kernel-config; zcat /proc/config.gz 2>/dev/null | grep -E "$options"; end kernel-config
  fi
  if [ -d "/lib/modules/$kernel" ]; then
    begin modules
    grep -hoE "^[^:]*/($(echo "$names" | tr ' ' '|'))\.ko" "/lib/modules/$kernel/modules.dep" \
      "/lib/modules/$kernel/modules.builtin" 2>/dev/null
    end modules
  else
    others=''
    for path in /lib/modules/*/modules.dep; do
      if [ -e "$path" ]; then path=${path%/*}; others="$others ${path##*/}"; fi
    done
    value other-modules "$others"
  fi
  loaded=''
  for name in $names; do if [ -d "/sys/module/$name" ]; then loaded="$loaded $name"; fi; done
  value loaded-modules "$loaded"
  if [ -r /proc/net/ip_tables_matches ]; then
    begin xt-matches; grep -x -e addrtype -e conntrack /proc/net/ip_tables_matches; end xt-matches
  fi
  spaces=''
  for path in /proc/self/ns/*; do spaces="$spaces ${path##*/}"; done
  value namespaces "$spaces"
  if [ -r /proc/cgroups ]; then begin cgroups; cat /proc/cgroups; end cgroups; fi
  if [ -r /sys/fs/cgroup/cgroup.controllers ]; then
    controllers=''
    read -r controllers </sys/fs/cgroup/cgroup.controllers || :
    value cgroup-controllers "$controllers"
  fi
  while read -r name number _; do
    if [ "$name" = CapEff: ]; then value capabilities "$number"; break; fi
  done </proc/self/status
  if [ -r /proc/self/uid_map ] && read -r _ outside count </proc/self/uid_map; then value uid-map "$outside $count"; fi
  begin open-files
  # shellcheck disable=SC3045 # dash, bash and busybox have it
  ulimit -H -n
  end open-files
  if have getconf; then value long-bit "$(getconf LONG_BIT 2>/dev/null)"; fi
}

# nearest PATH: sets `place` to PATH, or to the closest directory above it that exists.
nearest() {
  place=$1
  while [ ! -e "$place" ]; do place=${place%/*}; place=${place:-/}; done
}

storage() {
  root=''
  case $information in
    *'"DockerRootDir":"'*) root=${information#*'"DockerRootDir":"'}; root=${root%%'"'*} ;;
  esac
  case $root$words in
    *--data-root*) option_value data-root; root=$first ;;
    *--graph*) option_value graph g; root=$first ;;
  esac
  if [ -z "$root" ] && [ -f "$engine_config" ] && [ -r "$engine_config" ]; then
    root=$(sed -n -e 's/.*"data-root"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' \
      -e 's/.*"graph"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$engine_config")
  fi
  case $root in /*) ;; *) root=/var/lib/docker ;; esac
  value data-root "$root"
  if [ -L "$root" ]; then value data-root-target "$(readlink -f "$root")"; fi
  state=''
  for path in "$root"/image/*; do if [ -d "$path" ]; then state="$state ${path##*/}"; fi; done
  value storage-state "$state"
  if [ -e "$root/devicemapper/devicemapper/data" ]; then value loop-lvm "$root/devicemapper/devicemapper/data"; fi
  if [ -e /run/ostree-booted ]; then value ostree yes; fi
  if [ -r /proc/self/mounts ]; then
    begin mounts
    grep -v -E '^[^ ]+ [^ ]*/(overlay2|netns|containers|kubelet|pods|snap)/' /proc/self/mounts
    end mounts
  fi
  nearest "$root"
  set -- "$place"
  case $manager in
    apt) places='/usr /var/cache/apt/archives /var/lib/dpkg' ;;
    dnf5) places='/usr /var/cache/libdnf5' ;;
    none) places='' ;;
    *) places="/usr /var/cache/$manager" ;;
  esac
  for path in /var/lib/containerd /var $places /; do nearest "$path"; set -- "$@" "$place"; done
  begin disk; limited 5 df -Pk "$@" 2>/dev/null; end disk
  kinds=$(limited 5 stat -f -c '%T %d %c %n' "$@" 2>/dev/null)
  value inodes "$kinds"
  case $kinds in
    xfs*)
      if have xfs_info; then
        value xfs-info "$(xfs_info "$(df -Pk "$1" | sed -n '$s/.* \(\/.*\)$/\1/p')" 2>/dev/null | grep ftype)"
      fi ;;
  esac
}

# Devices that devicemapper could take over, with what is on them; kernels since 4.0 have overlay2 instead.
block_devices() {
  case $kernel in [0-3].*) ;; *) return 0 ;; esac
  have lsblk || return 0
  devices=$(lsblk -b -p -P -o NAME,TYPE,SIZE,RO,FSTYPE,MOUNTPOINT,PKNAME 2>/dev/null) || return 0
  value block-devices "$devices"
  have wipefs || return 0
  begin signatures
  printf '%s\n' "$devices" | sed -n 's/^NAME="\([^"]*\)" TYPE="\(disk\|part\|mpath\|raid[^"]*\)".*/\1/p' |
    while IFS= read -r device; do
      if found=$(wipefs -n -p "$device" 2>/dev/null); then
        printf '%s %s\n' "$device" "$(printf '%s\n' "$found" | sed '/^#/d' | tr '\n' ' ')"
      fi
    done
  end signatures
}

# Units that run show by their control group; systemctl would be asked in vain on most hosts.
running_units() {
  running=''
  for unit in firewalld apt-daily apt-daily-upgrade cloud-init cloud-config cloud-final packagekit dnf-makecache; do
    for tree in /sys/fs/cgroup/systemd /sys/fs/cgroup /sys/fs/cgroup/unified; do
      if [ -d "$tree/system.slice/$unit.service" ]; then running="$running $unit"; break; fi
    done
  done
  value running-units "$running"
  if [ -e /run/cloud-init/status.json ] && [ ! -e /run/cloud-init/result.json ]; then value cloud-init running; fi
}

network() {
  if [ -r /etc/resolv.conf ]; then begin resolv-conf; cat /etc/resolv.conf; end resolv-conf; fi
  begin dns-sockets; grep -h ':0035 ' /proc/net/udp /proc/net/udp6 2>/dev/null; end dns-sockets
  if [ -r /proc/net/route ]; then begin routes; cat /proc/net/route; end routes; fi
  if [ -d /sys/class/net/docker0 ]; then value docker0 yes; fi
  if [ -r /proc/sys/net/ipv4/ip_forward ]; then read -r forward </proc/sys/net/ipv4/ip_forward; value ip-forward "$forward"; fi
  if have iptables; then value iptables "$(iptables --version 2>&1)"; else value iptables ''; fi
  if [ -r /proc/net/ip_tables_names ]; then
    begin legacy-tables; cat /proc/net/ip_tables_names; end legacy-tables
  fi
  case $running in
    *firewalld*) begin firewalld-docker0; grep -ls docker0 /etc/firewalld/zones/*.xml; end firewalld-docker0 ;;
  esac
  begin proxies
  {
    for name in http_proxy https_proxy HTTP_PROXY HTTPS_PROXY; do
      eval "content=\${$name:-}"
      # shellcheck disable=SC2154 # eval sets it
      if [ -n "$content" ]; then printf 'environment:%s=%s\n' "$name" "$content"; fi
    done
    grep -HsiE '^[^#]*(https?_proxy=|acquire::https?::proxy[: ])|^proxy[[:space:]]*=' /etc/environment \
      /etc/profile.d/*.sh /etc/apt/apt.conf /etc/apt/apt.conf.d/* /etc/yum.conf /etc/dnf/dnf.conf
  } | sed 's#//[^/@]*@#//***@#'
  end proxies
}

# can_install: what keeps this system from installing anything at all.
can_install() {
  room=$(mktemp 2>/dev/null) || room=''
  if [ -z "$room" ] || ! head -c 1048576 /dev/zero >"$room" 2>/dev/null; then value no-room "${TMPDIR:-/tmp}"; fi
  [ -z "$room" ] || rm -f "$room"
  [ "$manager" = apt ] || return 0
  # Its caches are not written: nothing changes. While somebody exchanges the lists there are none to speak of.
  if [ -n "$lock_held" ]; then return 0; fi
  # Reading all lists takes half a second: where an engine is installed, and where apt has read them, its sources and
  # its database are looked at alone.
  set --
  if [ -n "$dockerd" ] || apt_has_read; then set -- -o Dir::State::lists=/nonexistent; fi
  said=$(limited 20 apt-cache -q -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@" policy base-files 2>&1 \
    >/dev/null | grep '^E: ')
  [ -n "$said" ] || return 0
  value apt-problems "$said"
  # The files that set up the sources which apt names.
  begin apt-files
  printf '%s\n' "$said" | grep -o 'https\{0,1\}://[^ ]*' | sed 's/\/*$//' | sort -u | while IFS= read -r uri; do
    grep -l -F -e "$uri" /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null
  done | sort -u
  end apt-files
}

# apt_has_read: its cache is newer than sources and lists. It makes none of what it cannot read.
apt_has_read() {
  cache=/var/cache/apt/pkgcache.bin
  [ -s "$cache" ] && [ -z "$(find /etc/apt /var/lib/apt/lists -newer "$cache" 2>/dev/null | head -n 1)" ]
}

# other_settings: what the package manager is told that makes it do something else than it is asked for.
other_settings() {
  begin other-settings
  if [ "$manager" = apt ]; then
    apt-config dump 2>/dev/null | grep -i -e '^Dir::Etc::SourceParts "' \
      -e '^APT::Get::\(Download-Only\|Simulate\|Just-Print\|Dry-Run\|Recon\|No-Act\|Print-URIs\|Download\) "'
  else
    sed -n '/^\[main\]/,/^\[[^m]/s/^\(assumeno\|cacheonly\|tsflags\|reposdir\)[[:space:]]*=[[:space:]]*/\1=/p' \
      /etc/dnf/dnf.conf /etc/yum.conf 2>/dev/null
  fi
  end other-settings
}

# closed_folders: those on the way to a key, which apt's own account could not go through.
closed_folders() {
  [ "$manager" = apt ] && grep -q '^_apt:' /etc/passwd || return 0
  closed=$(stat -c '%a %n' /etc /etc/apt /etc/apt/keyrings 2>/dev/null | sed -n 's/^[0-7]*[0246] //p')
  [ -z "$closed" ] || value closed-folders "$closed"
}

# held_needed: the held packages of others that would have to change for what every engine needs.
held_needed() {
  [ "$manager" = apt ] && [ -z "$lock_held" ] || return 0
  holds=$(sed -n -e '/^Package: /h' -e '/^Status: hold /{x;s/^Package: //p;}' /var/lib/dpkg/status 2>/dev/null)
  [ -n "$holds" ] || return 0
  said=$(limited 20 apt-get -s -y satisfy 'iptables, libseccomp2, libc6, libsystemd0' 2>&1) && return 0
  begin held-needed
  printf '%s\n' "$said" | grep -e 'Depends: ' -e '^  ' | tr -s ' ,:()' '\n' | grep -x -F -e "$holds" | sort -u
  end held-needed
}

# forbidden: what pins of apt with a negative priority, and excludes of dnf and yum, keep from being installed. Of the
# files of repositories, which may hold passwords, these settings alone.
forbidden() {
  if [ "$manager" = apt ]; then
    set -- /etc/apt/preferences /etc/apt/preferences.d/*
    if grep -qsi '^Pin-Priority:[[:space:]]*\(-\|never\)' "$@"; then
      begin preferences; grep -sH '' "$@"; end preferences
    fi
    return 0
  fi
  case $manager in
    yum) set -- /etc/yum.conf ;;
    dnf5) set -- /etc/dnf/dnf.conf /etc/dnf/libdnf5.conf.d/*.conf ;;
    *) set -- /etc/dnf/dnf.conf ;;
  esac
  settings='disable_excludes\|exclude\|excludepkgs\|includepkgs'
  found=$(grep -ls "^\($settings\)[[:space:]]*=" "$@" /etc/yum.repos.d/*.repo)
  [ -n "$found" ] || return 0
  begin excludes
  printf '%s\n' "$found" | while IFS= read -r path; do
    printf '%s\n' "$path"
    # A line that begins with a blank goes on with the setting before it, which the hold space remembers.
    sed -n -e '/^[^[:space:]#;]/h' -e '/^[#;]/d' -e G \
      -e "/\\n\\(\\[\|\\($settings\\)[[:space:]]*=\\)/{s/\\n.*//;=;p;}" "$path"
  done
  end excludes
}

# Who holds a lock of the package manager: dpkg, apt and rpm lock with fcntl, dnf and yum leave their pid in a file.
package_state() {
  lock_held=''
  set --
  for path in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock \
    /var/lib/rpm/.rpm.lock; do
    if [ -e "$path" ]; then set -- "$@" "$path"; fi
  done
  begin package-locks
  if [ $# -gt 0 ] && [ -r /proc/locks ]; then
    inodes="
$(stat -c '%i %n' "$@" 2>/dev/null)
"
    while read -r _ _ _ _ holder place _; do
      case $inodes in
        *"
${place##*:} "*)
          path=${inodes#*"
${place##*:} "}
          lock_line "${path%%"
"*}" "$holder" ;;
      esac
    done </proc/locks
  fi
  for path in /var/run/dnf.pid /var/run/yum.pid /var/cache/dnf/metadata_lock.pid /var/lib/dnf/rpmdb_lock.pid; do
    if [ -r "$path" ]; then
      holder=''
      read -r holder <"$path" || :
      if [ -n "$holder" ] && [ -d "/proc/$holder" ]; then lock_line "$path" "$holder"; fi
    fi
  done
  end package-locks
  set -- /var/lib/dpkg/updates/[0-9]*
  if [ -e "$1" ]; then value dpkg-interrupted "$#"; fi
  states='^Status: [a-z]+ [a-z]+ (half-installed|half-configured|unpacked)'
  if grep -qsE "$states" /var/lib/dpkg/status; then
    begin broken-packages
    sed -n -e '/^Package: /h' -e '/^Status: .* half-/{x;p;}' -e '/^Status: .* unpacked$/{x;p;}' /var/lib/dpkg/status
    end broken-packages
  fi
  begin version-locks
  grep -hsE '(docker|containerd)' /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list \
    /etc/dnf/versionlock.toml
  end version-locks
  if [ -e /etc/kubernetes/kubelet.conf ] || [ -e /var/lib/kubelet/config.yaml ]; then value kubelet yes; fi
  if have apparmor_parser; then value apparmor-parser yes; fi
  can_install
  other_settings
  closed_folders
  held_needed
  forbidden
  set -- /var/lib/yum/transaction-all.*
  if [ -e "$1" ]; then value yum-interrupted "$#"; fi
  if grep -qs '^[[:space:]]*AVOID_COMMIT_BEFORE_INSTALL=.*[1-9a-z]' /etc/etckeeper/etckeeper.conf && have etckeeper &&
    limited 20 etckeeper unclean >/dev/null 2>&1; then
    value etckeeper "$(cd /etc && limited 20 git status --porcelain 2>/dev/null | head -n 5)"
  fi
  dependents
}

# dependents: what needs the packages that may be taken away, what needs these in turn, and what else satisfies them.
dependents() {
  # shellcheck disable=SC2154,SC2086 # a list of words, from a line before this script
  set -- ${going_names:-}
  if [ "$manager" = apt ]; then
    # shellcheck disable=SC2016 # dpkg-query expands these
    waiting=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^.[iUFHWt]. *//p')
    [ -n "$waiting" ] || return 0
    # shellcheck disable=SC2016
    everything=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\t${Version}\t, ${Provides}\t, ${Pre-Depends}, ${Depends}\n' |
      sed -n 's/^.[iUFHWt]. *//p')
    seen=''
    while [ -n "$waiting" ]; do
      seen="$seen
$waiting"
      # A virtual package stands for those that provide it.
      called=$(
        printf '%s\n' "$waiting"
        printf '%s\n' "$everything" | grep -E "^($(words "$waiting"))	" | cut -f 3 | names_in
      )
      found=$(printf '%s\n' "$everything" | grep -E "[ ,|]($(words "$called"))([ ,(:|]|\$)" | cut -f 1)
      waiting=$(printf '%s\n' "$found" | grep -v -x -F -e "$seen" | sort -u)
    done
    rows=$(printf '%s\n' "$everything" | grep -E "^($(words "$seen"))	")
    begin deb-dependencies
    printf '%s\n' "$rows"
    end deb-dependencies
    others=$(printf '%s\n' "$rows" | cut -f 4 | tr ',' '\n' | grep '|' | grep -E "[ ,|]($(words "$seen"))([ (:|]|\$)" | names_in)
    [ -n "$others" ] || return 0
    begin deb-alternatives
    printf '%s\n' "$everything" |
      grep -E "^($(words "$others"))	|	[^	]*[ ,]($(words "$others"))([ ,(][^	]*)?	[^	]*\$" | cut -f 1-3
    end deb-alternatives
  elif have rpm; then
    waiting=$(rpm -q --qf '%{NAME}\n' "$@" 2>/dev/null | grep -v ' ' | sort -u)
    [ -n "$waiting" ] || return 0
    begin rpm-dependencies
    seen=''
    while [ -n "$waiting" ]; do
      seen="$seen
$waiting"
      found=$(
        for name in $waiting; do
          LC_ALL=C limited 10 rpm -e --test --allmatches "$name" 2>&1 </dev/null |
            sed -n "s/^[[:space:]]*\(.*\) is needed by (installed) \(.*\)-[^-]*-[^-]*\$/$name	\1	\2/p"
        done
      )
      [ -z "$found" ] || printf '%s\n' "$found"
      waiting=$(printf '%s\n' "$found" | cut -f 3 | grep -v -x -F -e "$seen" | grep . | sort -u)
    done
    end rpm-dependencies
  fi
}

# words NAMES: names of packages, one a line, as alternatives of a regular expression.
words() { printf '%s\n' "$1" | grep . | sort -u | sed 's/[.+]/[&]/g' | tr '\n' '|' | sed 's/|$//'; }

# names_in: the names of packages in dependencies on stdin, one a line.
names_in() { tr ',|' '\n\n' | sed -e 's/^[[:space:]]*//' -e 's/[ :(].*//' | grep . | sort -u; }

lock_line() { lock_held=1; printf '%s\t%s\t%s\n' "$1" "$2" "$(tr '\0' ' ' <"/proc/$2/cmdline" 2>/dev/null)"; }

{% include "facts_proxies.sh" %}

before_an_installation() {
  kernel_support
  storage
  block_devices
  running_units
  network
  package_state
  package_proxies
}
