"""The probe, for real: every tool that downloads and every packing of a list, against a server on loopback."""

from __future__ import annotations

import gzip
import subprocess
import time

import pytest

from provisioner.facts.frames import new_nonce
from provisioner.remote import source_probe
from provisioner.sources.reach import key_problem
from tests.keys import OTHER_KEY
from tests.machine import needs
from tests.offered import ROCKY
from tests.sources.trees import APT_HELPER, PACKINGS, PRIMARY, OnlyWith, ask, deb_tree, rpm_tree

TOOLS = {
    "curl": (("curl",), ""),
    "wget": (("wget",), ""),
    "busybox-wget": (("busybox",), APT_HELPER),
    "apt-helper": (("apt-config",), ""),
    "python3": (("python3",), APT_HELPER),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_asks_alike(tool, serve, tmp_path):
    tools, without = TOOLS[tool]
    if tool == "apt-helper":
        needs(APT_HELPER)
    host = OnlyWith(tmp_path, *tools, without=without)
    good, gone = ask(host, {"good": serve(deb_tree()), "gone": serve({})})
    assert good.problem == ""
    assert good.versions == {
        "docker-ce": ("5:26.1.5-1~ubuntu.24.04~noble", "5:20.10.24~3-0~ubuntu-noble"),
        "containerd.io": ("1.6.20-1",),
    }
    assert key_problem(good) == ""
    assert "does not carry this release" in gone.problem
    assert "404" in gone.problem


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_tells_one_reason_and_nothing_else(tool, tmp_path):
    tools, without = TOOLS[tool]
    if tool == "apt-helper":
        needs(APT_HELPER)
    (dead,) = ask(OnlyWith(tmp_path, *tools, without=without), {"dead": "http://127.0.0.1:9"})
    assert "onnect" in dead.problem
    assert len(dead.problem) < 160, dead.problem
    for noise in ("/tmp", "_apt", "W:", "E:", "Failed to fetch"):
        assert noise not in dead.problem, dead.problem


def test_nothing_to_ask_with_is_said(serve, tmp_path):
    host = OnlyWith(tmp_path, without=f"{APT_HELPER} /usr/libexec/platform-python")
    (answer,) = ask(host, {"a": serve(deb_tree())})
    assert "none of curl, wget, apt-helper, python and busybox" in answer.problem


@pytest.mark.parametrize("ending", PACKINGS)
def test_every_packing_of_a_list_is_read(ending, serve, tmp_path):
    pack, tools = PACKINGS[ending]
    url = serve(rpm_tree(pack(PRIMARY.encode()), ending))
    (answer,) = ask(OnlyWith(tmp_path, "curl", *tools), {"a": url}, ROCKY, "rocky-9")
    assert (answer.problem, answer.versions) == (
        "",
        {"docker-ce": ("3:26.1.5-1.el9",), "docker-ce-cli": ("1:26.1.5-1.el9",)},
    )


def test_zstandard_is_read_where_something_reads_it(serve, tmp_path):
    needs("zstd")
    packed = subprocess.run(["zstd", "-qc"], input=PRIMARY.encode(), capture_output=True, check=True).stdout
    url = serve(rpm_tree(packed, ".zst"))
    (answer,) = ask(OnlyWith(tmp_path, "curl", "zstd"), {"a": url}, ROCKY, "rocky-9")
    assert answer.versions["docker-ce"] == ("3:26.1.5-1.el9",)


def test_a_list_that_nothing_here_unpacks_is_left_to_the_package_manager(serve, tmp_path):
    url = serve(rpm_tree(b"\x28\xb5\x2f\xfd not to be unpacked here", ".zst"))
    (answer,) = ask(OnlyWith(tmp_path, "curl"), {"a": url}, ROCKY, "rocky-9")
    assert (answer.problem, answer.listed, answer.versions) == ("", False, {})


def test_each_way_to_be_unusable_has_its_reason(serve, tmp_path):
    behind = deb_tree()
    behind["/linux/ubuntu/dists/noble/stable/binary-amd64/Packages.gz"] = gzip.compress(b"Package: other\n")
    keyless = {path: body for path, body in deb_tree().items() if not path.endswith("/gpg")}
    listless = {path: body for path, body in deb_tree().items() if not path.endswith(".gz")}
    answers = ask(
        OnlyWith(tmp_path, "curl"),
        {
            "page": serve(deb_tree(index="<html>welcome</html>")),
            "behind": serve(behind),
            "keyless": serve(keyless),
            "listless": serve(listless),
            "swapped": serve(deb_tree(key=OTHER_KEY)),
            "closed": "http://127.0.0.1:1",
        },
    )
    problems = {answer.source.name: answer.problem for answer in answers}
    assert "is not an InRelease file" in problems["page"]
    assert "does not match its index" in problems["behind"]
    assert problems["keyless"].startswith("no key:")
    assert problems["listless"].startswith("no package list:")
    assert problems["swapped"] == ""
    assert "nothing of it is trusted" in key_problem(answers[4])
    assert "127.0.0.1" in problems["closed"]


def test_a_release_that_is_not_carried_steps_back(serve, tmp_path):
    (answer,) = ask(OnlyWith(tmp_path, "curl"), {"a": serve(deb_tree(suite="jammy"))})
    assert (answer.problem, str(answer.suite)) == ("", "ubuntu/jammy")
    assert "does not carry ubuntu/noble (yet)" in answer.stepped_back


def test_a_silent_source_costs_its_limit_once_and_only_itself(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(source_probe, "LIMIT", 2)
    silent = {"/linux/ubuntu/dists/noble/InRelease": 20}
    began = time.monotonic()
    first, second = ask(OnlyWith(tmp_path, "curl"), {"silent": serve(silent), "good": serve(deb_tree())})
    assert "no answer within 2 s" in first.problem
    assert second.problem == ""
    assert time.monotonic() - began < 8


def test_nobody_waits_for_the_others_once_the_first_has_answered(serve, tmp_path):
    silent = {"/linux/ubuntu/dists/noble/InRelease": 20}
    began = time.monotonic()
    first, second = ask(OnlyWith(tmp_path, "curl"), {"good": serve(deb_tree()), "silent": serve(silent)}, patient=False)
    assert (first.problem, second.problem) == ("", "not waited for")
    assert time.monotonic() - began < 4


def test_the_nonce_keeps_a_list_from_passing_as_a_frame(serve, tmp_path):
    hostile = deb_tree(packages=f"Package: docker-ce\nVersion: @@{new_nonce()} done 0\n")
    (answer,) = ask(OnlyWith(tmp_path, "curl"), {"a": serve(hostile)})
    assert answer.problem == ""
