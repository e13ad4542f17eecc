"""The mirrors that a host is to get are asked from there before they are written."""

from __future__ import annotations

from provisioner.mirror_probe.before_writing import probe_warnings
from provisioner.remote.wanted_mirrors import ask_wanted
from provisioner.transports.local import LocalTransport
from provisioner.wanted.spec import MirrorChange, Spec
from tests.remote import registries as r


def ask(there=(), **values):
    return ask_wanted(LocalTransport(), Spec(**values, install=False), there=there)


def test_only_what_is_new_is_asked_and_in_its_order():
    with r.serving(r.Registry()) as live, r.serving(r.Registry()) as had, r.serving(r.WithToken()) as other:
        dead, gone = r.dead_url(), r.dead_url()
        found = ask(
            there=[had.url],
            registry_mirrors=[dead, live.url, had.url],
            other_registry_mirrors={"ghcr.io": [other.url, gone]},
        )
        assert [(mirror.url, mirror.verdict, mirror.hopeless) for mirror in found] == [
            (dead, "dead", True),
            (live.url, "alive", False),
            (other.url, "alive", False),
            (gone, "dead", True),
        ]
        assert (had.asked, [path for _, path in other.asked]) == ([], ["/v2/"])
        assert [warning.split()[0] for warning in probe_warnings(found)] == [dead, gone]


def test_a_change_asks_what_it_adds():
    with r.serving(r.Registry()) as live:
        (found,) = ask(mirror_change=MirrorChange(add=(live.url,), remove=("http://old.corp",)))
    assert found.verdict == "alive"


def test_nothing_to_ask():
    assert ask(registry_mirrors=[]) == ()
    assert ask(there=["http://a.corp"], registry_mirrors=["http://a.corp"]) == ()
    assert ask(mirror_change=MirrorChange(remove=("http://a.corp",))) == ()
