# manager_settings: how the package manager reaches package sources, for it is what will fetch from them.
manager_settings() {
  apt_settings=$(apt-config dump 2>/dev/null | grep -i -e '^Acquire::\(https\{0,1\}\)::' -e '^Acquire::ForceIPv')
  dnf_settings=$(sed -n '/^[[:space:]]*\[main\]/,/^[[:space:]]*\[[^m]/s/^[[:space:]]*\(proxy[a-z_]*\|ssl[a-z]*\|ip_resolve\|username\|password\)[[:space:]]*=[[:space:]]*/\1=/p' \
    /etc/dnf/dnf.conf /etc/yum.conf 2>/dev/null)
  said=$(printf '%s\n' "$apt_settings" "$dnf_settings" | tr '[:upper:]' '[:lower:]')
  # The key that packages are signed with is pinned, so that a probe may do without the manager's certificates.
  own_authority=''
  case $said in
    *cainfo* | *'verify-peer "false"'* | *'verify-peer "no"'* | *sslcacert=* | *sslverify=0* | *sslverify=false* | \
      *sslverify=no* | *sslclient*) own_authority=1 ;;
  esac
  repository=/etc/yum.repos.d/docker-ce.repo
  version=''
  case $said in
    *'forceipv4 "true"'* | *'forceipv4 "1"'* | *ip_resolve=4* | *ip_resolve=ipv4*) version=-4 ;;
    *'forceipv6 "true"'* | *'forceipv6 "1"'* | *ip_resolve=6* | *ip_resolve=ipv6*) version=-6 ;;
  esac
}

# apt_setting KEY: its value; keys of apt are the same in any case.
apt_setting() { printf '%s\n' "$apt_settings" | grep -i -F -e "Acquire::$1 \"" | sed -n 's/^[^ ]* "\(.*\)";$/\1/p' | head -n 1; }

# dnf_setting KEY
dnf_setting() { printf '%s\n' "$dnf_settings" | sed -n "s/^$1=//p" | head -n 1; }

# manager_proxy URL: sets `proxy` to what the package manager asks it through, DIRECT for none, '' where it says
# nothing: then the environment counts (apt's SetupProxy; dnf.conf(5)).
manager_proxy() {
  proxy=''
  host=${1#*://}
  host=${host%%[/:]*}
  if [ -n "$apt_settings" ]; then
    case $1 in https:*) kinds='https http' ;; *) kinds=http ;; esac
    for key in "Proxy::$host" Proxy-Auto-Detect ProxyAutoDetect Proxy; do
      for kind in $kinds; do
        [ -z "$proxy" ] || break 2
        proxy=$(apt_setting "$kind::$key")
        case $key in *etect) [ -z "$proxy" ] || proxy=$(limited "$proxy" "$1" 2>/dev/null | head -n 1) ;; esac
      done
    done
  elif [ -n "$dnf_settings" ]; then
    proxy=$(dnf_setting proxy)
    who=$(dnf_setting proxy_username)
    if [ -n "$proxy" ] && [ -n "$who" ]; then
      proxy="${proxy%%://*}://$who:$(dnf_setting proxy_password)@${proxy#*://}"
    fi
    if [ "$proxy" = _none_ ]; then proxy=DIRECT; fi
  fi
}
