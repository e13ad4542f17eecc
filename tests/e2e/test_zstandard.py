"""A source whose lists are packed with zstandard, as Docker's are since Enterprise Linux 9, on a host without zstd."""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

import pytest

from tests.e2e.command_line import outcomes
from tests.machine import needs

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def zstandard_source(bed, tmp_path):
    """The list of the test source, repacked; packages and key are the same ones."""
    needs("zstd")
    below = "linux/centos/9/x86_64/stable"
    target = tmp_path / below
    target.mkdir(parents=True)
    index = urlopen(f"{bed.source.url}/{below}/repodata/repomd.xml").read().decode()
    (target / "repodata").mkdir()
    lists = {}
    for name in re.findall(r'location href="(repodata/[^"]*xml\.gz)"', index):
        packed = urlopen(f"{bed.source.url}/{below}/{name}").read()
        text = gzip.decompress(packed)
        if "primary" in name:
            lists["primary"] = text.decode()
        again = subprocess.run(["zstd", "-qc"], input=text, capture_output=True, check=True).stdout
        old, new = hashlib.sha256(packed).hexdigest(), hashlib.sha256(again).hexdigest()
        path = name.replace(".gz", ".zst").replace(old, new)
        (target / path).write_bytes(again)
        index = index.replace(name, path).replace(old, new).replace(f"<size>{len(packed)}<", f"<size>{len(again)}<")
    (target / "repodata" / "repomd.xml").write_text(index)
    for name in re.findall(r'location href="([^"]*\.rpm)"', lists["primary"]):
        path = target / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(urlopen(f"{bed.source.url}/{below}/{name}").read())
    (tmp_path / "linux" / "centos" / "gpg").write_bytes(urlopen(f"{bed.source.url}/linux/centos/gpg").read())
    server = ThreadingHTTPServer((bed.source.address, 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{bed.source.address}:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_package_manager_reads_what_the_host_cannot_unpack(bed, start_host, zstandard_source):
    host = start_host("centos-9-lookalike")
    assert host.sh("command -v zstd", check=False).returncode != 0
    source = ("--source", zstandard_source, "--source-fingerprint", bed.source.fingerprint)
    (probed,) = outcomes(bed, "source", "probe", host.target, *source).values()
    (row,) = probed["sources"]
    assert row["problem"] == ""
    assert "26.1.5" in row["newest"]
    (answer,) = outcomes(bed, "apply", "--yes", host.target, "--docker-version", "20.10", *source).values()
    assert answer["docker_version"].startswith("20.10.24")
