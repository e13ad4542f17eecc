# The engine of a host, for who looks at it and for who changes it: which process it is, and what it says of itself.
# Needs `have`.

{% include "own_client.sh" %}

{% include "engine_api.sh" %}

# dockerds: sets `found` to the processes that are a dockerd of root on this host; none of those in containers, and no
# rootless ones; and `listening` to the sockets of paths at which somebody takes requests, lines of /proc/net/unix.
dockerds() {
  found='' listening='' looked_at=''
  all=$(grep -sH -e '^dockerd' -e ' 00010000 0001 01 .* /' /proc/[0-9]*/comm /proc/net/unix) || :
  while [ -n "$all" ]; do
    line=${all%%"$nl"*}
    all=${all#"$line"}
    all=${all#"$nl"}
    case $line in
      /proc/net/*/metrics.sock | /proc/net/*/libnetwork/*) ;;
      /proc/net/*) listening=$listening$line$nl ;;
      *)
        line=${line#/proc/}
        line=${line%%/*}
        if of_this_host "$line" && is_dockerd "$line"; then found="$found $line"; fi ;;
    esac
  done
}

# of_this_host PID: it is in the name space of processes that /proc shows, and in none below it. Sets `account` to the
# number of the account as which it runs.
of_this_host() {
  spaces='' account=''
  while read -r label number others; do
    case $label in
      Uid:) account=${others%%[!0-9]*} ;;
      NSpid:) spaces="$number $others"; break ;;
    esac
  done 2>/dev/null <"/proc/$1/status" || return 1
  case $spaces in
    [0-9]*' '[0-9]*) return 1 ;;
    [0-9]*) return 0 ;;
  esac
  [ "$(readlink "/proc/$1/ns/pid" 2>/dev/null)" = "$(readlink /proc/self/ns/pid)" ]
}

# is_dockerd PID: it runs that program, as root; a script of a similar name runs a shell. After `of_this_host`.
is_dockerd() {
  process_of "$1"
  case ${program##*/} in dockerd*) [ "$account" = 0 ] ;; *) return 1 ;; esac
}

# process_of PID: sets `program` to the file that it runs and `handles` to what it has open, as far as this account may
# know.
looked_at=''
process_of() {
  if [ "$1" != "$looked_at" ]; then
    looked_at=$1
    handles=$(ls -l "/proc/$1/exe" "/proc/$1/fd" 2>/dev/null) || :
    its_program=''
    case $handles in
      *"/proc/$1/exe -> "*)
        its_program=${handles#*"/proc/$1/exe -> "}
        its_program=${its_program%%"$nl"*}
        its_program=${its_program% (deleted)} ;;
    esac
    case $handles in *"/proc/$1/fd:"*' -> '*) ;; *) handles='' ;; esac
    if [ -z "$its_program" ]; then
      its_program=$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline") || its_program=''
      its_program=${its_program%%"$nl"*}
    fi
  fi
  program=$its_program
}
nl='
'

# unit_of PID: sets `unit` to the systemd service that it belongs to, by its control group; empty for none.
unit_of() {
  unit=''
  while IFS= read -r line; do
    case $line in 0::*/*.service | [0-9]*:name=systemd:*/*.service) unit=${line##*/}; return 0 ;; esac
  done 2>/dev/null <"/proc/$1/cgroup" || unit=''
}

# engine_api: sets `answer` to what the engine itself says to GET /info, and `by` to the program that asked; false as
# `engine_get`.
engine_api() {
  got=0
  answer=$(engine_get 20 /info && printf '\n%s' "$by") || got=$?
  by=''
  if [ "$got" = 0 ]; then
    by=${answer##*"$nl"}
    answer=${answer%"$nl"*}
  fi
  return "$got"
}

# api_shows TEXT...: the engine's own answer has each of them, as JSON. Sets `answer`.
api_shows() {
  engine_api || return 1
  for fragment in "$@"; do
    case $answer in *"$fragment"*) ;; *) return 1 ;; esac
  done
}
