from __future__ import annotations

import pytest

from provisioner.errors import UsageError
from provisioner.images.container import container

CASES = [
    pytest.param((), {}, ["redis"], id="nothing"),
    pytest.param(
        (),
        {"remove": True, "interactive": True, "tty": True, "detach": True},
        ["--rm", "--interactive", "--tty", "--detach", "redis"],
        id="flags",
    ),
    pytest.param(
        (),
        {"environment": ("A=1", "B"), "publish": ("80:80",), "volumes": ("/a:/b:ro",)},
        ["--env=A=1", "--env=B", "--publish=80:80", "--volume=/a:/b:ro", "redis"],
        id="lists",
    ),
    pytest.param((), {"name": "n", "entrypoint": ""}, ["--name=n", "--entrypoint=", "redis"], id="an empty entrypoint"),
    pytest.param(
        ("--rm", "-e"), {"environment": ("--x",)}, ["--env=--x", "redis", "--rm", "-e"], id="what looks like options"
    ),
]


@pytest.mark.parametrize(("command", "options", "words"), CASES)
def test_words(command, options, words):
    assert container("redis", command, **options).words == ("run", *words)


@pytest.mark.parametrize("image", ["", "--rm", "Redis", "a b", "-"])
def test_no_image(image):
    with pytest.raises(UsageError):
        container(image, ())
