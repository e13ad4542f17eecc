# The engine: its process, the unit and the files it is made of, and what it says of itself.

# option_value NAME [LETTER]: the values of dockerd's option --NAME, or -LETTER, in the words on stdin, one a line.
option_value() {
  take=''
  while IFS= read -r word; do
    if [ -n "$take" ]; then printf '%s\n' "$word"; take=''; continue; fi
    case $word in
      --"$1"=*) printf '%s\n' "${word#*=}" ;;
      --"$1" | -"${2:-/}") take=1 ;;
      -"${2:-/}"=*) printf '%s\n' "${word#*=}" ;;
      -"${2:-/}"*) printf '%s\n' "${word#-?}" ;;
    esac
  done
}

# string_value NAME FILE: a string of daemon.json, for what must be known before anything can read JSON.
string_value() {
  [ -f "$2" ] && [ -r "$2" ] && tr '\n' ' ' <"$2" |
    sed -n 's/.*"'"$1"'"[[:space:]]*:[[:space:]]*"\([^"\\]*\)".*/\1/p'
}

# Docker 20.10's client calls the daemon even for this: it would start one that is stopped, and wait for one that hangs.
client_version() { DOCKER_HOST=unix:///nonexistent/docker.sock limited 20 "$client" --version 2>/dev/null; }

# sockets_of PID: sets `sockets` to the paths of the sockets at which it takes requests; "?" where nobody may know.
sockets_of() {
  sockets='?'
  handles=$(ls -l "/proc/$1/fd" 2>/dev/null) || return 0
  sockets=''
  while IFS=' ' read -r inode path; do
    case $handles in *"socket:[$inode]"*) sockets="$sockets $path" ;; esac
  done <<END
$(sed -n 's/^[^ ]*: [^ ]* [^ ]* 00010000 0001 01 *\([0-9][0-9]* \/.*\)/\1/p' /proc/net/unix 2>/dev/null |
    grep -v -e '/metrics\.sock$' -e '/libnetwork/')
END
  sockets=${sockets# }
}

# choose_engine: sets `pid` to the dockerd that this host's docker commands mean, `program`, `unit` and `sockets` to its
# own, and tells of the others. Of several it is that of docker.service, else the one behind the usual socket, else that
# of the usual pid file; where that does not tell, none is chosen. One that has none of these is another engine where
# there is a docker.service, though it does not run.
choose_engine() {
  pid='' program='' unit='' sockets='' noted='' best=0 undecided=''
  if [ -r /var/run/docker.pid ]; then read -r noted </var/run/docker.pid || :; fi
  found=$(dockerds)
  if [ -z "$found" ] && [ -n "$noted" ] && [ -r "/proc/$noted/cmdline" ] && of_this_host "$noted"; then
    case $(tr '\0' ' ' <"/proc/$noted/cmdline") in *docker*) found=$noted ;; esac
  fi
  for candidate in $found; do
    rank=1
    unit_of "$candidate"
    sockets_of "$candidate"
    if [ "$unit" = docker.service ]; then rank=4
    else
      [ "$candidate" != "$noted" ] || rank=2
      for path in $sockets; do case $path in /run/docker.sock | /var/run/docker.sock) rank=3 ;; esac; done
    fi
    if [ "$rank" -gt "$best" ]; then best=$rank pid=$candidate undecided=''
    elif [ "$rank" = "$best" ]; then pid='' undecided=1
    fi
  done
  if [ "$best" = 1 ] && [ "$init" = systemd ]; then
    case $(systemctl show -p LoadState docker.service 2>/dev/null) in *=loaded) pid='' undecided='' ;; esac
  fi
  for candidate in $found; do
    [ "$candidate" != "$pid" ] || continue
    unit_of "$candidate"
    sockets_of "$candidate"
    program_of "$candidate"
    begin other-dockerd
    printf '%s\n%s\n%s\n%s\n' "$candidate" "$program" "$unit" "$sockets"
    tr '\0' '\n' <"/proc/$candidate/cmdline"
    end other-dockerd
  done
  program='' unit='' sockets=''
  [ -n "$pid" ] || return 0
  unit_of "$pid"
  sockets_of "$pid"
  program_of "$pid"
}

