"""What templates print of answers that engines give which no host of the test bed has, by a real client of docker.

The engine is a socket that answers as 18.06 and as 29 do (moby's API 1.38 and 1.52). Since 1.52 an image has no Parent,
no Labels, no Created and so on where they are empty, and a template that names one of them fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest

from provisioner.images import drift, listing, stock
from tests.engine_socket import engine_socket
from tests.machine import lacks

pytestmark = pytest.mark.e2e

ID, LAYER, DIGEST = "sha256:" + "1" * 64, "sha256:" + "a" * 64, "sha256:" + "d" * 64
NAMED = {"RepoTags": ["busybox:latest"], "RepoDigests": [f"busybox@{DIGEST}"]}
DATED = {"Created": "2024-09-26T21:31:42Z", "Metadata": {"LastTagTime": "2025-10-03T22:24:18.440035424Z"}}
OF_ITS_OWN = {"Os": "linux", "Architecture": "arm64", "Size": 1913388, "RootFS": {"Type": "layers", "Layers": [LAYER]}}
IMAGES = {
    "18.06": {
        **NAMED, **DATED, **OF_ITS_OWN, "Parent": "", "Comment": "", "DockerVersion": "18.06.3-ce", "Author": "",
        "Config": {"Labels": None, "Cmd": ["sh"]}, "VirtualSize": 1913388, "GraphDriver": {"Name": "overlay2"},
    },
    "29": {**NAMED, **DATED, **OF_ITS_OWN, "Config": {"Cmd": ["sh"]}, "Descriptor": {"digest": DIGEST, "size": 9535}},
    "29, nothing but what it must have": {"Size": 1913388, "RootFS": {}, "Metadata": {}},
    "29, not even that": {},
}  # fmt: skip
CONTAINERS = {
    "18.06": {"Config": {"Labels": {}, "Image": "busybox"}, "HostConfig": {}},
    "29": {"Config": {"Image": "busybox"}},
}


@pytest.fixture
def inspected(tmp_path):
    """A function: what the client prints by a template of such an image, or container."""
    client = shutil.which("docker") or lacks("there is no client of docker here")
    told = {}

    def answer(path):
        return 200, json.dumps(told).encode() if re.search(r"/(images|containers)/x/json", path) else b"OK"

    with engine_socket(tmp_path / "engine.sock", answer) as engine:

        def inspect(kind, said, template):
            told.clear()
            told.update(said)
            words = [client, kind, "inspect", "--format", template, "x"]
            environment = {"PATH": os.environ["PATH"], "DOCKER_HOST": engine.url}
            return subprocess.run(words, capture_output=True, text=True, check=True, env=environment, timeout=20).stdout

        yield inspect


@pytest.mark.parametrize("age", IMAGES)
def test_an_image_is_described(inspected, age):
    answer = {"Id": ID, **IMAGES[age]}
    (image,) = listing.details(inspected("image", answer, listing.DETAILS)).values()
    assert (image.id, image.size, image.parent) == (ID, answer.get("Size", 0), "")
    assert (list(image.tags), list(image.digests)) == (answer.get("RepoTags", []), answer.get("RepoDigests", []))
    assert image.created == (listing.instant(answer["Created"]) if "Created" in answer else None)


@pytest.mark.parametrize("age", IMAGES)
def test_an_image_is_in_the_stock(inspected, age):
    answer = {"Id": ID, **IMAGES[age]}
    frames = {"images": inspected("image", answer, stock.IMAGE), "containers": ""}
    (image,) = stock.stock(frames).images.values()
    assert (image.id, image.size, image.parent, image.labels) == (ID, answer.get("Size", 0), "", {})
    assert list(image.layers) == answer.get("RootFS", {}).get("Layers", [])
    assert image.seen == "\n".join(sorted(inspected("image", answer, stock.SEEN).splitlines()))


@pytest.mark.parametrize("age", CONTAINERS)
def test_a_container_is_in_the_stock(inspected, age):
    answer = {"Id": "c" * 64, "Image": ID, "Name": "/web", "State": {"Status": "exited", "Running": False}}
    answer |= CONTAINERS[age]
    frames = {"images": "", "containers": inspected("container", answer, stock.CONTAINER)}
    (container,) = stock.stock(frames).containers
    assert (container.image, container.told) == (ID, "container web (exited)")
    assert drift.containers(inspected("container", answer, drift.CONTAINERS))
