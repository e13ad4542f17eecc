#!/bin/sh
# A stand-in for the script of get.docker.com: its options, its defects, its waits (shortened), and what it leaves.
# The parsing is that of docker-install as of 2026-06-30; it takes its packages from DOWNLOAD_URL.
set -e
if [ -z "$CHANNEL" ]; then CHANNEL=stable; fi
mirror=''
VERSION=${VERSION#v}
while [ $# -gt 0 ]; do
  case "$1" in
    --channel) CHANNEL=$2; shift ;;
    --dry-run) DRY_RUN=1 ;;
    --mirror) mirror=$2; shift ;;
    --version) VERSION=${2#v}; shift ;;
    --setup-repo) REPO_ONLY=1; shift ;;
    --no-autostart) NO_AUTOSTART=1 ;;
    --*) echo "Illegal option $1" ;;
  esac
  shift $(($# > 0 ? 1 : 0))
done
case $mirror in
  Aliyun) DOWNLOAD_URL=https://mirrors.aliyun.com/docker-ce ;;
  AzureChinaCloud) DOWNLOAD_URL=https://mirror.azure.cn/docker-ce ;;
  '') ;;
  *) echo >&2 "unknown mirror '$mirror': use either 'Aliyun', or 'AzureChinaCloud'."; exit 1 ;;
esac
[ -z "$DRY_RUN" ] || exit 0

main() {
  if command -v docker >/dev/null 2>&1; then
    echo 'Warning: the "docker" command appears to already exist on this system.'
    sleep 2
  fi
  . /etc/os-release
  case $ID in
    debian | ubuntu)
      export DEBIAN_FRONTEND=noninteractive
      apt-get -qq update >/dev/null
      apt-get -y -qq install ca-certificates curl >/dev/null
      install -m 0755 -d /etc/apt/keyrings
      curl -fsSL "$DOWNLOAD_URL/linux/$ID/gpg" -o /etc/apt/keyrings/docker.asc
      chmod a+r /etc/apt/keyrings/docker.asc
      echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/docker.asc] $DOWNLOAD_URL/linux/$ID $VERSION_CODENAME $CHANNEL" \
        >/etc/apt/sources.list.d/docker.list
      apt-get -qq update >/dev/null
      pin=''
      if [ -n "$WANTED" ]; then
        pattern=$(echo "$WANTED" | sed 's/-ce-/~ce~.*/g' | sed 's/-/.*/g')
        pin=$(apt-cache madison docker-ce | grep "$pattern" | head -1 | awk '{$1=$1};1' | cut -d' ' -f 3)
        [ -n "$pin" ] || { echo "ERROR: '$WANTED' not found amongst apt-cache madison results"; exit 1; }
        pin="=$pin"
      fi
      apt-get -y -qq install "docker-ce$pin" "docker-ce-cli$pin" containerd.io docker-compose-plugin docker-buildx-plugin ;;
    centos | fedora | rhel | rocky)
      rm -f /etc/yum.repos.d/docker-ce.repo /etc/yum.repos.d/docker-ce-staging.repo
      curl -fsSL "$DOWNLOAD_URL/linux/$ID/docker-ce.repo" -o /etc/yum.repos.d/docker-ce.repo
      # A look-alike has no package that tells its release.
      sed -i "s/\$releasever/${VERSION_ID%%.*}/" /etc/yum.repos.d/docker-ce.repo
      dnf -y -q install "docker-ce${WANTED:+-$WANTED*}" "docker-ce-cli${WANTED:+-$WANTED*}" containerd.io \
        docker-compose-plugin docker-buildx-plugin ;;
    *) echo "ERROR: Unsupported distribution '$ID'"; exit 1 ;;
  esac
  if [ -z "$NO_AUTOSTART" ] && [ -d /run/systemd/system ]; then systemctl enable --now docker.service; fi
}
WANTED=$VERSION
main
