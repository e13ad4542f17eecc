# What `docker login` has written for this account. Needs `settings`, as engine.sh sets it.

# login_of REGISTRY: sets `login` to what the engine takes for its X-Registry-Auth, empty without one, and `unasked` to
# the credential helper that has it instead. No secret of it becomes an argument of a program.
login_of() {
  login='' unasked=''
  [ -r "$settings/config.json" ] && have base64 || return 0
  file=$(tr -d ' \t\r\n' <"$settings/config.json")
  # A key is REGISTRY, or an address of it: https://index.docker.io/v1/.
  key="\"\\(https\\{0,1\\}://\\)\\{0,1\\}$(printf '%s' "$1" | sed 's/[].[*^$]/\\&/g')\\(/v[12]\\)\\{0,1\\}/\\{0,1\\}\""
  found=$(printf '%s' "$file" | sed -n "s|.*$key:\\({[^{}]*}\\).*|\\3|p")
  unasked=$(printf '%s' "$file" | sed -n "s|.*\"credHelpers\":{[^{}]*$key:\"\\([A-Za-z0-9._-]*\\)\".*|\\3|p")
  if [ -z "$unasked" ] && [ -n "$found" ]; then
    unasked=$(printf '%s' "$file" | sed -n 's/.*"credsStore":"\([A-Za-z0-9._-]*\)".*/\1/p')
  fi
  [ -n "$found" ] && [ -z "$unasked" ] || return 0
  pair=$(printf '%s' "$found" | sed -n 's/.*"auth":"\([A-Za-z0-9+/=]*\)".*/\1/p' | base64 -d 2>/dev/null)
  token=$(printf '%s' "$found" | sed -n 's/.*"identitytoken":"\([^"]*\)".*/\1/p')
  [ -n "$pair$token" ] || return 0
  login=$(printf '{"username":"%s","password":"%s","identitytoken":"%s","serveraddress":"%s"}' \
    "$(in_json "${pair%%:*}")" "$(in_json "${pair#*:}")" "$token" "$1" | base64 | tr -d '\n' | tr '+/' '-_')
}

in_json() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
