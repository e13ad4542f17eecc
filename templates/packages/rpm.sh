# dnf, dnf 5 and yum, whichever $manager is, and rpm: the same as apt.sh for these.

installed_packages() { rpm -qa --qf '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}\n' | sort; }
locked_files='/etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list /etc/dnf/versionlock.toml'
note_locks() {
  for path in $locked_files; do
    if [ -f "$path" ]; then cp -p "$path" "$RUN/packages/${path##*/}" || return 1; fi
  done
}
locks_again() {
  for path in $locked_files; do
    if [ -f "$RUN/packages/${path##*/}" ] && ! cmp -s "$RUN/packages/${path##*/}" "$path"; then
      cat "$RUN/packages/${path##*/}" >"$path" || failed=1
    fi
  done
}
# locks_of DIRECTORY: the lines of versionlock that an earlier run has noted there.
locks_of() {
  for path in $locked_files; do
    if [ -f "$1/${path##*/}" ] && [ -f "$path" ]; then
      grep -v -x -F -f "$path" "$1/${path##*/}" >"$RUN/lost-locks" && cat "$RUN/lost-locks" >>"$path"
    fi
  done
  return 0
}
# new_program: the dockerd of the package that was fetched for this run.
new_program() {
  have rpm2cpio && have cpio || return 1
  file=$(find /var/cache/dnf /var/cache/yum /var/cache/libdnf5 -name 'docker-ce-[0-9]*.rpm' -newer "$RUN/packages/before" 2>/dev/null |
    head -n 1)
  [ -n "$file" ] && rpm2cpio "$file" | cpio -i --quiet --to-stdout './usr/bin/dockerd'
}
# half_done: rpm changes a package whole.
half_done() { return 1; }
# keep_packages NAME...: each as it is installed, from whichever source still has it. None of it is a reason to stop:
# what is to come is known to install.
keep_packages() {
  lacking=''
  # shellcheck disable=SC2046 # a list of words
  set -- $(rpm -q --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' "$@" 2>/dev/null | grep -v ' ' | sort -u |
    while IFS= read -r package; do [ -f "$RUN/packages/earlier/$package.rpm" ] || printf '%s\n' "$package"; done)
  [ $# -gt 0 ] || return 0
  (
    mkdir -p "$RUN/packages/fetched" && cd "$RUN/packages/fetched" || exit 1
    fetch_installed "$@" || for package in "$@"; do fetch_installed "$package"; done
  ) >"$RUN/packages/log" 2>&1 || :
  # What dnf has fetched is dnf's to delete, after its next transaction.
  for package in "$@"; do
    mv "$RUN/packages/fetched/$package.rpm" "$RUN/packages/earlier/" 2>/dev/null || lacking="$lacking $package"
  done
  [ -z "$lacking" ] || note "no source of this host has these any more, so they could not come back if the new engine failed:$lacking"
}
# fetch_installed PACKAGE...: into the present directory.
fetch_installed() {
  # shellcheck disable=SC2086 # a list of words
  if [ "$manager" = dnf5 ]; then timeout 300 dnf5 -q -y $skip download "$@"
  else timeout 300 "$manager" -q -y $skip reinstall --downloadonly --downloaddir="$PWD" "$@"
  fi
}
# bring_back: without a source and a solution, with rpm, out of what was kept. Where that is not all, an engine that has
# come stays, since none would come in its place.
bring_back() {
  if [ -n "${lacking:-}" ] && grep -q '^docker-ce ' "$RUN/packages/now"; then return 0; fi
{% include "steps/_rpm_start_guard.sh.j2" %}
  cut -d ' ' -f 1 "$RUN/packages/then" >"$RUN/packages/names"
  set --
  for package in $(cut -d ' ' -f 1 "$RUN/packages/now" | grep -v -x -F -e gpg-pubkey -f "$RUN/packages/names"); do
    set -- "$@" "$package"
  done
  [ $# -eq 0 ] || rpm -e --nodeps "$@"
  for key in $(grep '^gpg-pubkey ' "$RUN/packages/now" | grep -v -x -F -f "$RUN/packages/then" | sed 's/.*:\(.*\)\..*/gpg-pubkey-\1/'); do
    rpm -e --allmatches "$key" || :
  done
  set --
  for file in "$RUN/packages/earlier"/*.rpm; do
    [ -f "$file" ] || continue
    line=$(rpm -qp --qf '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}' "$file" 2>/dev/null)
    if grep -q -x -F -e "$line" "$RUN/packages/then" && ! grep -q -x -F -e "$line" "$RUN/packages/now"; then set -- "$@" "$file"; fi
  done
  [ $# -eq 0 ] || rpm -U --oldpackage --replacepkgs --nodeps "$@"
{% include "steps/_start_unguard.sh.j2" %}
}

how=''
enable=''
skip=''
passed=''
# pass_over: a repository of somebody else that gives no list stops nobody whose packages come from elsewhere. Whether
# the log names one that has not been passed over yet; dnf and yum name one at a time.
pass_over() {
  dead=$(sed -n -e "s/.*Failed to download metadata for repo '\([^']*\)'.*/\1/p" \
    -e 's/.*Failed to download metadata (.*) for repository "\([^"]*\)".*/\1/p' \
    -e 's/.*[Ff]ailure: repodata\/repomd.xml from \([^ :]*\): .*/\1/p' "$RUN/manage.log" | head -n 1)
  case $dead in '' | *[!a-zA-Z0-9_.:-]*) return 1 ;; esac
  case " $passed " in *" $dead "*) return 1 ;; esac
  if grep -q -s -x -F -e "[$dead]" /etc/yum.repos.d/docker-ce.repo; then return 1; fi
  note "the repository $dead gives no list, so it is passed over"
  passed="$passed $dead"
  skip="$skip --disablerepo=$dead"
}
# Somebody may take a lock just before us: dnf 4 and yum wait for it without a limit by themselves.
case $manager in dnf5) at_locks='' ;; *) at_locks=--setopt=exit_on_lock=1 ;; esac
# manage WORD...: the package manager; what it says is kept for the reason of a failure.
manage() {
  # shellcheck disable=SC2086 # lists of words
  while :; do
    { "$manager" -y $how $enable $skip $at_locks "$@" && : >"$RUN/managed"; } 2>&1 | tee "$RUN/manage.log"
    if [ -e "$RUN/managed" ]; then rm -f "$RUN/managed"; return 0; fi
    if pass_over; then continue; fi
    grep -q -i -e 'exit_on_lock' -e 'already locked by' -e 'failed to obtain the .*lock' -e 'existing lock' -e 'holding the yum lock' "$RUN/manage.log" || return 1
    [ "$(now)" -lt "$lock_limit" ] || return 1
    sleep 1
    wait_for_locks
  done
}
# manage_by_shell: the transaction on stdin. That shell goes on after an error, and does not tell by its status.
manage_by_shell() {
  cat >"$RUN/transaction"
  manage --setopt=clean_requirements_on_remove=0 shell "$RUN/transaction" || return 1
  ! grep -q -e '^Error' -e '^No match for argument' -e '^ *Problem' -e '^No package .* available' -e 'check error' \
    "$RUN/manage.log"
}
# removed: what the transaction of the log takes away, one name a line; another version of the same is none of it.
removed() {
  section=''
  row=''
  machine=$(uname -m)
  while IFS= read -r line; do
    case $line in
      *' replacing '*) name=${line#* replacing } ;;
      Removing*) section=1; continue ;;
      ' '[!\ ]*) name=$line; row=${line# }; row=${row%% *} ;;
      ' '*) continue ;;
      *) section=''; continue ;;
    esac
    case $line in
      *' replacing '*) ;;
      *) [ -n "$section" ] || continue ;;
    esac
    # shellcheck disable=SC2086 # words
    set -- $name
    name=${1%.noarch}
    name=${name%."$machine"}
    name=${name%.i[3-6]86}
    [ -n "$section" ] || [ "$name" != "$row" ] || continue
    printf '%s\n' "$name"
  done <"$RUN/manage.log" | sort -u
}
# goes_beyond NAMES: what is removed besides NAMES.
goes_beyond() {
  for package in $(removed); do
    case " $1 " in *" $package "*) ;; *) printf '%s ' "$package" ;; esac
  done
}
# changed_by: the installed packages that the tested transaction puts another version in place of.
changed_by() {
  sed -n 's/^ \([^ ][^ ]*\).*/\1/p' "$RUN/tested" | sort -u | while IFS= read -r package; do
    if rpm -q "$package" >/dev/null 2>&1; then printf '%s\n' "$package"; fi
  done
}