# governs UNIT: systemd runs the engine `pid` by it; a unit that is none of Docker's may be what dockerd was started in.
governs() {
  case $1 in
    '') return 1 ;;
    *docker*) return 0 ;;
  esac
  case $(systemctl show -p MainPID -p ExecStart "$1" 2>/dev/null) in
    *"MainPID=$pid"* | *dockerd*) return 0 ;;
    *) return 1 ;;
  esac
}

# package_of PATH: tells which package brought that file: its name, or nothing when none did.
package_of() {
  owner=''
  if [ "$manager" = apt ]; then
    owner=$(grep -lsxF -e "$1" -e "${1#/usr}" /var/lib/dpkg/info/*.list | head -n 1)
    owner=${owner##*/}
    owner=${owner%.list}
    owner=${owner%%:*}
  elif have rpm; then owner=$(rpm -qf --qf '%{NAME}' "$1" 2>/dev/null) || owner=''
  elif have apk; then owner=$(apk info -q -W "$1" 2>/dev/null) || owner=''
  elif have pacman; then owner=$(pacman -Qqo "$1" 2>/dev/null) || owner=''
  else return 0
  fi
  value dockerd-package "$owner"
}

# engine_units: the units that make the engine, with the files they consist of.
engine_units() {
  begin units
  units=$(systemctl show -p Id -p Names -p LoadState -p ActiveState -p UnitFileState -p FragmentPath -p DropInPaths \
    -p ExecStart -p Environment -p EnvironmentFiles -p NeedDaemonReload -p MainPID -p Result \
    "$unit" docker.socket containerd.service 2>/dev/null)
  printf '%s' "$units"
  end units
  case $units in *'$'*) value manager-environment "$(systemctl show-environment 2>/dev/null)" ;; esac
  printf '%s\n' "$units" | while IFS= read -r line; do
    case $line in
      FragmentPath=?* | DropInPaths=?*)
        for path in ${line#*=}; do case $path in *containerd*) ;; *) file "$path" ;; esac; done ;;
      EnvironmentFiles=/*)
        path=${line#*=}
        # A pattern may name several.
        for path in ${path%% (*}; do file "$path"; done ;;
    esac
  done
  # Those that systemd has not read yet.
  for path in "/etc/systemd/system/$unit.d"/*.conf; do
    case $units in *"$path"*) ;; *) file "$path" ;; esac
  done
}

# told_to_listen: the addresses at which the engine is told to listen, one a line, by its options or its configuration.
told_to_listen() {
  printf '%s\n' "$words" | option_value host H
  if [ -f "$config" ] && [ -r "$config" ]; then
    tr ',[]' '\n\n\n' <"$config" | sed -n 's/^[[:space:]]*"\(\(unix\|tcp\|fd\):[^"]*\)".*/\1/p'
  fi
}

# config_in_environment: the --config-file that variables of the unit of a stopped engine give it.
config_in_environment() {
  {
    printf '%s\n' "$units" | sed -n 's/^Environment=//p'
    for path in $(printf '%s\n' "$units" | sed -n 's/^EnvironmentFiles=\(.*\) (ignore_errors=.*/\1/p'); do
      if [ -f "$path" ] && [ -r "$path" ]; then grep -v '^[[:space:]]*[#;]' "$path"; fi
    done
  } | sed -n "s/.*--config-file[= ]*\([^ \"'\\]*\).*/\1/p" | tail -n 1
}

