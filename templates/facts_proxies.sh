# The proxies of the package manager: a connection to each of them tells whether it is there; nothing is asked through it.
{% include "proxies.sh" %}
{% include "manager_proxy.sh" %}

# package_uris: where the package manager takes packages from, without paths and logins.
package_uris() {
  if [ "$manager" = apt ]; then
    sed -n -e 's/^[[:space:]]*deb[[:space:]]\{1,\}\(\[[^]]*][[:space:]]*\)\{0,1\}\([a-z+]*:[^[:space:]]*\).*/\2/p' \
      -e 's/^[Uu][Rr][Ii][Ss]:[[:space:]]*\([a-z+]*:[^[:space:]]*\).*/\1/p' \
      /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null
  else
    # A repository may have a proxy of its own.
    grep -Ls '^proxy' /etc/yum.repos.d/*.repo | while IFS= read -r path; do
      sed -n 's/^\(baseurl\|mirrorlist\|metalink\)[[:space:]]*=[[:space:]]*\([a-z]*:[^[:space:],]*\).*/\2/p' "$path"
    done
  fi | sed -e 's#//[^/@]*@#//#' -e 's#^\([a-z+]*:\(//[^/]*\)\{0,1\}\).*#\1#' | sort -u | head -n 20
}

# proxy_for URI: sets `proxy` as the package manager and, where that says nothing, the environment have it.
proxy_for() {
  manager_proxy "$1"
  if [ -z "$proxy" ] && [ -z "${no_proxy:-}${NO_PROXY:-}" ]; then
    case $1 in
      https:*) proxy=${https_proxy:-${HTTPS_PROXY:-}} ;;
      http:*) proxy=${http_proxy:-} ;;
    esac
  fi
}

# unreachable HOST PORT: why nobody takes a connection there; fails where somebody does, and where nothing here can tell.
unreachable() {
  said=$(limited bash -c ': <"/dev/tcp/$0/$1"' "$1" "$2" 2>&1) && return 1
  # shellcheck disable=SC2181 # of the assignment before the test
  case $?:$said in
    124:* | 143:*) echo 'no answer within 4 s' ;;
    *refused*) echo 'Connection refused' ;;
    *' not known'* | *'name resolution'* | *'No address'*) echo 'its name is not found' ;;
    *'No route'*) echo 'No route to host' ;;
    *'is unreachable'*) echo 'Network is unreachable' ;;
    *) return 1 ;;
  esac
}

# way_to KIND URI: a row of the frame: KIND, URI, and of a proxy that does not answer its address, its file and why.
way_to() {
  why=''
  place=''
  where=''
  proxy=''
  case $2 in http:* | https:*) proxy_for "$2" ;; esac
  case $proxy in
    *:*[0-9] | *:*[0-9]/)
      place=${proxy#*://}
      place=${place##*@}
      place=${place%/}
      case $known in
        *"|$place|"*) why=${known##*"|$place|"} why=${why%%"|"*} ;;
        *)
          host=${place%:*}
          host=${host#[}
          why=$(unreachable "${host%]}" "${place##*:}") || why=''
          known="$known|$place|$why|" ;;
      esac ;;
  esac
  if [ -n "$why" ]; then
    where=$(grep -s -n -F -e "$place" /etc/apt/apt.conf /etc/apt/apt.conf.d/* /etc/dnf/dnf.conf /etc/yum.conf \
      /etc/environment /dev/null | head -n 1 | cut -d : -f 1,2)
  else place=''
  fi
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$place" "$where" "$why"
}

# package_proxies: a row for each place that packages come from and for `asked_sources`, where a proxy is set at all.
package_proxies() {
  if ! have bash; then return 0; fi
  case ${http_proxy:-}${https_proxy:-}${HTTPS_PROXY:-} in
    '') grep -qsi 'proxy' /etc/apt/apt.conf /etc/apt/apt.conf.d/* /etc/dnf/dnf.conf /etc/yum.conf /etc/environment ||
      return 0 ;;
  esac
  begin ways
  (
    limited() { if have timeout; then timeout 4 "$@"; else "$@"; fi; }
    known=''
    environment_proxies
    manager_settings
    for uri in $(package_uris); do way_to listed "$uri"; done
    # shellcheck disable=SC2154 # a line before this script
    for uri in ${asked_sources:-}; do way_to asked "$uri"; done
  )
  end ways
}
