"""Images over SSH without a registry: `image push`, `save` and `load`."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading

import pytest

from tests.e2e.command_line import begun, outcomes, provisioner
from tests.machine import needs

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
    part, size = target.sh(f"cd {STAGE}/run.* && stat -c '%n %s' *.part").stdout.split()
    assert target.sh(f"stat -c '%a %U' {STAGE}").stdout == "700 root\n"
    assert int(size) > MIB
    assert target.sh("docker image ls -q").stdout == ""

    left = target.sh(f"echo {STAGE}/run.*").stdout.strip()
    whole = target.sh(f"cat {left}/{part} | head -c 1000 | sha256sum").stdout
    target.sh(f"cp {left}/{part} /root/kept; printf x | dd of={left}/{part} conv=notrunc bs=1 seek=500 2>/dev/null")
    assert target.sh(f"cat {left}/{part} | head -c 1000 | sha256sum").stdout != whole
    (row,) = push(bed, source, target.target, status=6).values()
    assert f"sha256:{part.removesuffix('.part')}" in row["error"]["message"]
    assert target.sh("docker image ls -q").stdout == ""

    target.sh(f"cp /root/kept $(echo {STAGE}/run.*)/{part}")
    (row,) = push(bed, source, target.target).values()
    assert row["bytes"] <= (BIG + 8) * MIB - int(size)
    is_there(source, target)


def test_two_at_once_do_not_disturb_each_other(bed, source, start_host):
    target = start_host("debian-12-engine")
    words = ("image", "push", "--from", source.target, target.target, "--json")
    with begun(bed, *words, "one", "two") as first, begun(bed, *words, "one", "two") as second:
        with begun(bed, *words, "one") as third:
            ended = [running.communicate(timeout=120) for running in (first, second, third)]
        assert [running.returncode for running in (first, second, third)] == [0, 0, 0], ended
    is_there(source, target)


def test_what_another_run_has_so_far_is_used_and_left_to_it(bed, source, start_host):
    """It goes on: its connection is there. One that is over leaves what it has."""
    target = start_host("forky-engine")
    runs = {"run.others": "1 $(sed 's/.*) //' /proc/1/stat | cut -d ' ' -f 20)", "run.earlier": "1 1"}
    file = "/root/images.tar"
    source.sh(f"docker save one -o {file}")
    layer = source.sh(f"tar -xOf {file} manifest.json").stdout
    layer = max(
        json.loads(layer)[0]["Layers"], key=lambda name: int(source.sh(f"tar -xOf {file} {name} | wc -c").stdout)
    )
    digest = source.sh(f"tar -xOf {file} {layer} | sha256sum").stdout.split()[0]
    target.write("/root/part", source.sh(f"tar -xOf {file} {layer} | head -c {MIB} | base64").stdout)
    for name, holder in runs.items():
        target.sh(f"umask 077 && mkdir -p {STAGE}/{name} && cd {STAGE}/{name} && echo {holder} >holder")
    target.sh(f"base64 -d /root/part >{STAGE}/run.others/{digest}.part && cp -r {STAGE}/run.others /root/kept")
    target.sh(f"head -c 1000 {STAGE}/run.others/{digest}.part >{STAGE}/run.earlier/{digest}.part")
    (row,) = push(bed, source, target.target).values()
    assert BIG * MIB - MIB < row["bytes"] < (BIG + 8) * MIB - MIB
    assert target.sh(f"ls {STAGE}").stdout == "run.others\n"
    target.sh(f"diff -r {STAGE}/run.others /root/kept && rm -rf /var/lib/provisioner/images")
    is_there(source, target)


def in_zstandard(file, to):
    """What `docker save` wrote into `file`, with layers in zstandard, each by its digest."""
    with tarfile.open(file) as tar:
        (entry,) = json.load(tar.extractfile("manifest.json"))
        config = tar.extractfile(entry["Config"]).read()
        packed = [
            subprocess.run(
                ["zstd", "-q", "-c"], input=tar.extractfile(layer).read(), check=True, capture_output=True
            ).stdout
            for layer in entry["Layers"]
        ]
    blobs = {f"blobs/sha256/{hashlib.sha256(content).hexdigest()}": content for content in (config, *packed)}
    config_path, *layers = blobs
    text = json.dumps([{"Config": config_path, "RepoTags": entry["RepoTags"], "Layers": layers}]).encode()
    with tarfile.open(to, "w") as tar:
        for name, content in {**blobs, "manifest.json": text}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_layers_in_zstandard_go_as_they_are(bed, source, target, tmp_path):
    needs("zstd")
    file, packed = tmp_path / "images.tar", tmp_path / "packed.tar"
    assert provisioner(bed, "image", "save", "busybox", "-o", file, "--on", source.target).returncode == 0
    in_zstandard(file, packed)
    done = provisioner(bed, "image", "load", "-i", packed, target.target)
    if target.sh("docker version -f '{{.Server.Version}}'").stdout.startswith("20."):
        assert done.returncode == 6
        assert "packed with zstandard, which Docker Engine 20.10" in done.stderr
        assert f"provisioner versions {target.target}" in done.stderr
        assert target.sh(f"ls -A {STAGE}; docker image ls -q", check=False).stdout == ""
    else:
        assert done.returncode == 0, done.stderr
        layers = "docker image inspect -f '{{json .RootFS.Layers}}' busybox"
        assert target.sh(layers).stdout == source.sh(layers).stdout


def test_this_machines_own_engine(bed, engines):
    """The one that the disposable hosts are containers of."""
    target = engines("forky-engine")
    name = "pushed-from-here:1"
    with tarfile.open(fileobj=(content := io.BytesIO()), mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    subprocess.run(["docker", "import", "-", name], input=content.getvalue(), check=True, capture_output=True)
    try:
        layers = ["docker", "image", "inspect", "-f", "{{json .RootFS.Layers}}", name]
        here = subprocess.run(layers, check=True, capture_output=True, text=True).stdout
        (row,) = outcomes(bed, "image", "push", name, target.target).values()
        assert len(row["sent"]) == 1
        assert target.sh(f"docker image inspect -f '{{{{json .RootFS.Layers}}}}' {name}").stdout == here
        target.sh(f"docker image rm {name}")
    finally:
        subprocess.run(["docker", "image", "rm", name], check=True, capture_output=True)


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
