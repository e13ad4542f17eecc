# How an account becomes root. `wish` is the one way that shall be tried; else sudo, doas and su are, in this order. A
# password that one of them calls wrong goes to none of the others, since failures are counted. `with_payload COMMAND...`
# runs COMMAND with what root's command reads on its stdin. That comes to root by a pipe of its own, for whoever reads the
# password may read on: sudo-rs 0.2.5 takes more than its line.

# find_way COMMAND...: says in kind, method and refusal what the frame `login` tells: root | nopasswd | password |
# refused | none; sudo (as ""), doas or su; and why not. Without a refusal, `enter COMMAND...` runs it as root.
find_way() {
  said_kind='' said_method='' said_refusal=''
  for tried in ${wish:-sudo doas su}; do
    kind=refused method=${tried#sudo} refusal=''
    if command -v "$tried" >/dev/null 2>&1; then
      "by_$tried" "$@"
    else
      kind=none
      refusal="$tried is not installed"
    fi
    case $kind-$refusal in nopasswd- | password-) return 0 ;; esac
    # Who stops listening shows what is typed; an answer must not.
    shown=$password instead="$tried showed what was typed"
    case $refusal in
      *ncorrect* | *'ry again'* | *'uthentication fail'*) password='' instead="$tried: incorrect password" ;;
    esac
    case $shown-$refusal in ????*-*"$shown"*) refusal=$instead ;; esac
    # The first that is there says more than those that are not.
    case $said_kind-$kind in
      -* | none-[!n]*) said_kind=$kind said_method=$method said_refusal=$refusal ;;
    esac
  done
  kind=$said_kind method=$said_method refusal=$said_refusal
  case $kind-$wish in none-) refusal='neither sudo nor doas is installed' ;; esac
}

by_sudo() {
  if refusal=$(sudo -n sh -c : 2>&1); then
    kind=nopasswd
    refusal=''
    return
  fi
  case $refusal in
    *'must have a tty'*)
      if [ -n "$password" ]; then at_terminal "sudo -k -p '' sh" "$@"; else at_terminal 'sudo -n sh' "$@"; fi ;;
    *)
      if [ -n "$password" ] && refusal=$(printf '%s\n' "$password" | sudo -k -S -p '' sh -c : 2>&1); then
        kind=password
        refusal=''
      fi ;;
  esac
  case $password-$refusal in -*'assword is required'*) kind=password refusal='sudo asks for a password' ;; esac
}

by_doas() {
  if refusal=$(doas -n sh -c : 2>&1); then
    kind=nopasswd
    refusal=''
    return
  fi
  case $refusal in
    *'ation required'*)
      if [ -n "$password" ]; then at_terminal 'doas sh' "$@"; else kind=password refusal='doas asks for a password'; fi ;;
  esac
}

# Unless it is asked for, su is not tried without a password: each time it would be a failure of root's in the logs.
by_su() {
  if [ -z "$password" ] && [ "$wish" != su ]; then
    kind=none
    refusal='su takes the password of root'
  elif command -v script >/dev/null 2>&1; then
    at_terminal su "$@"
  elif refusal=$(printf '%s\n' "$password" | su -s /bin/sh -c : root 2>&1); then
    kind=password
    refusal=''
  fi
}

enter() {
  if [ -n "$way" ]; then enter_terminal
  elif [ "$kind" = nopasswd ]; then with_payload "${method:-sudo}" -n "$@"
  else enter_pipe "$@"
  fi
}

# make_way COMMAND...: in `way` a directory that only this account and root can look into, with the pipe `script`, and
# `login`, with which root's side begins. It takes the environment that sudo would give, and leaves no trace.
make_way() {
  for place in "${TMPDIR:-/tmp}" /dev/shm "${HOME:-/}"; do
    case $place in *\'*) continue ;; esac
    way=$(umask 077 && mktemp -d "$place/provisioner.XXXXXX" 2>/dev/null) || continue
    if mkfifo -m 600 "$way/script" 2>/dev/null; then break; fi
    rm -rf "$way"
    way=''
  done
  if [ -z "$way" ]; then
    why="$user can make no pipe in /tmp, /dev/shm or the home: they are read-only or full"
    return 1
  fi
  trap 'rm -rf "$way"; exit 129' HUP INT TERM
  {
    printf "way='%s'\n" "$way"
    cat <<'LOGIN'
if [ -p "$way/events" ]; then
  echo root >"$way/events"
  exec >"$way/out" 2>"$way/err"
fi
exec <"$way/script"
rm -rf "$way"
LOGIN
    printf 'exec'
    if [ "$method" = su ]; then
      # shellcheck disable=SC2016 # expanded there
      printf ' env -i HOME="$HOME" SHELL=/bin/sh USER=root LOGNAME=root LC_ALL=C PATH=%s' \
        /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    fi
    for word in "$@"; do printf " '%s'" "$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")"; done
    echo
  } >"$way/login"
}

