"""What the probe says of a mirror is what the engine does with it: redirects, blobs from elsewhere, proxies.

Three engines: 20.10 and 26.1 with their own image store, 28.5 with the one of containerd.
"""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.e2e.command_line import outcomes, provisioner
from tests.e2e.engine_ages import ALL
from tests.remote import registries as r
from tests.testbed.engine import bridge_address

pytestmark = pytest.mark.e2e
PAGE = b"<!doctype html><title>Sign in</title>"


@pytest.fixture(scope="module", params=ALL)
def host(bed, request):
    running = bed.start(request.param, name="mirror-ends")
    if request.param == "forky-engine":
        outcomes(bed, "apply", "--daemon", 'features={"containerd-snapshotter": true}', running.target, "--yes")
    yield running
    running.stop()


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:
        yield lambda registry: stack.enter_context(r.serving(registry, address=bridge_address())).url


def probed(bed, host, *urls):
    done = provisioner(bed, "mirror", "probe", *urls, host.target, "--compare-with", "", "--json")
    (document,) = json.loads(done.stdout)["hosts"]
    return {mirror["url"]: mirror for mirror in document["mirrors"]}


def pulls(host, mirror):
    """True when the engine, with nothing but this mirror, gets the image."""
    host.write("/etc/docker/daemon.json", json.dumps({**kept(host), "registry-mirrors": [mirror]}))
    host.sh("systemctl reload docker; sleep 1; docker rmi -f hello-world >/dev/null 2>&1; true")
    return host.sh("timeout 100 docker pull -q hello-world", check=False).returncode == 0


def kept(host):
    text = host.sh("cat /etc/docker/daemon.json 2>/dev/null || echo {}").stdout
    return {key: value for key, value in json.loads(text).items() if key != "registry-mirrors"}


def test_blobs_redirected_to_blocked_host(host, bed, serve):
    gone = bed.dead_mirror
    mirror = serve(r.Moved(gone, 307, r.BLOBS))
    (found,) = probed(bed, host, mirror).values()
    assert found["verdict"] == "dead", found
    assert gone.removeprefix("http://") in found["evidence"]
    assert not pulls(host, mirror)


def test_mirror_that_redirects(host, bed, serve):
    live = bed.mirrors[0].url
    login = serve(r.Fixed(200, PAGE, Content_Type="text/html"))
    moved = {
        serve(r.Moved(live, 301)): "alive",
        serve(r.Moved(live, 308)): "alive",
        serve(r.Moved(login, 302, location=f"{login}/login")): "parked page",
        serve(r.Moved(serve(r.Fixed(401, WWW_Authenticate='Basic realm="x"')))): "restricted",
        serve(r.Moved(bed.dead_mirror)): "dead",
    }
    found = probed(bed, host, *moved)
    assert {url: found[url]["verdict"] for url in moved} == moved
    for url, verdict in moved.items():
        assert pulls(host, url) is (verdict == "alive"), url


def test_a_proxy_of_the_engine_that_does_not_know_the_mirror(host, bed, serve):
    mirror = bed.mirrors[0].url
    proxy = serve(r.Proxy())
    assert pulls(host, mirror)
    drop_in = "/etc/systemd/system/docker.service.d/proxy.conf"
    host.write(drop_in, f'[Service]\nEnvironment="HTTP_PROXY={proxy}" "HTTPS_PROXY={proxy}"\n')
    host.sh("systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker")
    try:
        (found,) = probed(bed, host, mirror).values()
        assert found["verdict"] == "dead", found
        assert (
            f"through the proxy {proxy.removeprefix('http://')}, as the environment of dockerd says"
            in found["evidence"]
        )
        assert not pulls(host, mirror)
        exempt = f'[Service]\nEnvironment="HTTP_PROXY={proxy}" "NO_PROXY=10.0.0.0/8,{bridge_address()}"\n'
        host.write(drop_in, exempt)
        host.sh("systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker")
        assert probed(bed, host, mirror)[mirror]["verdict"] == "alive"
        assert pulls(host, mirror)
    finally:
        host.sh(f"rm {drop_in}; systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker")


def test_proxies_in_daemon_json(host, bed, serve):
    if host.recipe.engine.startswith("20."):
        return  # it has no such key
    mirror, proxy = bed.mirrors[0].url, serve(r.Proxy())
    before = kept(host)
    host.write("/etc/docker/daemon.json", json.dumps({**before, "proxies": {"http-proxy": proxy}}))
    host.sh("systemctl reset-failed docker; systemctl restart docker")
    try:
        (found,) = probed(bed, host, mirror).values()
        assert (found["verdict"], "as /etc/docker/daemon.json says" in found["evidence"]) == ("dead", True), found
        assert not pulls(host, mirror)
    finally:
        host.write("/etc/docker/daemon.json", json.dumps(before))
        host.sh("systemctl reset-failed docker; systemctl restart docker")
