# The engine: its process, the unit and the files it is made of, and what it says of itself.

# option_value NAME [LETTER]: sets `values` to those of dockerd's option --NAME, or -LETTER, in the lines of `words`, one a
# line, and `first` to the first of them.
option_value() {
  values='' take=''
  left=$words
  while lines_off "$left"; do
    left=$rest
    if [ -n "$take" ]; then values=$values$line$nl; take=''; continue; fi
    case $line in
      --"$1"=*) values=$values${line#*=}$nl ;;
      --"$1" | -"${2:-/}") take=1 ;;
      -"${2:-/}"=*) values=$values${line#*=}$nl ;;
      -"${2:-/}"*) values=$values${line#-?}$nl ;;
    esac
  done
  first=${values%%"$nl"*}
}

# program_on_path NAME: sets `where` to the file that this command is; empty where there is none.
program_on_path() {
  IFS=:
  for place in $PATH; do
    where=${place:-.}/$1
    if [ -f "$where" ] && [ -x "$where" ]; then break; fi
    where=''
  done
  unset IFS
}

# string_value NAME: a string of daemon.json, for what must be known before anything can read JSON.
string_value() {
  printf '%s\n' "$configured" | tr '\n' ' ' | sed -n 's/.*"'"$1"'"[[:space:]]*:[[:space:]]*"\([^"\\]*\)".*/\1/p'
}

