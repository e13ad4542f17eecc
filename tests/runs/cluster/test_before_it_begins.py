"""What is refused before anything is sent to a cluster, and what travels at all."""

from __future__ import annotations

import pickle
import sys

import dask
import distributed  # noqa: F401 # brings the defaults of its configuration, before a test sets some
import pytest
from cryptography.exceptions import InvalidTag

from provisioner.errors import (
    ApplyError,
    BugError,
    ConnectionLostError,
    DaemonConfigurationError,
    HostKeyError,
    ProvisionerError,
    UsageError,
)
from provisioner.remote.attempt import new_attempt
from provisioner.runs import one_host
from provisioner.runs.cluster.build import this_build
from provisioner.runs.cluster.opening import Cluster, check, opened, security_of
from provisioner.runs.cluster.seal import Seal
from provisioner.runs.duty import Change, Job, LookAndChange
from provisioner.runs.target import Target
from provisioner.transports.local import LocalTransport
from provisioner.transports.ssh import SSHOptions, SSHTransport
from provisioner.wanted.spec import Spec
from tests.dask_cluster import Papers
from tests.fake_host import FakeHost, target

TLS, OPEN = "tls://scheduler.example:8786", "tcp://scheduler.example:8786"
SECRET = "correct-horse-battery"


def ssh(password=None, become=None, **wanted):
    return Target(SSHTransport(SSHOptions("web1.example", password=password)), Spec(**wanted), become)


@pytest.mark.parametrize(
    ("address", "found", "says"),
    [
        pytest.param("scheduler:8786", ssh(), "not the address of a scheduler", id="no scheme"),
        pytest.param("tls://scheduler", ssh(), "not the address of a scheduler", id="no port"),
        pytest.param("inproc://10.0.0.1:8786", ssh(), "not the address of a scheduler", id="another scheme"),
        pytest.param("tls://a b:8786", ssh(), "not the address of a scheduler", id="a space"),
        pytest.param(TLS, Target(LocalTransport(), Spec()), "would be whichever worker takes it", id="this machine"),
        pytest.param(OPEN, ssh(SECRET), "its login password would travel", id="login password"),
        pytest.param(OPEN, ssh(become=SECRET), "its sudo password would travel", id="sudo password"),
        pytest.param(
            OPEN,
            ssh(daemon={"proxies": {"http-proxy": f"http://me:{SECRET}@proxy.example"}}),
            "a secret of its wanted state would travel",
            id="password in a URL",
        ),
    ],
)
def test_refused(address, found, says):
    with pytest.raises(UsageError, match=says) as refused:
        check(Cluster(address), [found])
    assert refused.value.hint
    assert SECRET not in f"{refused.value.message} {refused.value.hint}"


def test_a_password_may_travel_over_tls_and_none_over_tcp():
    check(Cluster(TLS), [ssh(SECRET, SECRET)])
    check(Cluster(OPEN), [ssh(registry_mirrors=("https://mirror.example",))])


@pytest.mark.parametrize("missing", ["distributed", "cryptography"])
def test_without_the_extra_it_says_what_to_install(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageError, match=missing) as refused:
        check(Cluster(TLS), [ssh()])
    assert refused.value.hint == "pip install 'provisioner[dask]'"


def test_certificates_that_are_missing_or_none(tmp_path):
    papers = Papers(tmp_path / "papers")
    other = Papers(tmp_path / "other")
    ca, cert, key = str(papers.ca), str(papers.cert), str(papers.key)
    for cluster, says in [
        (Cluster(TLS), "needs a CA"),
        (Cluster(TLS, ca), "needs a certificate"),
        (Cluster(TLS, str(tmp_path / "none.pem"), cert, key), "none.pem: No such file"),
        (Cluster(TLS, ca, cert, str(other.key)), "cannot be used"),
        (Cluster(TLS, key, cert, key), "cannot be used"),
        (Cluster(OPEN, ca), "is for tls://"),
    ]:
        with pytest.raises(UsageError, match=says), opened(cluster, [ssh()]):
            pass


def test_papers_may_stand_in_dasks_own_configuration(tmp_path):
    papers = Papers(tmp_path / "papers")
    tls = "distributed.comm.tls"
    said = {f"{tls}.ca-file": papers.ca, f"{tls}.client.cert": papers.cert, f"{tls}.client.key": papers.key}
    with dask.config.set({name: str(path) for name, path in said.items()}):
        assert security_of(Cluster(TLS)).tls_client_cert == str(papers.cert)
        assert security_of(Cluster(TLS)).require_encryption


@pytest.mark.parametrize(
    "error",
    [
        ApplyError("no", hint="try"),
        BugError("bug", hint="file"),
        ConnectionLostError("gone"),
        HostKeyError("another key", hint="look"),
        DaemonConfigurationError("a comma", path="/etc/docker/daemon.json", text="{,}", offset=1, caution="takes it"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_travels_whole(error):
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert (str(there), there.__dict__) == (str(error), error.__dict__)
    assert isinstance(there, ProvisionerError)


def test_a_plan_and_an_outcome_travel_whole():
    host = FakeHost("web0")
    planned = one_host.plan(target(host)).light()
    changed = one_host.apply(target(host), planned, allow_restart=False, on_step=lambda _step, _what: None).finished()
    for outcome in (planned, changed):
        assert pickle.loads(pickle.dumps(outcome)) == outcome


def test_a_job_travels_with_its_way_to_the_host():
    duty = LookAndChange(Change(new_attempt("a run", "apply"), allow_restart=True, proof=None, stale=60.0))
    there = pickle.loads(pickle.dumps((duty, Job(ssh(SECRET, SECRET)))))
    assert there[0] == duty
    assert there[1].target.transport.options == SSHOptions("web1.example", password=SECRET)


def test_only_the_other_end_opens_what_was_sealed():
    here, there, other = Seal(), Seal(), Seal()
    closed = here.with_peer(there.public).close({"password": SECRET})
    assert SECRET.encode() not in closed
    assert there.with_peer(here.public).open(closed) == {"password": SECRET}
    with pytest.raises(InvalidTag):
        other.with_peer(here.public).open(closed)
    with pytest.raises(InvalidTag):
        there.with_peer(here.public).open(closed[:-1] + bytes([closed[-1] ^ 1]))


def test_a_build_is_told_by_its_files():
    assert this_build() == this_build()
    assert str(this_build()).startswith("provisioner ")
