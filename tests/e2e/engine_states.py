"""States that an engine of systemd is brought into, and out of again: hosts are shared between tests."""

from __future__ import annotations

import json

CONFIG = "/etc/docker/daemon.json"
DROP_IN = "/etc/systemd/system/docker.service.d/10-site.conf"
KEEP = "[ -e /root/options ] || cp /etc/default/docker /root/options"
RESET = """
systemctl stop docker.socket docker.service
# Newer systemctl stops none of several when it does not know one of them.
systemctl stop second.service 2>/dev/null
for pid in $(grep -l '^dockerd' /proc/[0-9]*/comm | cut -d / -f 3); do
  kill "$pid"
  while [ -d "/proc/$pid" ]; do sleep 0.1; done
done
rm -rf /etc/systemd/system/docker.service.d /etc/systemd/system/docker.service /etc/systemd/system/second.service \
  /etc/docker /etc/default/docker-engine /root/.docker /opt/kube /run/dockerd /run/own /var/lib/provisioner/record
cp /root/options /etc/default/docker
systemctl daemon-reload
systemctl reset-failed
systemctl start docker.socket docker.service
"""


def start(host, *, config=None, unit=None, options=None, files=None):
    """Start the engine afresh with these texts: daemon.json, a drop-in of its unit, /etc/default/docker, others."""
    host.sh(KEEP)
    texts = {CONFIG: config, DROP_IN: unit, "/etc/default/docker": options, **(files or {})}
    for path, text in texts.items():
        if text is not None:
            host.write(path, text if isinstance(text, str) else json.dumps(text))
    host.sh("systemctl daemon-reload; systemctl reset-failed docker.service docker.socket; systemctl restart docker")


def stop(host):
    host.sh("systemctl stop docker.socket docker.service")


def reset(host):
    """Bring back the engine as its package made it."""
    host.sh(KEEP)
    host.sh(RESET)


def mirrors(host, docker="docker"):
    return json.loads(host.sh(f"{docker} info -f '{{{{json .RegistryConfig.Mirrors}}}}'").stdout) or []


def starts(host):
    """The engine starts by its unit as it stands."""
    host.sh("systemctl daemon-reload; systemctl reset-failed docker.service docker.socket")
    return host.sh("systemctl restart docker && docker info >/dev/null", check=False).returncode == 0
