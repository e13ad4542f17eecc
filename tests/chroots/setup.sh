# Many hosts behind one sshd: each is the container's own root below a layer of its own, and the account of its name is
# root's there. Processes are the container's, so that the pretended engine is one process for all.
# setup.sh COUNT, with docker, dockerd and systemctl of this folder in /srv/pretended/usr/bin.
set -e

mkdir -p /srv/hosts /srv/layers /srv/pretended/usr/sbin /etc/docker /run/systemd/system /usr/lib/systemd/system
mv /srv/pretended/usr/bin/dockerd /srv/pretended/usr/sbin/dockerd
chmod 755 /srv/pretended/usr/bin/* /srv/pretended/usr/sbin/*
cp /bin/sleep /usr/sbin/dockerd
printf '{\n  "log-opts": {"max-size": "10m"}\n}\n' >/etc/docker/daemon.json
printf '[Service]\nType=notify\nExecStart=/usr/sbin/dockerd -H fd://\nExecReload=/bin/kill -s HUP $MAINPID\n' >/usr/lib/systemd/system/docker.service
printf '[Socket]\nListenStream=/run/docker.sock\n' >/usr/lib/systemd/system/docker.socket
grep -q '^docker:' /etc/group || echo 'docker:x:990:' >>/etc/group

echo '{}' >/run/engine.json
perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("/run/docker.sock")) or die $!'
setsid /usr/sbin/dockerd infinity </dev/null >/dev/null 2>&1 &
echo $! >/run/docker.pid
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
  tree=/sys/fs/cgroup
else
  tree=/sys/fs/cgroup/systemd
  mkdir -p "$tree"
  mountpoint -q "$tree" || mount -t cgroup -o none,name=systemd cgroup "$tree"
fi
mkdir -p "$tree/system.slice/docker.service"
cat /run/docker.pid >"$tree/system.slice/docker.service/cgroup.procs"

mount -t tmpfs -o mode=755,size=4g,nr_inodes=0 tmpfs /srv/layers
cp -a /srv/pretended /srv/layers/
number=0
while [ "$number" -lt "$1" ]; do
  number=$((number + 1))
  name=u$(printf %04d "$number")
  place=/srv/hosts/$name
  mkdir -p "$place" "/srv/layers/$name/upper" "/srv/layers/$name/work"
  mount -t overlay -o "lowerdir=/srv/layers/pretended:/,upperdir=/srv/layers/$name/upper,workdir=/srv/layers/$name/work" overlay "$place"
  for shared in /proc /dev /sys; do mount --rbind "$shared" "$place$shared"; done
  mkdir -p "$place/run/lock" "$place/run/systemd/system"
  cp -a /run/docker.sock /run/docker.pid /run/engine.json "$place/run/"
  echo "$name:*:0:0::/root:/bin/sh" >>/etc/passwd
done

cat >>/etc/ssh/sshd_config <<'END'
MaxStartups 3000
MaxSessions 3000
UsePAM no
PermitRootLogin prohibit-password
Match User u*
  ChrootDirectory /srv/hosts/%u
END
kill -HUP "$(cat /run/sshd.pid)"
