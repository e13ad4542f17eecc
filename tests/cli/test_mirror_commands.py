"""mirror list, mirror probe and --fastest as they are typed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from provisioner.cli.app import app
from provisioner.cli.mirror_fastest import pick
from provisioner.cli.options import Connection
from provisioner.errors import UsageError, VerifyError
from tests.remote import registries as r


def run(*words):
    return CliRunner().invoke(app, ["mirror", *words], catch_exceptions=False)


def test_list_explains_what_old_instructions_name():
    shown = run("list").output
    assert "https://<id>.mirror.aliyuncs.com" in shown
    assert "registry.docker-cn.com" in shown
    assert "dead since 2019" in shown


def test_list_as_json():
    document = json.loads(run("list", "--json").output)
    assert (document["schema"], document["command"]) == (1, "mirror list")
    assert {"url", "state", "restriction", "since", "note", "date", "source"} <= document["mirrors"][0].keys()


def test_probe_ranks_and_ends_with_7_when_a_named_mirror_is_not_alive():
    with r.serving(r.Registry()) as good, r.serving(r.Fixed(403)) as bad:
        fine = run("probe", good.url, "--compare-with", "")
        mixed = run("probe", bad.url, good.url, "--compare-with", "", "--json")
    assert fine.exit_code == 0
    assert good.url in fine.output
    assert mixed.exit_code == 7
    (host,) = json.loads(mixed.output)["hosts"]
    assert [mirror["verdict"] for mirror in host["mirrors"]] == ["alive", "restricted"]
    assert host["mirrors"][0]["usable"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ftp://one.example"], "needs http:// or https://"),
        (["https://one.example", "--image", "ghcr.io/a/b"], "images of Docker Hub only"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_asked(words, says):
    with pytest.raises(UsageError, match=says):
        run("probe", *words)


def test_fastest_takes_no_certificate_that_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    junk = tmp_path / "ca.pem"
    junk.write_text("junk")
    with r.serving(r.Registry()) as good, pytest.raises(UsageError, match="not the certificate of an authority"):
        run("set", "--fastest", "1", good.url, "--compare-with", "", "--mirror-ca", str(junk), "--yes")


def test_fastest_takes_the_other_options_along(tmp_path):
    ca = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
    with r.serving(r.Registry()) as good:
        (target,) = pick(
            1,
            [good.url],
            [],
            Connection(),
            reference="",
            writing={"mirror_ca": ca, "also": ("podman",), "take_over": True},
        )
    assert target.spec.registry_mirrors == (good.url,)
    assert (target.spec.mirror_ca, target.spec.also, target.spec.take_over) == (ca, ("podman",), True)


def test_the_fastest_is_picked():
    with r.serving(r.Registry()) as quick, r.serving(r.Slow(0.4)) as slow, r.serving(r.Fixed(403)) as refused:
        urls = [refused.url, slow.url, quick.url]
        for count, picked in ((1, (quick.url,)), (3, (quick.url, slow.url))):
            (target,) = pick(count, urls, [], Connection(), reference="")
            assert target.spec.registry_mirrors == picked
            assert not target.spec.install
        with pytest.raises(VerifyError, match="no mirror is alive on every host"):
            pick(1, [refused.url], [], Connection(), reference="")
