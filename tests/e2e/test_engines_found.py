"""The engine is found however it runs, and what changes it finds it as well: 20.10, 26.1 and 28.5."""

from __future__ import annotations

import json

import pytest

from tests.e2e import engine_states as states
from tests.e2e.command_line import outcomes, provisioner
from tests.e2e.engine_ages import ALL, NEW, NEWEST, OLD

pytestmark = pytest.mark.e2e
CONTAINERD = "--containerd=/run/containerd/containerd.sock"


ANSWERS = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do docker info >/dev/null 2>&1 && break; sleep 1; done"


def exec_start(options, program="/usr/sbin/dockerd"):
    return f"[Service]\nExecStart=\nExecStart={program} {options} {CONTAINERD} $DOCKER_OPTS\n"


def changes(host, bed, docker="docker"):
    """Mirrors are set and cleared, and the engine that runs stays the same process; afterwards nothing is to be done."""
    url = bed.mirrors[0].url
    before = host.sh("grep -l '^dockerd' /proc/[0-9]*/comm").stdout
    (result,) = outcomes(bed, "mirror", "set", url, host.target, "--yes").values()
    assert result["status"] == "changed"
    assert states.mirrors(host, docker) == [f"{url}/"]
    outcomes(bed, "status", host.target, "--registry-mirror", url)
    outcomes(bed, "mirror", "clear", host.target, "--yes")
    assert states.mirrors(host, docker) == []
    assert host.sh("grep -l '^dockerd' /proc/[0-9]*/comm").stdout == before


def nothing_to_apply(host, bed):
    (applied,) = outcomes(bed, "apply", host.target, "--yes").values()
    assert applied["status"] == "converged", applied


@pytest.mark.parametrize("engine", ALL)
def test_pidfile_elsewhere(on, bed, engine):
    host = on(engine)
    states.start(host, config={"pidfile": "/run/dockerd/docker.pid"}, files={"/run/dockerd/x": ""})
    host.sh("rm -f /run/docker.pid; test -e /run/dockerd/docker.pid")
    changes(host, bed)
    nothing_to_apply(host, bed)


def test_a_pid_file_that_was_deleted(on, bed):
    host = on(NEWEST)
    host.sh("rm /run/docker.pid")
    changes(host, bed)


def test_a_pid_file_whose_number_another_process_has_now(on, bed):
    host = on(OLD)
    host.sh("setsid sleep 600 >/dev/null 2>&1 & echo $! >/run/docker.pid")
    changes(host, bed)
    host.sh("kill $(cat /run/docker.pid)")


@pytest.mark.parametrize(
    ("engine", "options", "docker"),
    [
        pytest.param(OLD, "-H tcp://127.0.0.1:2375", "docker -H tcp://127.0.0.1:2375", id="tcp only"),
        pytest.param(NEW, "-H unix:///run/own/d.sock", "docker -H unix:///run/own/d.sock", id="another socket"),
        pytest.param(OLD, "-H tcp://0.0.0.0:2375 -H fd://", "docker", id="socket and tcp"),
        pytest.param(NEWEST, "--pidfile=/run/own/d.pid -H unix:///var/run/docker.sock", "docker", id="its own socket"),
        pytest.param(NEW, "-p /run/own/d.pid -H fd://", "docker", id="-p"),
    ],
)
def test_where_it_listens(on, bed, engine, options, docker):
    host = on(engine)
    states.start(host, unit=exec_start(options), files={"/run/own/x": ""})
    changes(host, bed, docker)


