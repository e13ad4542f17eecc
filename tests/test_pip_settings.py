"""The settings of pip that a bare machine of the test bed is given: what `pip config list` says, as a pip.conf."""

from __future__ import annotations

import configparser
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.testbed import pip_settings
from tests.testbed.pip_settings import AUTHORITIES, parse, written


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ("", {"global": {}}),
        (
            "global.index-url='https://index.example/simple'\ninstall.no-deps='true'\n",
            {"global": {"index-url": "https://index.example/simple"}, "install": {"no-deps": "true"}},
        ),
        ("global.cert='/a.pem'\n:env:.cert='/b.pem'\n", {"global": {"cert": "/b.pem"}}),
        (
            "global.extra-index-url='\\nhttps://one.example\\nhttps://two.example'\n",
            {"global": {"extra-index-url": "\nhttps://one.example\nhttps://two.example"}},
        ),
    ],
    ids=["none", "two sections", "the environment goes first", "several lines"],
)
def test_what_pip_lists_is_read(listed, found):
    assert parse(listed) == found


TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).filter(
    lambda text: text[0] not in "#;" and "%" not in text
)


@given(st.dictionaries(st.sampled_from(["index-url", "find-links", "cert"]), st.lists(TEXTS, min_size=1, max_size=3)))
def test_what_is_written_is_read_back(options):
    values = {name: "\n".join(words) for name, words in options.items()}
    file = configparser.RawConfigParser()
    file.read_string(written({"global": values}))
    assert dict(file["global"]) == values


def test_what_lies_on_this_machine_comes_along(monkeypatch, tmp_path):
    (tmp_path / "index" / "simple").mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    for name in ("constraints.txt", "ca.pem"):
        (tmp_path / name).write_text(name)
    conf = {
        "extra-index-url": f"file://{tmp_path}/index/simple https://index.example/simple",
        "find-links": f"{tmp_path}/wheels {tmp_path}/gone",
        "constraint": f"{tmp_path}/constraints.txt",
        "cert": f"{tmp_path}/ca.pem",
    }
    (tmp_path / "pip.conf").write_text(written({"global": conf}))
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    settings = pip_settings.of_this_machine()
    assert {f"{tmp_path}/index", f"{tmp_path}/wheels"} <= set(settings.folders)
    assert settings.files[f"{tmp_path}/constraints.txt"] == b"constraints.txt"
    assert settings.files[AUTHORITIES] == b"ca.pem"
    assert "https_proxy=http://proxy.example:3128" in settings.environment
    file = configparser.RawConfigParser()
    file.read_string(settings.files["/etc/pip.conf"].decode())
    assert file["global"]["cert"] == AUTHORITIES
    assert file["global"]["find-links"] == conf["find-links"]