# Docker 20.10's client calls the daemon even for this: it would start one that is stopped, and wait for one that hangs.
client_version() { DOCKER_HOST=unix:///nonexistent/docker.sock limited 20 "$client" --version 2>/dev/null; }

# sockets_of PID: sets `sockets` to the paths of the sockets at which it takes requests; "?" where nobody may know.
sockets_of() {
  process_of "$1"
  sockets='?'
  [ -n "$handles" ] || return 0
  sockets=''
  left=$listening
  while lines_off "$left"; do
    left=$rest
    # A number, flags, and then the inode and the path.
    inode=${line#* 00010000 0001 01}
    inode=${inode#"${inode%%[! ]*}"}
    case $handles in *"socket:[${inode%% *}]"*) sockets="$sockets ${inode#* }" ;; esac
  done
  sockets=${sockets# }
}

# choose_engine: sets `pid` to the dockerd that this host's docker commands mean, `program`, `unit` and `sockets` to its
# own, and tells of the others. Of several it is that of docker.service, else the one behind the usual socket, else that
# of the usual pid file; where that does not tell, none is chosen. One that has none of these is another engine where
# there is a docker.service, though it does not run.
choose_engine() {
  pid='' program='' unit='' sockets='' noted='' best=0 undecided=''
  if [ -r /var/run/docker.pid ]; then read -r noted </var/run/docker.pid || :; fi
  dockerds
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
    begin other-dockerd
    printf '%s\n%s\n%s\n%s\n' "$candidate" "$program" "$unit" "$sockets"
    tr '\0' '\n' <"/proc/$candidate/cmdline"
    end other-dockerd
  done
  program='' unit='' sockets=''
  [ -n "$pid" ] || return 0
  unit_of "$pid"
  sockets_of "$pid"
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
    # Where it mostly is, before everywhere.
    set -- "$1" "${1#/usr}"
    owner=$(grep -lsxF -e "$1" -e "$2" /var/lib/dpkg/info/docker*.list) ||
      owner=$(grep -lsxF -e "$1" -e "$2" /var/lib/dpkg/info/*.list)
    owner=${owner%%"$nl"*}
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
  started=''
  begin units
  units=$(systemctl show -p Id -p Names -p LoadState -p ActiveState -p UnitFileState -p FragmentPath -p DropInPaths \
    -p ExecStart -p Environment -p EnvironmentFiles -p NeedDaemonReload -p MainPID -p Result \
    "$unit" docker.socket containerd.service 2>/dev/null)
  printf '%s' "$units"
  end units
  case $units in *'$'*) value manager-environment "$(systemctl show-environment 2>/dev/null)" ;; esac
  left=$units
  while lines_off "$left"; do
    left=$rest
    case $line in
      FragmentPath=?* | DropInPaths=?*)
        for path in ${line#*=}; do case $path in *containerd*) ;; *) later "$path" ;; esac; done ;;
      EnvironmentFiles=/*)
        path=${line#*=}
        # A pattern may name several.
        for path in ${path%% (*}; do later "$path"; done ;;
      'ExecStart={ path='*)
        if [ -z "$started" ]; then
          started=${line#*path=}
          started=${started%%[ ;]*}
        fi ;;
    esac
  done
  # Those that systemd has not read yet.
  for path in "/etc/systemd/system/$unit.d"/*.conf; do
    case $units in *"$path"*) ;; *) later "$path" ;; esac
  done
}

# told_to_listen: sets `listens` to the addresses at which the engine is told to listen, by its options or its
# configuration, one a line.
told_to_listen() {
  option_value host H
  listens=$values
  case $configured in
    *'"unix:'* | *'"tcp:'* | *'"fd:'*)
      listens=$listens$(printf '%s\n' "$configured" | tr ',[]' '\n\n\n' |
        sed -n 's/^[[:space:]]*"\(\(unix\|tcp\|fd\):[^"]*\)".*/\1/p') ;;
  esac
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
  told_to_listen
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
  by=''
  if [ -n "$client" ]; then
    exec 6>&1
    begin docker-info-errors
    # shellcheck disable=SC2086 # no words, or two
    information=$($limit "$client" info --format '{{json .}}' 2>&6)
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
    if engine_api; then information=$answer status=0
    elif [ "$got" != 1 ]; then status=$got
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
  limit=''
  if have timeout; then limit='timeout 20'; fi
  status=127
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
    case ${started##*/} in dockerd*) if [ -z "$dockerd" ] && [ -x "$started" ]; then dockerd=$started; fi ;; esac
    if [ -z "$words" ]; then
      words=$(printf '%s\n' "$units" | sed -n 's/^ExecStart=.*argv\[\]=\([^;]*dockerd[^;]*\) ;.*/\1/p' | tr ' ' '\n')
    fi
  elif [ "$init" != none ]; then
    for link in /etc/rc[2-5].d/S*docker /etc/init/docker.conf; do
      if [ -e "$link" ]; then value starts-at-boot "$link"; break; fi
    done
  fi
  if [ -z "$dockerd" ]; then
    program_on_path dockerd
    dockerd=$where
  fi
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
  program_on_path docker
  client=$where
  for path in "${dockerd%/*}/docker" /snap/bin/docker; do
    if [ -z "$client" ] && [ -x "$path" ] && [ ! -d "$path" ]; then client=$path; fi
  done
  value dockerd "$dockerd"
  value docker "$client"
  case $dockerd in
    '' | /snap/*) ;;
    *)
      # What a process runs is told by where it really is.
      if [ "$dockerd" = "$program" ] && [ -r "/proc/$pid/exe" ]; then package_of "$dockerd"
      else package_of "$(readlink -f "$dockerd")"
      fi ;;
  esac
  if [ -z "$pid$owner" ] && [ -x "$dockerd" ]; then
    value dockerd-version "$(limited 20 "$dockerd" --version 2>/dev/null)"
  fi
  option_value config-file
  told=$first
  if [ -z "$pid$told" ] && [ "$init" = systemd ]; then told=$(config_in_environment); fi
  config=${told:-${config:-/etc/docker/daemon.json}}
  engine_config=$config
  value config-path "$config"
  later "$config"
  configured=''
  if [ -f "$config" ] && [ -r "$config" ]; then take "$config"; configured=$taken; fi
  option_value pidfile p
  pid_file=$first
  case $pid_file$configured in *'"pidfile"'*) pid_file=$(string_value pidfile) ;; esac
  value pid-file "$pid_file"
  value certificates "$certificates"
  for path in "$certificates"/*/hosts.toml "$certificates"/*/ca.crt; do later "$path"; done
  for path in /etc/default/docker /etc/conf.d/docker /etc/sysconfig/docker /etc/sysconfig/docker-storage \
    /etc/sysconfig/docker-network; do later "$path"; done
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
