"""Which of the lists that an index names is asked for, whether it is the one, and who unpacks it here."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import re
from dataclasses import replace

import pytest

from tests.hosts import BARE
from tests.machine import needs
from tests.offered import ROCKY
from tests.sources.trees import (
    APT_HELPER,
    APT_PACKINGS,
    LISTS,
    PACKAGES,
    PRIMARY,
    SHELLS,
    VERSIONS,
    OnlyWith,
    apt_tree,
    ask,
    rpm_tree,
)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("ending", APT_PACKINGS)
def test_a_source_may_publish_its_list_in_one_packing_alone(ending, shell, serve, tmp_path):
    pack, tools = APT_PACKINGS[ending]
    tree = apt_tree({f"{LISTS}{ending}": pack(PACKAGES.encode())})
    (answer,) = ask(OnlyWith(tmp_path, "curl", *tools, shell=SHELLS[shell]), {"a": serve(tree)})
    assert (answer.problem, answer.versions) == ("", VERSIONS)


@pytest.mark.parametrize(
    ("ending", "tools", "without"),
    [
        pytest.param(".xz", ("python3",), APT_HELPER, id="xz by python"),
        pytest.param(".bz2", ("python3",), APT_HELPER, id="bzip2 by python"),
        pytest.param(".xz", ("busybox",), APT_HELPER, id="xz by busybox"),
        pytest.param(".xz", ("apt-config",), "", id="xz by apt"),
        pytest.param(".zst", ("apt-config",), "", id="zstandard by apt"),
    ],
)
def test_a_host_without_the_tool_of_a_packing_has_others(ending, tools, without, serve, tmp_path):
    if not without:
        needs(APT_HELPER)
    tree = apt_tree({f"{LISTS}{ending}": APT_PACKINGS[ending][0](PACKAGES.encode())})
    (answer,) = ask(OnlyWith(tmp_path, "curl", *tools, without=without), {"a": serve(tree)})
    assert (answer.problem, answer.versions) == ("", VERSIONS)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_smallest_list_that_is_there_and_is_unpacked_here_is_taken(shell, serve, tmp_path):
    text = PACKAGES.encode() * 9
    lists = {
        LISTS: text,
        f"{LISTS}.gz": gzip.compress(text),
        f"{LISTS}.bz2": bz2.compress(text),
        f"{LISTS}.xz": b"\xfd7zXZ that nothing unpacks",
        f"{LISTS}.lz4": b"x",
        f"{LISTS}.diff/Index": b"x",
    }
    sizes = [len(lists[f"{LISTS}{ending}"]) for ending in (".xz", ".gz", "")]
    assert sizes == sorted(sizes)
    tree = apt_tree(lists, served={f"{LISTS}.bz2": None})
    host = OnlyWith(tmp_path, "curl", without=APT_HELPER, shell=SHELLS[shell])
    (answer,) = ask(host, {"a": serve(tree)})
    assert (answer.problem, answer.versions["containerd.io"]) == ("", ("1.6.20-1",) * 9)
    assert "Packages" not in tree.asked
    assert tree.asked.index("Packages.xz") < tree.asked.index("Packages.gz")
    assert not {"Packages.lz4", "Index"} & set(tree.asked)


def test_an_apt_list_that_nothing_here_unpacks_is_left_to_apt(serve, tmp_path):
    tree = apt_tree({f"{LISTS}.xz": lzma.compress(PACKAGES.encode())})
    (answer,) = ask(OnlyWith(tmp_path, "curl", without=APT_HELPER), {"a": serve(tree)})
    assert (answer.problem, answer.listed, answer.versions) == ("", False, {})


@pytest.mark.parametrize("shell", SHELLS)
def test_the_sum_of_another_list_does_not_count(shell, serve, tmp_path):
    ours, theirs = gzip.compress(PACKAGES.encode()), gzip.compress(b"Package: docker-ce\nVersion: 1\n")
    lists = {f"{LISTS}.gz": ours, "stable/binary-arm64/Packages.gz": theirs}
    tree = apt_tree(lists, served={f"{LISTS}.gz": theirs})
    (answer,) = ask(OnlyWith(tmp_path, "curl", shell=SHELLS[shell]), {"a": serve(tree)})
    assert "its package list does not match its index" in answer.problem


@pytest.mark.parametrize(
    ("lists", "problem"),
    [
        pytest.param(
            {"stable/binary-amd64/Packages.gz": gzip.compress(PACKAGES.encode())},
            "it has no packages for arm64 in stable",
            id="other architectures alone",
        ),
        pytest.param(
            {"stable/binary-arm64/Packages": b"", "stable/binary-amd64/Packages": PACKAGES.encode()},
            "it has no packages for arm64 in stable",
            id="an empty list",
        ),
        pytest.param(
            {"test/binary-arm64/Packages": PACKAGES.encode()},
            "it has no packages for arm64 in stable",
            id="another channel alone",
        ),
    ],
)
def test_a_source_without_this_architecture_says_so(lists, problem, serve, tmp_path):
    facts = replace(BARE, arch="aarch64", package_arch="arm64")
    (answer,) = ask(OnlyWith(tmp_path, "curl"), {"a": serve(apt_tree(lists, plain=False))}, facts)
    assert answer.problem == problem


def test_a_list_that_apt_would_pass_over_is_no_list(serve, tmp_path):
    # apt 2.6, 3.0 and 3.1 read none of it and say nothing.
    tree = apt_tree({f"{LISTS}.xz": lzma.compress(PACKAGES.encode())}, plain=False)
    (answer,) = ask(OnlyWith(tmp_path, "curl"), {"a": serve(tree)})
    assert answer.problem == f"its index does not name {LISTS}, without which apt reads no list of it"


def test_an_index_that_names_no_sums_is_said_to_be_so(serve, tmp_path):
    tree = apt_tree({LISTS: PACKAGES.encode()})
    path = "/linux/ubuntu/dists/noble/InRelease"
    tree[path] = tree[path].replace(b"SHA256:", b"SHA1:")
    (answer,) = ask(OnlyWith(tmp_path, "curl"), {"a": serve(tree)})
    assert answer.problem.endswith("/InRelease names no list by its SHA256")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("kind", "algorithm"), [("sha256", "sha256"), ("sha512", "sha512"), ("sha", "sha1")])
def test_the_sum_of_an_rpm_list_is_the_one_that_stands_with_it(kind, algorithm, shell, serve, tmp_path):
    packed = gzip.compress(PRIMARY.encode())
    wrong, right = (hashlib.new(algorithm, body).hexdigest() for body in (b"another", packed))
    host = OnlyWith(tmp_path, "curl", f"{algorithm}sum", shell=SHELLS[shell])
    problems = []
    for own, others in ((right, wrong), (wrong, right)):
        tree = rpm_tree(packed, ".gz")
        path = next(path for path in tree if path.endswith("repomd.xml"))
        index = re.sub(r"<checksum .*</checksum>", f'<checksum type="{kind}">{own}</checksum>', tree[path].decode())
        filelists = f'<data type="filelists"><checksum type="{kind}">{others}</checksum>'
        tree[path] = index.replace('<data type="filelists">', filelists).encode()
        (answer,) = ask(host, {"a": serve({**tree, path: tree[path]})}, ROCKY, "rocky-9")
        problems.append(answer.problem)
    assert problems[0] == ""
    assert "its package list does not match its index" in problems[1]
