from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.images.name import ImageName, image_name

DIGEST = "sha256:" + "0123456789abcdef" * 4

NAMES = [
    ("redis", ImageName("docker.io", "library/redis"), "redis", "redis:latest"),
    ("redis:3.2", ImageName("docker.io", "library/redis", "3.2"), "redis:3.2", "redis:3.2"),
    ("library/redis", ImageName("docker.io", "library/redis"), "redis", "redis:latest"),
    ("docker.io/redis", ImageName("docker.io", "library/redis"), "redis", "redis:latest"),
    ("index.docker.io/library/redis", ImageName("docker.io", "library/redis"), "redis", "redis:latest"),
    ("grafana/loki:2", ImageName("docker.io", "grafana/loki", "2"), "grafana/loki:2", "grafana/loki:2"),
    ("localhost/x", ImageName("localhost", "x"), "localhost/x", "localhost/x:latest"),
    ("localhost:5000/x", ImageName("localhost:5000", "x"), "localhost:5000/x", "localhost:5000/x:latest"),
    ("[::1]:5000/x:1", ImageName("[::1]:5000", "x", "1"), "[::1]:5000/x:1", "[::1]:5000/x:1"),
    ("ghcr.io/a/b/c:V1.0-rc_2", ImageName("ghcr.io", "a/b/c", "V1.0-rc_2"), *(["ghcr.io/a/b/c:V1.0-rc_2"] * 2)),
    ("Host/x", ImageName("Host", "x"), "Host/x", "Host/x:latest"),
    (f"redis@{DIGEST}", ImageName("docker.io", "library/redis", "", DIGEST), *([f"redis@{DIGEST}"] * 2)),
    (f"redis:7@{DIGEST}", ImageName("docker.io", "library/redis", "7", DIGEST), *([f"redis:7@{DIGEST}"] * 2)),
    ("a--b/c__d-e.f", ImageName("docker.io", "a--b/c__d-e.f"), "a--b/c__d-e.f", "a--b/c__d-e.f:latest"),
]


@pytest.mark.parametrize(("text", "name", "shown", "pulled"), NAMES, ids=[row[0][:24] for row in NAMES])
def test_a_name_is_read_as_registries_read_it(text, name, shown, pulled):
    assert image_name(text) == name
    assert (name.text, name.pulled) == (shown, pulled)


WRONG = [
    ("", "it names no repository", ""),
    ("Redis", "repositories are in small letters", "did you mean redis"),
    ("Redis:3.2", "repositories are in small letters", "did you mean redis:3.2"),
    ("Busy/Box:1", "repositories are in small letters", "did you mean busy/box:1"),
    ("ghcr.io/Org/App:1", "repositories are in small letters", "did you mean ghcr.io/org/app:1"),
    ("https://ghcr.io/a/b", "an image name has no scheme", "did you mean ghcr.io/a/b"),
    ("redis:", "there is no tag after the colon", ""),
    ("redis:.1", "'.1' is no tag", ""),
    ("redis:a b", "it has a space", ""),
    ("redis:" + "x" * 129, "no longer than 128", ""),
    ("redis@", "nothing is no digest", ""),
    ("redis@sha256:12", "sha256:12 is no digest", ""),
    ("redis@sha256:" + "A" * 64, "is no digest", ""),
    ("a//b", "nothing between two slashes", ""),
    ("a/b/", "nothing between two slashes, or after the last", ""),
    ("/a", "'' is no part|nothing between", ""),
    ("ghcr.io/", "it names no repository", ""),
    ("-a", "'-a' is no part of a name", ""),
    ("a___b", "'a___b' is no part of a name", ""),
    ("under_score.example/x", "under_score.example is no registry", ""),
    ("host:port/x", "host:port is no registry", ""),
    ("a/" + "b" * 254, "longer than 255", ""),
    ("0123456789abcdef" * 4, "64 hexadecimal digits are an id", ""),
    ("redis\x1b[2J", "it has a character", ""),
    ("redis:latest\n", "it has a character", ""),
    ("redis:\u0661", "is no tag", ""),
]


@pytest.mark.parametrize(("text", "why", "hint"), WRONG, ids=[repr(row[0])[:24] for row in WRONG])
def test_what_is_no_name_is_explained(text, why, hint):
    with pytest.raises(UsageError, match=why) as refused:
        image_name(text)
    assert hint in refused.value.hint


@given(st.text(alphabet="aZ09.:/-_@[] é", max_size=40))
def test_a_name_shown_is_the_same_name(text):
    try:
        name = image_name(text)
    except UsageError:
        return
    assert image_name(name.text) == name
    assert image_name(name.pulled).repository == name.repository
