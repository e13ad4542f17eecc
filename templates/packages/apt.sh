# apt and dpkg: keep what goes, try the whole transaction before anything changes, say why it cannot be, and the way back.

installed_packages() {
  # shellcheck disable=SC2016 # dpkg-query expands these
  dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package} ${Version}\n' | sed -n 's/^.[iUFHWt]. *//p' | sort
}
# half_done: dpkg has left some of ours between two states.
half_done() {
  # shellcheck disable=SC2016 # dpkg-query expands these
  dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package} ${Version}\n' | sed -n 's/^.[UFH]. *//p' >"$RUN/packages/half"
  ours_in "$RUN/packages/half" | grep -q .
}
note_locks() {
  # shellcheck disable=SC2016
  dpkg-query -W -f '${binary:Package}\n' >"$RUN/packages/known"
  apt-mark showhold | sort >"$RUN/packages/holds" && apt-mark showauto | sort >"$RUN/packages/automatic"
}
locks_again() {
  set --
  for package in $(apt-mark showhold | sort | grep -v -x -F -f - "$RUN/packages/holds"); do
    if is_installed "$package"; then set -- "$@" "$package"; fi
  done
  [ $# -eq 0 ] || apt-mark hold "$@" >/dev/null || failed=1
}
# locks_of DIRECTORY: the holds that an earlier run has noted there.
locks_of() {
  [ -f "$1/holds" ] || return 0
  for package in $(apt-mark showhold | sort | grep -v -x -F -f - "$1/holds"); do
    if is_installed "$package"; then apt-mark hold "$package" >/dev/null || :; fi
  done
}
is_installed() { dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^.[iUFHWt]'; }
# keep_packages NAME...: each as it is installed, in a package: as it was downloaded once, or packed again from its
# files, since its source may have it no more.
keep_packages() {
  for package in "$@"; do
    kept_already "$package" || from_cache "$package" || pack_again "$package" || {
      die "$package cannot be kept for the way back, so it was not touched: $(tail -n 1 "$RUN/packages/log")"
    }
  done
}
kept_already() { ls "$RUN/packages/earlier/${1%:*}"_*.deb >/dev/null 2>&1; }
from_cache() {
  # shellcheck disable=SC2016 # dpkg-query expands these
  there=$(dpkg-query -W -f '${Version} ${Architecture}' "$1")
  for file in /var/cache/apt/archives/"${1%:*}"_*.deb; do
    [ -f "$file" ] || continue
    if [ "$(dpkg-deb -f "$file" Version) $(dpkg-deb -f "$file" Architecture)" = "$there" ]; then
      cp "$file" "$RUN/packages/earlier/" && return 0
    fi
  done 2>"$RUN/packages/log"
  return 1
}
pack_again() {
  tree=$RUN/packages/tree
  [ ! -d "$tree" ] || rm -r "$tree"
  mkdir -p "$tree/DEBIAN"
  # Where /lib and its like are links, files lie behind them, and the links are nobody's.
  dpkg -L "$1" | while IFS= read -r path; do
    case $path in
      /bin | /sbin | /lib | /lib32 | /lib64 | /libx32) ;;
      /*) if [ -e "$path" ] || [ -L "$path" ]; then printf '%s\n' ".$path"; fi ;;
    esac
  done >"$RUN/packages/list"
  {
    tar -C / --no-recursion --no-unquote -cf - -T "$RUN/packages/list" && : >"$RUN/packages/packed"
  } 2>"$RUN/packages/log" | tar -C "$tree" -xpf - 2>>"$RUN/packages/log" || return 1
  [ -e "$RUN/packages/packed" ] || return 1
  rm -f "$RUN/packages/packed"
  dpkg-query -s "$1" | sed -e '/^Status: /d' -e '/^Config-Version: /d' -e '/^Conffiles:/,/^[^ ]/{/^Conffiles:/d;/^ /d;}' \
    >"$tree/DEBIAN/control"
  # shellcheck disable=SC2016 # dpkg-query expands it
  dpkg-query -W -f '${Conffiles}\n' "$1" | sed -n '/ obsolete$/d;s/^ \(\/.*\) [0-9a-f]*$/\1/p' | while IFS= read -r path; do
    if [ -e "$tree$path" ]; then printf '%s\n' "$path"; fi
  done >"$tree/DEBIAN/conffiles"
  for kind in $(dpkg-query --control-list "$1"); do
    case $kind in
      conffiles | md5sums | list) ;;
      *) cp -p "$(dpkg-query --control-path "$1" "$kind")" "$tree/DEBIAN/$kind" || return 1 ;;
    esac
  done
  chmod 755 "$tree" "$tree/DEBIAN"
  dpkg-deb --build -Znone "$tree" "$RUN/packages/earlier" >"$RUN/packages/log" 2>&1 && rm -r "$tree"
}
# new_program: the dockerd of the package that the solution installs.
new_program() {
  for name in docker-ce docker.io; do
    version=$(sed -n "s/^Inst $name .*(\\([^ ]*\\) .*/\\1/p" "$RUN/solved" | head -n 1)
    [ -n "$version" ] || continue
    for file in /var/cache/apt/archives/"$name"_*.deb; do
      [ "$(dpkg-deb -f "$file" Version 2>/dev/null)" = "$version" ] || continue
      dpkg-deb --fsys-tarfile "$file" | tar -xO -f - --wildcards './usr/*bin/dockerd'
      return
    done
  done
  return 1
}
# packaged_conffiles PACKAGE...: "MD5 PATH" of those that dpkg had never heard of before: what they brought is read by
# whoever has the same names, such as containerd's config.toml.
packaged_conffiles() {
  for package in "$@"; do
    if grep -q -x -F -e "$package" "$RUN/packages/known"; then continue; fi
    # shellcheck disable=SC2016 # dpkg-query expands it
    dpkg-query -W -f '${Conffiles}\n' "$package" | sed -n 's/^ \(\/.*\) \([0-9a-f]\{32\}\)$/\2 \1/p'
  done
}
names_of() { cut -d ' ' -f 1 "$1"; }
# bring_back: without apt, which would want lists, a source and a solution: with dpkg, out of what was kept.
bring_back() {
{% include "steps/_start_guard.sh.j2" %}
  names_of "$RUN/packages/then" >"$RUN/packages/names"
  set --
  for package in $(names_of "$RUN/packages/now" | grep -v -x -F -f "$RUN/packages/names"); do set -- "$@" "$package"; done
  [ $# -eq 0 ] || {
    packaged_conffiles "$@" >"$RUN/packages/conffiles"
    dpkg --force-depends --force-remove-reinstreq --remove "$@"
    while read -r sum path; do
      if [ -f "$path" ] && [ "$(md5sum <"$path" | cut -d ' ' -f 1)" = "$sum" ]; then rm -f "$path"; fi
    done <"$RUN/packages/conffiles"
  }
  set --
  for package in $(grep -v -x -F -f "$RUN/packages/now" "$RUN/packages/then" | cut -d ' ' -f 1); do
    for file in "$RUN/packages/earlier/${package%:*}"_*.deb; do [ ! -f "$file" ] || set -- "$@" "$file"; done
  done
  [ $# -eq 0 ] || dpkg --force-confdef --force-confold --force-depends -i "$@"
  dpkg --force-confdef --force-confold --configure -a
  set --
  for package in $(apt-mark showauto | sort | grep -v -x -F -f - "$RUN/packages/automatic"); do
    if is_installed "$package"; then set -- "$@" "$package"; fi
  done
  [ $# -eq 0 ] || apt-mark auto "$@"
  # The links and masks of units that have gone again.
  if have deb-systemd-helper; then
    for unit in docker.service docker.socket containerd.service; do
      if [ -e "/lib/systemd/system/$unit" ] || grep -q "^$unit masked" "$RUN/packages/units"; then continue; fi
      for action in unmask purge; do deb-systemd-helper "$action" "$unit"; done
      # Its init script stays with the other configuration files, and starts nothing.
      if have update-rc.d; then update-rc.d -f "${unit%.*}" remove; fi
    done
  fi
{% include "steps/_start_unguard.sh.j2" %}
}

# refresh_lists WORD...: a source that gives no list stops nobody whose packages come from elsewhere; it is named.
refresh_lists() {
  patient_apt "$@" update || :
  cp "$RUN/apt.log" "$RUN/update.log"
  dead=$(sed -n -e 's/^[WE]: Failed to fetch \([^ ]*\).*/\1/p' -e "s/^E: The repository '\([^']*\)'.*/\1/p" "$RUN/update.log" |
    sort -u | head -n 4 | one_line)
  [ -z "$dead" ] || note "these sources give no list, so they are passed over: $dead"
}
# apt_solves WORD...: what apt would do, in $RUN/solved. Nothing changes.
apt_solves() {
  patient_apt "$@" -s >/dev/null && cp "$RUN/apt.log" "$RUN/solved" || return 1
  # shellcheck disable=SC2046 # a list of words
  ours $(sed -n -e 's/^Inst \([^ ]*\) .*/\1/p' -e 's/^Remv \([^ ]*\) .*/\1/p' "$RUN/solved")
}
# goes_beyond NAMES: those that the solution removes besides NAMES.
goes_beyond() {
  for package in $(sed -n 's/^Remv \([^ ]*\) .*/\1/p' "$RUN/solved"); do
    case " $1 " in *" $package "*) ;; *) printf '%s ' "$package" ;; esac
  done
}
# room_for: the packages of the solution, unpacked, and dpkg's own notes.
room_for() {
  set --
  for package in $(sed -n -e 's/^Inst \([^ ]*\) \[[^]]*\] (\([^ ]*\) .*/\1=\2/p' -e 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' "$RUN/solved"); do
    set -- "$@" "$package"
  done
  [ $# -gt 0 ] || return 0
  needed=0
  for size in $(apt-cache show "$@" 2>/dev/null | sed -n 's/^Installed-Size: //p'); do needed=$((needed + size)); done
  for place in /usr /var/lib/dpkg; do
    free=$(room_of "$place")
    [ "$place" = /usr ] || needed=0
    if [ -n "$free" ] && [ "$free" -lt $((needed + 16384)) ]; then
      die "the file system of $place has no room: the packages need $(((needed + 16384) / 1024)) MB there, and $((free / 1024)) MB are free; nothing was installed or removed"
    fi
  done
}
# changed_by: the installed packages that the solution puts another version in place of.
changed_by() { sed -n 's/^Inst \([^ ]*\) \[.*/\1/p' "$RUN/solved"; }

apt_logs() { cat "$RUN/update.log" "$RUN/apt.log" 2>/dev/null; }
# apt_reason PACKAGE...: the packages that were wanted. One line.
apt_reason() {
  room_reason || proxy_reason || trust_reason || pin_reason "$@" || hold_reason "$@" || source_reason || apt_words
}
apt_words() {
  apt_logs | grep -e '^ [a-z].* : ' -e '^E: ' | grep -v -e 'Unable to correct problems' -e 'Some files failed' -e 'may provide additional' |
    sort -u | head -n 4 | one_line
}
room_reason() {
  said=$(apt_logs | grep -m 1 -e 'No space left on device' -e 'enough free space') || return 1
  place=$(printf '%s\n' "$said" | sed -n 's/.* in \(\/[^ ]*[^ .]\)\.*.*/\1/p')
  place=${place:-/var/cache/apt/archives}
  printf 'the file system of %s has no room (%s MB free); make room there, apt-get clean does it for apt: %s' \
    "$place" "$(($(room_of "$place") / 1024))" "$(printf '%s' "$said" | one_line)"
}
# room_of PATH: kilobytes that are free there.
room_of() { df -Pk "$1" 2>/dev/null | sed -n '$s/.* \([0-9][0-9]*\)  *[0-9-][0-9]*% .*/\1/p'; }
proxy_reason() {
  apt_logs | grep -q -i -e 'connect' -e 'resol' -e 'timed out' -e 'timeout' -e 'proxy' || return 1
  {
    apt-config dump 2>/dev/null | sed -n 's/^Acquire::.*[Pp]roxy[^ ]* "\(..*\)";$/\1/p'
    printf '%s\n' "${http_proxy:-}" "${https_proxy:-}" "${HTTPS_PROXY:-}"
  } | grep -v -x -i -e '' -e DIRECT | sort -u >"$RUN/proxies"
  while IFS= read -r proxy; do
    host=$(printf '%s\n' "$proxy" | sed -e 's#^[a-z0-9]*://##' -e 's#^[^/@]*@##' -e 's#/.*##' -e 's/:[0-9]*$//')
    said=$(apt_logs | grep -F -e "$host" | grep -i -m 1 -e connect -e resolv -e 'timed out' -e timeout -e 'proxy') || continue
    where=$(grep -s -n -F -e "$proxy" /etc/apt/apt.conf /etc/apt/apt.conf.d/* /etc/environment /dev/null | head -n 1 | cut -d : -f 1,2)
    printf 'the proxy %s does not answer, which %s tells apt to use; start it, or take it out there: %s' \
      "$(printf '%s' "$proxy" | one_line)" "${where:-the environment}" "$(printf '%s' "$said" | one_line)"
    return 0
  done <"$RUN/proxies"
  return 1
}
trust_reason() {
  said=$(apt_logs | grep -m 1 -e 'NO_PUBKEY' -e 'Missing key' -e 'GPG error' -e 'is not signed' -e 'signature verification' -e 'EXPKEYSIG' -e 'BADSIG') && {
    printf 'the source is not signed by the key that is pinned for it, so nothing of it is trusted: %s' "$(printf '%s' "$said" | one_line)"
    return 0
  }
  said=$(apt_logs | grep -m 1 -e 'Hash Sum mismatch' -e 'unexpected size') || return 1
  printf 'the source has other packages than its list names, so nothing of them is used; try again later, or another one with --source: %s' \
    "$(printf '%s' "$said" | one_line)"
}
source_reason() {
  said=$(cat "$RUN/apt.log" "$RUN/update.log" 2>/dev/null | grep -m 1 -e 'Failed to fetch' -e '^Err:') || return 1
  printf 'the source does not give what it lists; try again later, or another one with --source: %s' "$(printf '%s' "$said" | one_line)"
}
# named PACKAGE...: they, and what the words of apt name.
named() {
  printf '%s\n' "$@"
  apt_logs | sed -n -e 's/.*Depends: \([a-z0-9][a-z0-9.+-]*\).*/\1/p' -e "s/.*Package '\([^']*\)' has no.*/\1/p" \
    -e 's/.*Package \([a-z0-9.+-]*\) is not available.*/\1/p' -e 's/^ *[0-9]*\. \([a-z0-9][a-z0-9.+-]*\):[a-z0-9]*=.*/\1/p'
}
# pin_reason PACKAGE[=VERSION]...: one that a pin forbids; a version on apt's command line would override it silently.
pin_reason() {
  named "$@" | sort -u >"$RUN/named"
  # shellcheck disable=SC2046 # a list of words
  package=$(
    apt-cache policy $(sed 's/=.*//' "$RUN/named") 2>/dev/null | while IFS= read -r line; do
      case $line in
        [a-z0-9]*:) package=${line%:} none='' version='' ;;
        '  Candidate: (none)') none=1 ;;
        '     '*' -'[0-9]* | ' *** '*' -'[0-9]*)
          version=${line#?????}
          version=${version%% *} ;;
        # What is left of a removed package has no source, and the same priority.
        *' /var/lib/dpkg/status') ;;
        '        '*)
          [ -n "$version" ] || continue
          if grep -q -x -F -e "$package=$version" "$RUN/named"; then printf '%s\n' "$package"; fi
          if [ -n "$none" ] && grep -q -x -F -e "$package" "$RUN/named"; then printf '%s\n' "$package"; fi
          version='' ;;
      esac
    done | head -n 1
  )
  [ -n "$package" ] || return 1
  where=$(grep -s -l -E "^Package:(.*[ ,])?($package|[^ ]*\\*[^ ]*)([ ,]|\$)" /etc/apt/preferences /etc/apt/preferences.d/* | head -n 1)
  printf '%s is pinned with a negative priority in %s: it must not be installed; take that pin out, or stay with what is there' \
    "$package" "${where:-/etc/apt/preferences.d}"
}
hold_reason() {
  apt_logs | grep -q -i -e 'held' -e 'conflicting decisions' -e 'unmet' || return 1
  holds=$(apt-mark showhold)
  for package in $(named "$@" | sed 's/=.*//' | sort -u) $(apt_logs | sed -n '/held packages will be changed/,/^[^ ]/s/^  //p'); do
    printf '%s\n' "$holds" | grep -q -x -F -e "${package%:*}" -e "$package" || continue
    printf '%s is held, and would have to change; release it first: apt-mark unhold %s' "$package" "$package"
    return 0
  done
  return 1
}
