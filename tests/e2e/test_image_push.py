"""Images over SSH without a registry: `image push`, `save` and `load`."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from tests.e2e.command_line import outcomes, provisioner

pytestmark = pytest.mark.e2e
MIB = 2**20
BIG = 48
STAGE = "/var/lib/provisioner/images"
LAYERS = "docker image inspect -f '{{json .RootFS.Layers}}' one two"


@pytest.fixture(scope="module")
def source(bed, engines):
    """A host with two images that share a layer of 48 MiB, one of 1 MiB over that of each."""
    host = engines("debian-13-engine")
    host.write("/etc/docker/daemon.json", json.dumps({"registry-mirrors": [bed.mirrors[0].url]}))
    host.sh("systemctl reload docker; sleep 1; docker pull -q busybox")
    for base, name, size in (("busybox", "shared", BIG), ("shared", "one", 1), ("shared", "two", 1)):
        host.sh(
            f"head -c {size * MIB} /dev/urandom >/root/{name} && docker create --name make {base} true && "
            f"docker cp /root/{name} make:/{name} && docker commit make {name} && docker rm make"
        )
    return host


@pytest.fixture(params=["debian-12-engine", "forky-engine", "forky-engine containerd"])
def target(bed, request, start_host):
    slug, _, store = request.param.partition(" ")
    host = start_host(slug)
    if store:
        host.write("/etc/docker/daemon.json", json.dumps({"features": {"containerd-snapshotter": True}}))
        host.sh("systemctl restart docker")
        assert "io.containerd.snapshotter" in host.sh("docker info -f '{{.DriverStatus}}'").stdout
    return host


def received(host):
    return int(host.sh("cat /sys/class/net/eth0/statistics/rx_bytes").stdout)


def push(bed, source, *rest, status=0):
    return outcomes(bed, "image", "push", "--from", source.target, "one", "two", *rest, status=status)


def is_there(source, target):
    assert target.sh(LAYERS).stdout == source.sh(LAYERS).stdout
    assert target.sh(f"ls -A {STAGE}", check=False).stdout == "", "tidied"


def test_a_shared_layer_travels_once_a_host(bed, source, target):
    before = received(target)
    (row,) = push(bed, source, target.target).values()
    travelled = received(target) - before
    assert (len(row["sent"]), row["there"], row["error"]) == (4, 0, None)
    assert len(set(row["sent"])) == 4
    assert BIG * MIB < row["bytes"] < (BIG + 8) * MIB
    assert travelled < 1.2 * row["bytes"]
    is_there(source, target)
    (again,) = push(bed, source, target.target).values()
    if "containerd" in target.sh("docker info -f '{{.DriverStatus}}'").stdout:
        return  # it takes whole images alone; its overlay cannot be mounted over that of a container
    assert (again["sent"], again["there"]) == ([], 4)
    assert again["bytes"] < MIB
    target.sh("docker image rm two")
    is_one = target.sh("docker run --rm --network none one ls -l /shared /one").stdout.split()
    assert str(BIG * MIB) in is_one


def test_a_cut_connection_is_resumed_and_what_has_changed_is_refused(bed, source, start_host):
    target = start_host("debian-12-engine")
    when = f"find {STAGE} -name '*.part' -size +2M 2>/dev/null | grep -q ."
    drop = f"while ! {when}; do :; done; kill $(pgrep -f '^sshd: root@notty')"
    cut = threading.Thread(target=target.sh, args=(drop,), kwargs={"check": False})
    cut.start()
    (row,) = push(bed, source, target.target, status=3).values()
    cut.join()
    assert "lost" in row["error"]["message"]
    part, size = target.sh(f"cd {STAGE} && stat -c '%n %s' *.part").stdout.split()
    assert target.sh(f"stat -c '%a %U' {STAGE}").stdout == "700 root\n"
    assert int(size) > MIB
    assert target.sh("docker image ls -q").stdout == ""

    whole = target.sh(f"cat {STAGE}/{part} | head -c 1000 | sha256sum").stdout
    target.sh(f"cp {STAGE}/{part} /root/kept; printf x | dd of={STAGE}/{part} conv=notrunc bs=1 seek=500 2>/dev/null")
    assert target.sh(f"cat {STAGE}/{part} | head -c 1000 | sha256sum").stdout != whole
    (row,) = push(bed, source, target.target, status=6).values()
    assert f"sha256:{part.removesuffix('.part')}" in row["error"]["message"]
    assert target.sh("docker image ls -q").stdout == ""

    target.sh(f"cp /root/kept {STAGE}/{part}")
    (row,) = push(bed, source, target.target).values()
    assert row["bytes"] <= (BIG + 8) * MIB - int(size)
    is_there(source, target)


def test_a_file(bed, source, engines, tmp_path):
    target = engines("forky-engine")
    file = tmp_path / "images.tar"
    done = provisioner(bed, "image", "save", "one", "two", "-o", file, "--on", source.target)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images.tar"]

    content = bytearray(file.read_bytes())
    middle = source.sh(f"head -c {BIG // 2 * MIB} /root/shared | tail -c 64 | od -An -v -tx1").stdout
    content[content.index(bytes.fromhex(middle))] ^= 1
    flipped = tmp_path / "flipped.tar"
    flipped.write_bytes(content)
    refused = provisioner(bed, "image", "load", "-i", flipped, target.target)
    assert refused.returncode == 2
    assert "its content is not what its digest says" in refused.stderr
    assert target.sh("docker image ls -q").stdout == ""
    assert target.sh(f"ls {STAGE}", check=False).stdout == ""

    done = provisioner(bed, "image", "load", "-i", file, target.target)
    assert done.returncode == 0, done.stderr
    assert "Loaded image: one:latest" in done.stdout
    is_there(source, target)
    target.sh("docker image rm one two")


def test_an_account_with_sudo_and_an_unknown_image(bed, source, engines):
    target = engines("forky-engine")
    known = ("--private-key", str(bed.key_file), "--known-hosts", str(bed.known_hosts))
    words = ["image", "push", "busybox", "--from", source.target, target.target_as("pat"), "-K", *known]
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", *words],
        input=bed.passwords["pat"] + "\n" + bed.passwords["pat"] + "\n",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "busybox" in target.sh("docker image ls").stdout
    assert target.sh("ls -A /home/pat/.cache/provisioner/images", check=False).stdout == ""
    done = provisioner(bed, "image", "push", "no-such", "--from", source.target, target.target)
    assert done.returncode == 6
    assert "no-such" in done.stderr
