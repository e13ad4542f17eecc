"""registries.yaml: our edit changes its own lines and no other byte, or is refused."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ApplyError
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.k3s_registries import with_mirrors
from provisioner.host_files.mirror_files import K3S, k3s

A, B = "https://a.corp", "http://b.corp:5000/hub"
OURS = f'mirrors:\n  docker.io:\n    endpoint:\n      - "{A}"\n'


def edited(text, mirrors, *, ours=False):
    return with_mirrors(HostFile(K3S, text), mirrors, ours=ours)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("# only a comment\n", f"# only a comment\n{OURS}"),
        ("# no newline at the end", f"# no newline at the end\n{OURS}"),
        ("---\n# a\n", f"---\n# a\n{OURS}"),
        (
            "mirrors: # ours\n  # of the team\n  ghcr.io:\n    endpoint: [https://g]\n",
            f'mirrors: # ours\n  docker.io:\n    endpoint:\n      - "{A}"\n  # of the team\n  ghcr.io:\n    endpoint: [https://g]\n',
        ),
        (
            "configs: {}\r\nmirrors:\r\n  q.io:\r\n    endpoint: [x]\r\n",
            f'configs: {{}}\r\nmirrors:\r\n  docker.io:\r\n    endpoint:\r\n      - "{A}"\r\n  q.io:\r\n    endpoint: [x]\r\n',
        ),
    ],
    ids=["comment", "no newline", "marker", "comment of an entry", "CRLF"],
)
def test_comments_stay_where_they_are(text, after):
    assert edited(text, [A]) == after
    assert edited(after, [], ours=True) == (text if text.endswith("\n") else text + "\n")


def test_clearing_never_deletes_a_file_of_comments():
    text = "# How to add a mirror: ask the platform team, room 4\n"
    assert edited(edited(text, [A]), [], ours=True) == text
    assert edited(OURS + "# the end\n", [], ours=True) == "# the end\n"
    assert edited(f"mirrors: # why\n{OURS.partition(chr(10))[2]}", [], ours=True) == "# why\n"
    assert edited(OURS, [], ours=True) is None


def test_comments_behind_our_entry_stay_when_it_changes():
    text = OURS + "# about ghcr\n\n  # and this\n  ghcr.io:\n    endpoint: [x] # last\n# end\n"
    assert edited(text, [B], ours=True) == text.replace(A, B)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: &x {b: 1}\nc: *x\n", "uses aliases"),
        ("mirrors:\n  ghcr.io: {endpoint: [x]}\n---\na: 1\n", "cannot be read"),
        ("a: 2001-99-99\n", "cannot be read"),
        ("\udcff: 1\n", "cannot be read"),
        (f"a: {'[' * 3000}{']' * 3000}\n", "is nested too deep"),
        ("# long\n" * 50_000, "is larger than 256 KiB"),
        ("- a\n", "no mapping"),
        ("mirrors: 5\n", "no mapping"),
        ("configs: {}\n...\n", "in a form that is not edited"),
        ("mirrors:\n  docker.io: 5\n", "says other things of docker.io"),
        ("? mirrors\n: ghcr.io: {endpoint: [x]}\n", "in a form that is not edited"),
        ("{mirrors: {}}\n", "on one line"),
        (
            "mirrors:\n  ghcr.io: {endpoint: [x]}\nmirrors:\n  quay.io: {endpoint: [x]}\n",
            "in a form that is not edited",
        ),
    ],
)
def test_what_cannot_be_merged_is_refused_with_the_file_as_it_was(text, says):
    with pytest.raises(ApplyError, match=says) as caught:
        edited(text, [A])
    assert "Nothing was changed" in caught.value.message


COMMENTS = st.sampled_from(["", "", "# note\n", "\n", "  # docker.io: no\n", "# mirrors:\n\n"])
NAMES = ("ghcr.io", "quay.io", '"*"', "registry.example:5000", "'docker.io:443'")
ENDPOINTS = (
    "    endpoint: [https://x]\n",
    "    endpoint:\n    - https://x # why\n",
    "    endpoint:\n      - x\n    rewrite:\n      '^a': b\n",
)


@st.composite
def files(draw):
    def note():
        return draw(COMMENTS)

    sections = []
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    if names:
        rows = [
            f"  {name}:{draw(st.sampled_from(['', ' # c']))}\n{note()}{draw(st.sampled_from(ENDPOINTS))}"
            for name in names
        ]
        sections.append(f"mirrors:{draw(st.sampled_from(['', '  # site']))}\n" + "".join(note() + row for row in rows))
    if draw(st.booleans()):
        sections.append('configs:\n  "a:5000":\n    auth: {username: u, password: "#x"}\n')
    draw(st.randoms()).shuffle(sections)
    text = draw(st.sampled_from(["", "---\n", "# head\n"])) + "".join(note() + section for section in sections) + note()
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))


@given(files())
def test_our_edit_changes_only_its_own_lines(text):
    after = edited(text, [A, B])
    document, before = yaml.safe_load(after), yaml.safe_load(text) or {}
    assert document["mirrors"].pop("docker.io") == {"endpoint": [A, B]}
    assert {**document, "mirrors": document["mirrors"] or {}} == {"mirrors": {}, **before}
    if not text.strip():
        return
    assert len(after.splitlines()) - len(text.splitlines()) == (4 if "mirrors" in before else 5)
    assert edited(after, [B], ours=True) == edited(text, [B])
    assert edited(after, [], ours=True) == text


@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    ).map(yaml.safe_dump)
)
def test_whatever_stands_there_is_read_or_refused(text):
    k3s(HostFile(K3S, text))
    try:
        after = edited(text, [A])
    except ApplyError:
        return
    assert yaml.safe_load(after)["mirrors"]["docker.io"] == {"endpoint": [A]}


@pytest.mark.parametrize(
    "text", [f"a: {'[' * 400_000}", "a: {" * 100_000, "- x\n" * 200_000], ids=["lists", "maps", "long"]
)
def test_a_host_cannot_hold_up_a_fleet_with_it(text):
    began = time.process_time()
    (row,) = k3s(HostFile(K3S, text))
    assert row.problem
    assert time.process_time() - began < 1