enter_pipe() {
  if ! make_way "$@"; then
    printf '\n@@%s error %s\n' "$N" "$why"
    echo "$why" >&2
    return 73
  fi
  with_payload exec cat >"$way/script" &
  writer=$!
  trap 'rm -rf "$way"; kill "$writer" 2>/dev/null; exit 129' HUP INT TERM
  if [ "$method" = su ]; then printf '%s\n' "$password" | su -s /bin/sh -c "sh '$way/login'" root
  else printf '%s\n' "$password" | sudo -k -S -p '' sh "$way/login"
  fi
  status=$?
  rm -rf "$way"
  kill "$writer" 2>/dev/null
  return "$status"
}

# at_terminal BECOMING COMMAND...: runs BECOMING, "su" or what takes a file as its last word, on a terminal that
# `script` makes, and types the password when the terminal stops to show what is typed: what came before that would be
# thrown away. Of root's command nothing passes the terminal.
at_terminal() {
  becoming=$1
  shift
  if ! command -v script >/dev/null 2>&1; then
    refusal="$tried wants a terminal, and no script is installed that makes one (packages bsdutils, util-linux)"
    return
  fi
  if ! make_way "$@"; then
    refusal=$why
    return
  fi
  mkfifo -m 600 "$way/out" "$way/err" "$way/keys" "$way/events"
  case $becoming in
    su) becoming="su -s /bin/sh -c \"sh '$way/login'\" root" ;;
    *) becoming="$becoming '$way/login'" ;;
  esac
  {
    printf "way='%s' N='%s'\n" "$way" "$N"
    cat <<'TERMINAL'
stty echo </dev/tty
{
  hidden='' looks=0
  while [ -d "$way" ] && [ "$looks" -lt 600 ]; do
    case $(stty -a </dev/tty) in
      # sudo with use_pty passes all keys on: that is no question.
      *[!a-z]-isig*) hidden='' ;;
      *[!a-z]-echo[!a-z]*)
        [ -n "$hidden" ] || echo asks >"$way/events"
        hidden=yes ;;
      *) hidden='' ;;
    esac
    looks=$((looks + 1))
    case $looks in 400) echo late >"$way/events" ;; esac
    sleep 0.05 2>/dev/null || sleep 1
  done
  [ ! -d "$way" ] || echo late >"$way/events"
} 2>/dev/null &
TERMINAL
    printf '%s\n' "$becoming"
    cat <<'TERMINAL'
printf '\n@@%s status %s\n' "$N" "$?"
TERMINAL
  } >"$way/terminal"
  exec 3<>"$way/keys" 4<>"$way/events"
  : >"$way/said"
  exec 5<"$way/said"
  {
    SHELL=/bin/sh script -q -c "sh '$way/terminal'" /dev/null <&3 3>&- 4>&- 5<&- &
    script=$!
    # Its own way to end waits for the command, which may be root's; without it the terminal hangs up.
    trap 'kill -KILL "$script" 2>/dev/null' TERM
    wait "$script"
    echo ended >&4
  } >>"$way/said" 2>&1 &
  terminal=$!
  trap 'rm -rf "$way"; kill "$terminal" 2>/dev/null; exit 129' HUP INT TERM
  typed='' over=''
  while read -r event <&4; do
    case $event in
      root)
        if [ -n "$typed" ]; then kind=password; else kind=nopasswd; fi
        refusal=''
        return ;;
      asks)
        if [ -n "$password" ] && [ -z "$typed" ]; then
          typed=yes
          printf '%s\n' "$password" >&3
        elif [ -z "$over" ]; then
          over=asks
          kill "$terminal" 2>/dev/null
        fi ;;
      late)
        [ "$over" != late ] || break
        over=late
        kill "$terminal" 2>/dev/null ;;
      *) break ;;
    esac
  done
  refusal=$(tr -d '\r' <&5 | sed "/^@@$N /d")
  case $over$typed in
    asks) kind=password refusal="$tried asks for a password" ;;
    late*) refusal="$tried: no end within 20 s: $refusal" ;;
    asksyes)
      case $refusal in
        *'ry again'*) ;;
        *) refusal="$tried: more is asked for than the password: $refusal" ;;
      esac ;;
  esac
  rm -rf "$way"
  way=''
  kill "$terminal" 2>/dev/null
  exec 3>&- 4>&- 5<&-
}

enter_terminal() {
  with_payload exec cat >"$way/script" &
  writer=$!
  cat "$way/err" >&2 &
  errors=$!
  cat "$way/out"
  wait "$terminal"
  wait "$errors"
  kill "$writer" 2>/dev/null
  status=$(sed -n "s/^@@$N status \([0-9]*\).*/\1/p" <&5)
  exec 3>&- 4>&- 5<&-
  return "${status:-1}"
}
