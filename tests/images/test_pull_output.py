from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.images.pull_output import PullOutput, digests_of

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
FRESH = f"""latest: Pulling from library/one
4d6655bbe78b: Pulling fs layer
5b9657b4c091: Pulling fs layer
5b9657b4c091: Download complete
4d6655bbe78b: Verifying Checksum
4d6655bbe78b: Download complete
4d6655bbe78b: Pull complete
5b9657b4c091: Pull complete
Digest: {ONE}
Status: Downloaded newer image for one:latest
docker.io/library/one:latest"""
HERE = f"""latest: Pulling from library/one
Digest: {ONE}
Status: Image is up to date for one:latest
docker.io/library/one:latest"""
SHARED = f"""4d6655bbe78b: Already exists
5b9657b4c091: Pulling fs layer
5b9657b4c091: Retrying in 5 seconds
5b9657b4c091: Pull complete
Digest: {TWO}
Status: Downloaded newer image for one:latest"""
OLD = f"""latest: Pulling from library/one
Digest: {ONE}
Status: Image is up to date for one:latest"""
CUT = """latest: Pulling from library/one
4d6655bbe78b: Pulling fs layer"""
ODD = f"""4d6655bbe78b: Pull complete\r
Digest: sha256:12
Digest: {ONE} and more
Status: something else"""

SAID = [
    pytest.param(FRESH, ONE, "downloaded", 2, 3, id="everything comes"),
    pytest.param(HERE, ONE, "up to date", 0, 3, id="it is here"),
    pytest.param(SHARED, TWO, "downloaded", 2, 2, id="a layer is here"),
    pytest.param(OLD, ONE, "up to date", 0, 2, id="18.06 says no name at the end"),
    pytest.param(CUT, "", "", 0, 0, id="cut off"),
    pytest.param(ODD, "", "", 1, 1, id="other words"),
    pytest.param("", "", "", 0, 0, id="nothing"),
]


def heard(text):
    output = PullOutput()
    return output, [output.hear(line) for line in text.split("\n")]


@pytest.mark.parametrize(("text", "digest", "arrival", "here", "closing"), SAID)
def test_what_a_pull_came_to(text, digest, arrival, here, closing):
    output, told = heard(text)
    assert (output.digest, output.arrival, len(output.closing)) == (digest, arrival, closing)
    layers = [words for words, done in told if done and words[12:14] == ": "]
    assert len(layers) == len(set(layers)) == here


def test_what_is_told_meanwhile():
    _, told = heard(FRESH)
    assert told[:3] == [
        ("latest: Pulling from library/one", True),
        ("0 of 1 layers; 4d6655bbe78b: Pulling fs layer", False),
        ("0 of 2 layers; 5b9657b4c091: Pulling fs layer", False),
    ]
    assert [words for words, done in told if done] == [
        "latest: Pulling from library/one",
        "4d6655bbe78b: Pull complete",
        "5b9657b4c091: Pull complete",
    ]


@given(st.lists(st.text(alphabet="0af: Pullcomplete\r\x1bé", max_size=30), max_size=20))
def test_whatever_is_said_is_borne(lines):
    output = PullOutput()
    for line in lines:
        told, done = output.hear(line)
        assert told or not done
    assert (output.digest, output.arrival) == ("", "")


DIGESTS = [
    ("redis:7", (f"redis@{ONE}",), (ONE,)),
    ("redis:7", (f"docker.io/library/redis@{ONE}", f"mirror.example/redis@{TWO}"), (ONE,)),
    ("redis:7", (f"redis@{ONE}", f"redis@{TWO}"), (ONE, TWO)),
    ("ghcr.io/a/b", (f"ghcr.io/a/b@{ONE}", f"ghcr.io/a/c@{TWO}"), (ONE,)),
    ("redis:7", (), ()),
    ("redis:7", ("<none>@<none>", "redis", "\x1b"), ()),
]


@pytest.mark.parametrize(("name", "said", "found"), DIGESTS, ids=[str(len(row[1])) + row[0] for row in DIGESTS])
def test_only_digests_of_the_repository_count(name, said, found):
    assert digests_of(name, said) == found