# place_to_ask: sets `place` to what the client is told by DOCKER_HOST; empty where its own default will do. A socket
# that systemd made is held by an engine that listens elsewhere, too, and then nobody answers there.
place_to_ask() {
  place=''
  reached=''
  gone=''
  listens=$(told_to_listen)
  for address in ${listens:-unix:///var/run/docker.sock}; do
    case $address in
      fd://*)
        if [ "$sockets" = '?' ]; then return 0; fi
        for path in $sockets; do try_socket "$path"; done ;;
      unix://) try_socket /var/run/docker.sock ;;
      unix://*) try_socket "${address#unix://}" ;;
      *) try_port "${address#tcp://}" ;;
    esac
  done
  [ "$reached" = usual ] || place=$reached
  if [ -z "$reached$place" ] && [ -n "$gone" ]; then value socket-gone "$gone"; fi
}

# try_socket PATH, try_port ADDRESS: sets `reached` unless something better was found: the usual socket, another, a port.
try_socket() {
  if [ ! -S "$1" ]; then
    gone=$1
    return 0
  fi
  case $1-$reached in
    /run/docker.sock-* | /var/run/docker.sock-*) reached=usual ;;
    *-usual | *-unix*) ;;
    *) reached=unix://$1 ;;
  esac
}
try_port() {
  [ -z "$reached" ] || return 0
  case $1 in
    '' | 0.0.0.0 | '[::]') reached=tcp://127.0.0.1:2375 ;;
    :* | 0.0.0.0:* | '[::]:'*) reached=tcp://127.0.0.1:${1##*:} ;;
    *:[0-9]*) reached=tcp://$1 ;;
    *) reached=tcp://$1:2375 ;;
  esac
}

# ask_engine: frames docker-info, what the engine says of itself, docker-info-errors, what the client says besides, and
# docker-info-by, who was asked for it. Sets `information`.
ask_engine() {
  status=127
  by=''
  if [ -n "$client" ]; then
    exec 6>&1
    begin docker-info-errors
    information=$(limited 20 "$client" info --format '{{json .}}' 2>&6)
    status=$?
    end docker-info-errors
  fi
  answered=''
  case $information in
    *'"ServerVersion":""'*) ;;
    *'"ServerVersion":"'*) answered=1 by=client ;;
  esac
  # Without the client, or with podman in its place, the engine itself is asked; one that hangs is not asked again.
  if [ -z "$answered" ] && [ "$status" != 124 ]; then
    case $place in
      '') path=/var/run/docker.sock ;;
      unix://*) path=${place#unix://} ;;
      *) path='' ;;
    esac
    if [ -n "$path" ] && engine_api "$path"; then
      information=$answer
      status=0
    fi
  fi
  value docker-info "$information"
  value docker-info-status "$status"
  case $information in
    *'"ServerVersion":"'[0-9]*) ;;
    *) value containers-alive "$(containers_alive)" ;;
  esac
  value docker-info-by "$by"
}