def test_a_configuration_file_that_an_environment_file_names(on, bed):
    host, path = on(NEW), "/etc/docker/site.json"
    states.start(host, options=f"DOCKER_OPTS='--config-file={path} --debug'\n", files={path: '{"labels": ["a=b"]}'})
    changes(host, bed)
    assert json.loads(host.read(path)) == {"labels": ["a=b"], "registry-mirrors": []}
    assert host.sh(f"test -e {states.CONFIG}", check=False).returncode == 1
    states.stop(host)
    outcomes(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--yes")
    assert json.loads(host.read(path))["registry-mirrors"] == [bed.mirrors[0].url]
    assert states.starts(host)


KUBE = """[Service]
Environment="PATH=/opt/kube/bin:/bin:/sbin:/usr/bin:/usr/sbin"
ExecStart=/opt/kube/bin/dockerd
ExecReload=/bin/kill -s HUP $MAINPID
Restart=always
KillMode=process
[Install]
WantedBy=multi-user.target
"""


def move_to_kube(host):
    """As kubeasz does it: programs in /opt/kube/bin, a unit of its own, and the client alone linked into /bin."""
    host.sh(
        f"{states.KEEP}; systemctl stop docker.socket docker.service containerd; mkdir -p /opt/kube/bin;"
        "cp /usr/sbin/dockerd /usr/bin/docker /usr/bin/docker-proxy /usr/bin/containerd* /usr/bin/ctr /opt/kube/bin/;"
        "cp /usr/sbin/runc /usr/bin/docker-init /opt/kube/bin/ 2>/dev/null; :"
    )
    host.write("/etc/systemd/system/docker.service", KUBE)
    host.sh(f"systemctl daemon-reload; systemctl start docker.service; {ANSWERS}")


def test_engine_not_on_path(on, bed):
    host = on(OLD)
    move_to_kube(host)
    host.sh("mv /usr/sbin/dockerd /bin/hidden")
    try:
        changes(host, bed)
        nothing_to_apply(host, bed)
        facts = json.loads(provisioner(bed, "facts", host.target, "--json").stdout)["hosts"][0]["engine"]
        assert facts["dockerd"] == "/opt/kube/bin/dockerd"
        states.stop(host)
        outcomes(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--yes")
        host.sh(f"systemctl start docker; {ANSWERS}")
        assert states.mirrors(host) == [f"{bed.mirrors[0].url}/"]
    finally:
        host.sh("mv /bin/hidden /usr/sbin/dockerd")


SECOND = f"""[Service]
ExecStart=/usr/sbin/dockerd -H unix:///run/second.sock -p /run/second.pid --data-root=/var/lib/second \\
  --exec-root=/run/second --config-file=/etc/docker/second.json --bridge=none --iptables=false {CONTAINERD}
KillMode=process
"""


def second_engine(host):
    host.write("/etc/systemd/system/second.service", SECOND)
    host.write("/etc/docker/second.json", "{}")
    host.sh(
        "systemctl daemon-reload; systemctl start second;"
        "for i in 1 2 3 4 5 6 7 8 9; do docker -H unix:///run/second.sock info >/dev/null 2>&1 && break; sleep 1; done"
    )


def test_a_second_engine_is_named_and_left_alone(on, bed):
    host = on(NEWEST)
    second_engine(host)
    changes(host, bed)
    said = provisioner(bed, "mirror", "set", bed.mirrors[0].url, host.target, "--yes")
    assert "second.service" in said.stderr + said.stdout
    assert "/run/second.sock" in said.stderr + said.stdout
    assert host.read("/etc/docker/second.json") == "{}"
    # The usual one stops: the one that is left is not taken for it.
    states.stop(host)
    before = host.sh("systemctl show -p MainPID second").stdout
    done = provisioner(bed, "mirror", "set", bed.mirrors[1].url, host.target, "--yes")
    assert host.read("/etc/docker/second.json") == "{}", done.stdout
    assert host.sh("systemctl show -p MainPID second").stdout == before


def test_an_engine_that_runs_beside_its_unit_is_reloaded_and_not_restarted(on, bed):
    host = on(NEW)
    states.stop(host)
    host.sh(f"setsid dockerd {CONTAINERD} >/root/dockerd.log 2>&1 & sleep 3; docker info >/dev/null")
    url = bed.mirrors[0].url
    pid = host.sh("cat /run/docker.pid").stdout
    outcomes(bed, "mirror", "set", url, host.target, "--yes")
    assert states.mirrors(host) == [f"{url}/"]
    done = provisioner(bed, "apply", "--daemon", "icc=false", host.target, "--yes", "--allow-restart")
    assert done.returncode == 8, done.stdout + done.stderr
    assert "docker.service does not run it" in done.stdout
    assert host.sh("cat /run/docker.pid").stdout == pid