# rpm_reason PACKAGE...: the packages that were wanted. One line.
rpm_reason() {
  room_reason || proxy_reason || trust_reason || exclude_reason "$@" || source_reason || rpm_words
  [ -z "$passed" ] || printf '; repositories that give no list:%s' "$passed"
}
rpm_words() {
  sed -n -e '/^Error/,$p' -e '/No match for argument/p' -e '/^ *Problem/,/^[^ ]/p' "$RUN/manage.log" |
    grep -v -e '^(try' -e '^$' -e '^Complete' -e '^Dependencies resolved' -e '^Nothing to do' -e '^Last metadata' | head -n 6 | one_line
}
room_reason() {
  said=$(grep -m 1 -i -e 'No space left on device' -e 'more space on the' -e 'Not enough free space' -e 'needs [0-9]* inodes' -e 'Failed writing' "$RUN/manage.log") || return 1
  printf 'a file system has no room; make room there, %s clean packages does it for what was fetched: %s' \
    "$manager" "$(printf '%s' "$said" | one_line)"
}
# Those that are told it where they are configured, and the environment's.
proxy_reason() {
  grep -q -i -e 'proxy' -e 'connect' -e 'resolve host' -e 'timed out' -e 'timeout' "$RUN/manage.log" || return 1
  for where in $(grep -s -l '^proxy[[:space:]]*=' /etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/*.repo); do
    proxy=$(sed -n 's/^proxy[[:space:]]*=[[:space:]]*//p' "$where" | grep -v -x -e '' -e _none_ | head -n 1)
    [ -z "$proxy" ] || break
  done
  proxy=${proxy:-${http_proxy:-${https_proxy:-}}}
  [ -n "$proxy" ] || return 1
  printf 'the proxy %s does not answer, which %s tells %s to use; start it, or take it out there: %s' \
    "$(printf '%s' "$proxy" | one_line)" "${where:-the environment}" "$manager" \
    "$(grep -i -m 1 -e 'proxy' -e 'connect' -e 'resolve host' -e 'timed out' -e 'timeout' "$RUN/manage.log" | one_line)"
}
trust_reason() {
  said=$(grep -m 1 -i -e 'GPG check FAILED' -e 'is not signed' -e 'not correct for this package' -e 'OpenPGP check' -e 'Public key for .* is not installed' -e 'bad .*signature' "$RUN/manage.log") && {
    printf 'the packages are not signed by the key that is pinned for their source, so nothing of them is used: %s' "$(printf '%s' "$said" | one_line)"
    return 0
  }
  said=$(grep -m 1 -i -e "checksum doesn't match" -e 'checksum mismatch' -e 'checksum .* not match' "$RUN/manage.log") || return 1
  printf 'the source has other packages than its list names, so nothing of them is used; try again later, or another one with --source: %s' \
    "$(printf '%s' "$said" | sed 's/ Calculated:.*//' | one_line)"
}
# exclude_reason PACKAGE...: a line that keeps one of them, or what they need, from being installed.
exclude_reason() {
  grep -q -i -e 'No match for argument' -e 'exclude' -e 'filter' -e 'nothing provides' -e 'Unable to find a match' -e 'No package .* available' -e 'conflicting requests' -e '^Error: *$' -e 'Requires:' "$RUN/manage.log" || return 1
  for file in /etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/*.repo; do
    [ -f "$file" ] || continue
    line=$(grep -n -E '^(exclude|excludepkgs|includepkgs)[[:space:]]*=.*[^[:space:]]' "$file" | while IFS= read -r found; do
      set -f
      for package in $(printf '%s\n' "$@" | sed 's/-[0-9*].*//') containerd.io container-selinux; do
        named=''
        for pattern in $(printf '%s' "${found#*=}" | tr ',' ' '); do
          # shellcheck disable=SC2254 # a pattern is what it is
          case $package in $pattern) named=1 ;; esac
        done
        # includepkgs names all that may come.
        case $found-$named in
          *:exclude*-1 | *:includepkgs*-) printf '%s\n' "$found"; break ;;
        esac
      done
    done | head -n 1)
    [ -n "$line" ] || continue
    printf '%s, line %s keeps them from being installed: %s; take it out there' "$file" "${line%%:*}" "${line#*:}"
    return 0
  done
  locked=$(grep -s -h -E '(docker|containerd)' $locked_files | grep -v '^#' | head -n 1)
  [ -n "$locked" ] || return 1
  printf 'a versionlock holds %s; lift it first: %s versionlock delete NAME' "$locked" "$manager"
}
source_reason() {
  said=$(grep -m 1 -i -e 'Cannot download' -e 'Curl error' -e 'No more mirrors' -e 'Failed to download' -e 'Errno 14' "$RUN/manage.log") || return 1
  printf 'the source does not give what it lists; try again later, or another one with --source: %s' "$(printf '%s' "$said" | one_line)"
}