# containers_alive: how many containers of an engine that does not say so run on this host.
containers_alive() {
  for path in $(grep -ls '^containerd-shim' /proc/[0-9]*/comm); do
    shim=${path#/proc/}
    shim=${shim%/comm}
    if of_this_host "$shim"; then tr '\0' ' ' 2>/dev/null <"/proc/$shim/cmdline"; echo; fi
  done | grep -c -e '-namespace moby '
}

engine() {
  for path in /snap/bin/docker /snap/docker/current/bin/dockerd; do
    [ ! -e "$path" ] || value snap "$path"
  done
  own_client /nonexistent/docker
  choose_engine
  dockerd=$program
  words='' config='' by='' owner='' information='' place=''
  certificates=/etc/docker/certs.d
  if [ -n "$pid" ]; then
    words=$(tr '\0' '\n' <"/proc/$pid/cmdline")
    value pid "$pid"
    value command-line "$words"
  fi
  if [ "$init" = systemd ]; then
    if [ -n "$pid" ] && ! governs "$unit"; then
      value by-hand "$unit"
      unit=''
    fi
    unit=${unit:-docker.service}
    value engine-unit "$unit"
    engine_units
    started=$(printf '%s\n' "$units" | sed -n 's/^ExecStart={ path=\([^ ;]*\) ;.*/\1/p' | head -n 1)
    case ${started##*/} in dockerd*) if [ -z "$dockerd" ] && [ -x "$started" ]; then dockerd=$started; fi ;; esac
    if [ -z "$words" ]; then
      words=$(printf '%s\n' "$units" | sed -n 's/^ExecStart=.*argv\[\]=\([^;]*dockerd[^;]*\) ;.*/\1/p' | tr ' ' '\n')
    fi
  elif [ "$init" != none ]; then
    for link in /etc/rc[2-5].d/S*docker /etc/init/docker.conf; do
      if [ -e "$link" ]; then value starts-at-boot "$link"; break; fi
    done
  fi
  [ -n "$dockerd" ] || dockerd=$(command -v dockerd) || dockerd=''
  # The snap's engine is the system's when there is no other; its commands are not on PATH everywhere.
  case $dockerd in
    '' | /snap/docker/*)
      if [ -x /snap/docker/current/bin/dockerd ]; then
        dockerd=/snap/docker/current/bin/dockerd
        config=/var/snap/docker/current/config/daemon.json
        certificates=/var/snap/docker/current/etc/docker/certs.d
      fi ;;
  esac
  [ -z "$undecided" ] || dockerd=''
  # What a stopped engine's configuration can be tried with.
  if [ -z "$pid" ] && have unshare && [ -r /proc/sys/user/max_user_namespaces ]; then
    read -r count </proc/sys/user/max_user_namespaces
    value user-namespaces "$count"
  fi
  client=$(command -v docker) || client=''
  for path in "${dockerd%/*}/docker" /snap/bin/docker; do
    if [ -z "$client" ] && [ -x "$path" ] && [ ! -d "$path" ]; then client=$path; fi
  done
  value dockerd "$dockerd"
  value docker "$client"
  case $dockerd in '' | /snap/*) ;; *) package_of "$(readlink -f "$dockerd")" ;; esac
  if [ -z "$pid$owner" ] && [ -x "$dockerd" ]; then
    value dockerd-version "$(limited 20 "$dockerd" --version 2>/dev/null)"
  fi
  told=$(printf '%s\n' "$words" | option_value config-file | head -n 1)
  if [ -z "$pid$told" ] && [ "$init" = systemd ]; then told=$(config_in_environment); fi
  config=${told:-${config:-/etc/docker/daemon.json}}
  engine_config=$config
  value config-path "$config"
  file "$config" attributes
  pid_file=$(printf '%s\n' "$words" | option_value pidfile p | head -n 1)
  [ -n "$pid_file" ] || pid_file=$(string_value pidfile "$config")
  value pid-file "$pid_file"
  value certificates "$certificates"
  for path in "$certificates"/*/hosts.toml "$certificates"/*/ca.crt; do file "$path"; done
  for path in /etc/default/docker /etc/conf.d/docker /etc/sysconfig/docker /etc/sysconfig/docker-storage \
    /etc/sysconfig/docker-network; do file "$path"; done
  if [ -n "$pid" ]; then
    place_to_ask
    value engine-host "$place"
    if [ -n "$place" ]; then export DOCKER_HOST="$place"; fi
    ask_engine
    user_access
  fi
  if [ -n "$client" ]; then
    case $information in
      *'"ClientInfo":{"Debug":false,"Version":'* | *'"ClientInfo":{"Debug":true,"Version":'*) ;;
      *) value docker-version "$(client_version)" ;;
    esac
  fi
}

# user_access: whether the account that logged in may ask the engine too.
user_access() {
  if [ -z "$client" ] || [ -z "$login" ] || [ "$login" = root ]; then return 0; fi
  ask="unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH; DOCKER_CONTEXT=default DOCKER_CONFIG=/nonexistent/docker \
DOCKER_HOST=$place docker version --format {{.Server.Version}}"
  begin user-access
  if [ "$login" = "$(id -un)" ]; then limited 20 sh -c "$ask" 2>&1
  else limited 20 su "$login" -s /bin/sh -c "$ask" 2>&1
  fi
  printf '\nstatus %s' $?
  end user-access
}
