# environment_proxies: what /etc/environment says, where sudo has taken it away or no login has read it.
environment_proxies() {
  [ -r /etc/environment ] || return 0
  said=''
  while IFS= read -r content || [ -n "$content" ]; do
    case $content in *_proxy=* | *_PROXY=*) said=1 ;; esac
  done </etc/environment
  [ -n "$said" ] || return 0
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    eval "content=\${$name:-}"
    if [ -z "$content" ]; then
      content=$(sed -n "s/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}$name=//p" /etc/environment | tail -n 1 |
        sed -e 's/[[:space:]]*$//' -e 's/^"\(.*\)"$/\1/' -e "s/^'\(.*\)'\$/\1/")
      if [ -n "$content" ]; then export "$name=$content"; fi
    fi
  done
}
