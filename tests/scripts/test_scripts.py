from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.checks.proof import listening_plan, proof_plan
from provisioner.facts.frames import new_nonce
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.images.drift import CONTAINERS
from provisioner.images.layers import HISTORY
from provisioner.images.listing import DETAILS
from provisioner.images.marked import Marked
from provisioner.images.stock import CONTAINER, IMAGE, SEEN, USE
from provisioner.mirror_probe.answer import HELLO
from provisioner.mirror_probe.proxies import proxies
from provisioner.planner.planner import plan
from provisioner.remote.source_probe import LIMIT
from provisioner.removal.removal import plan_removal
from provisioner.scripts.render import (
    apply_script,
    engine_script,
    facts_script,
    follow_script,
    launch_script,
    root_script,
    shell_text,
    template_text,
)
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, RUNNING, sample
from tests.offered import EL9, NOBLE, ROCKY, good, script
from tests.removable import FULL, INSTALLED

KEYS = ("621e9f35-58ade481",)
HELD = {"docker-ce": "3:26.1.5-1.el9", "containerd.io": "1.6-1", "podman": "4", "docker.io": "20.10"}
QUIET = HostFile(path="/etc/docker/daemon.json", text='{"log-level": "it\'s"}')


def carried(script, what="PAYLOAD"):
    """What the envelope carries, or a script in that: to shellcheck it is the text of a here document."""
    return re.search(rf"<<'(PROVISIONER_\w+_{what})'\n(.*)^\1$", script, re.DOTALL | re.MULTILINE)[2]


SCRIPTS = {
    "facts": template_text("facts.sh"),
    "envelope": facts_script(new_nonce(), become_password="s3cret pass'\"$"),
    "install": apply_script(
        plan("h", Host.of(BARE), (), Spec(registry_mirrors=["https://m.example"], users=["ops"], hold=True))
    ),
    "mirrors": apply_script(
        plan("h", Host.of(RUNNING), (), Spec(registry_mirrors=["https://m.example"], install=False))
    ),
    "apt": apply_script(
        plan(
            "h",
            Host.of(replace(BARE, packages=HELD, held=frozenset(HELD), ca_certificates=False)),
            (good("official", NOBLE),),
            Spec(version="28.3", hold=True, system_update=True),
        )
    ),
    "old-apt": apply_script(
        plan("h", Host.of(replace(BARE, os=sample("ubuntu-14.04"), init="upstart")), (good("official", NOBLE),), Spec())
    ),
    "distro-version": apply_script(plan("h", Host.of(BARE), (), Spec(version="20.10", strategy="distro-packages"))),
    "amazon": apply_script(plan("h", Host.of(replace(ROCKY, os=sample("amzn-2"), package_manager="yum")), (), Spec())),
    "mirror-probe": carried(
        root_script(
            "mirror_probe.sh.j2",
            new_nonce(),
            mirrors=[{"base": "https://m.example", "depth": "full"}],
            images=(HELLO,),
            limit=8,
            connect=4,
            total=20,
            most=2**20,
            tool="",
            proxies=proxies({"HTTPS_PROXY": "http://me:it's@p:1", "NO_PROXY": "*.example,10.0.0.0/8"}, "x"),
        )
    ),
    **{
        f"images-{way}": carried(
            engine_script(
                "images/list.sh.j2",
                new_nonce(),
                which=("--filter", "reference=it's*") if way != "all" else (),
                everything=way == "rows",
                rows=way in {"rows", "all", "names"},
                inspects=way != "names",
                how=("--format", "{{.ID}}"),
                chosen_here=way == "chosen",
                marked=("--digests", "--format"),
                marks=Marked("table it's").around,
                details=DETAILS,
            )
        )
        for way in ("rows", "all", "names", "lines", "chosen")
    },
    "images-stock": carried(
        engine_script(
            "images/stock.sh.j2",
            new_nonce(),
            image=IMAGE,
            container=CONTAINER,
            since="1795758717",
            use=USE,
            references=("it's:1",),
        )
    ),
    "images-history": carried(engine_script("images/history.sh.j2", new_nonce(), ids=("sha256:ab",), history=HISTORY)),
    "images-prune": carried(
        engine_script(
            "images/prune.sh.j2",
            new_nonce(),
            seen=SEEN,
            since="2026-11-27T06:00:00Z",
            items=[{"id": "sha256:ab", "seen": "it's\n:1", "names": "a:1 b:1", "references": ("a:1", "b:1")}],
        )
    ),
    "images-rm": carried(
        engine_script(
            "images/rm.sh.j2",
            new_nonce(),
            references=("it's:1",),
            options=("--force",),
            image=IMAGE,
            container=CONTAINER,
        )
    ),
    **{
        f"images-df-{rows}": carried(
            engine_script(
                "images/df.sh.j2", new_nonce(), rows=rows, how=("--format", "it's"), patience=9, longest=(9, 5)
            )
        )
        for rows in (True, False)
    },
    "images-drift": carried(
        engine_script("images/drift.sh.j2", new_nonce(), details=DETAILS, containers=CONTAINERS, upstream=True)
    ),
    "images-upstream": carried(
        engine_script(
            "images/upstream.sh.j2",
            new_nonce(),
            asked=[
                {
                    "name": "it's",
                    "registry": "r.example:5",
                    "known": "sha256:1 sha256:2",
                    "urls": ("https://it's.example",),
                }
            ],
        )
    ),
    "images-pull": carried(
        engine_script(
            "images/pull.sh.j2",
            new_nonce(),
            limit=3600,
            leaving="it's: ",
            how=("--platform", "linux/it's"),
            details=DETAILS,
            over=("/tmp/it's", "/dev/shm/b"),
            images=[{"name": "it's:1", "found": "it's@sha256:1"}, {"name": "b", "found": "b"}],
        )
    ),
    "images-way": carried(engine_script("images/way.sh.j2", new_nonce())),
    "images-layers": carried(engine_script("images/layers.sh.j2", new_nonce())),
    "images-stage": shell_text("images/stage.sh.j2", nonce=new_nonce(), blobs=("0" * 64, "1" * 64)),
    "images-receive": shell_text("images/receive.sh.j2", stage="/root/it's", digest="0" * 64, begin=3, size=7),
    "images-load": carried(
        engine_script(
            "images/load.sh.j2",
            new_nonce(),
            stage="/s t",
            blobs=("0" * 64, "1" * 64),
            manifest="[]",
            ids=("one", "two"),
        )
    ),
    "images-client": shell_text(
        "images/client.sh.j2",
        client="/usr/bin/docker",
        settings="/root/it's",
        socket="unix:///s",
        nonce=new_nonce(),
        words=("run", "a b"),
    ),
    "images-signal": shell_text("images/signal.sh.j2", signal="INT", process=7),
    "images-as-root": shell_text("images/as_root.sh.j2", nonce=new_nonce(), method="su", script="echo it's"),
    "engine-proxies": carried(root_script("engine_proxies.sh.j2", new_nonce())),
    **{
        manager: apply_script(
            plan(
                "h",
                Host.of(
                    replace(ROCKY, package_manager=manager, packages=HELD, held=frozenset(HELD), engine=RUNNING.engine)
                ),
                (good("official", EL9, suites=("rhel/9",)),),
                Spec(version="20.10", hold=True, system_update=True),
            )
        )
        for manager in ("yum", "dnf", "dnf5")
    },
    **{
        f"probe-{patient}": carried(
            root_script(
                "source_probe.sh.j2",
                new_nonce(),
                sources=(good("official").source, good("aliyun").source),
                limit=LIMIT,
                patience=20,
                patient=patient,
            )
        )
        for patient in (True, False)
    },
    **{
        f"versions-{manager}": carried(root_script("versions.sh.j2", new_nonce(), manager=manager, package="docker-ce"))
        for manager in ("apt", "dnf")
    },
    "lock-tool": carried(root_script("lock_tool.sh.j2", new_nonce(), manager="dnf", plugin="a-plugin")),
    **{
        f"remove-{manager}": apply_script(
            plan_removal("h", Host.of(replace(INSTALLED, package_manager=manager, rpm_keys=KEYS)))
        )
        for manager in ("apt", "yum", "dnf5")
    },
    **{
        f"purge-{init}": apply_script(plan_removal("h", Host.of(replace(INSTALLED, packages=HELD, init=init)), FULL))
        for init in ("systemd", "sysvinit", "upstart", "openrc", "none")
    },
    **{
        f"convenience-script-{family}": apply_script(
            plan(
                "h",
                Host.of(replace(facts, packages=HELD, held=frozenset(HELD))),
                script(),
                Spec(strategy="convenience-script", source="tuna", version="28.3"),
            )
        )
        for family, facts in (("deb", BARE), ("rpm", replace(ROCKY, package_manager="dnf")))
    },
    **{
        f"script-{pinned}": carried(
            root_script("script.sh.j2", new_nonce(), url="https://it's.example/a b", limit=20, pinned=pinned)
        )
        for pinned in (True, False)
    },
    "losses": carried(root_script("losses.sh.j2", new_nonce(), data_root="/srv/it's docker")),
    "proof": apply_script(proof_plan("h", Host.of(RUNNING), "it's.example/a:1")),
    "listening": apply_script(listening_plan("h", Host.of(RUNNING), ("/tmp/it's", "/dev/shm/b"), 60)),
    "quiet-proof": apply_script(proof_plan("h", Host.of(replace(RUNNING, daemon_json=QUIET)), "alpine")),
    "launch": launch_script("echo hello", "abc", run="r", holder="somebody's"),
    "launch-payload": carried(launch_script("echo hello", "abc", run="r", holder="somebody's")),
    "run": carried(launch_script("echo hello", "abc", run="r", holder="somebody's"), "RUN"),
    "launch-repeated": carried(
        launch_script(
            "echo hello", "abc", run="r.a", holder="me", entry=["run r", "it's"], asked=["r", "q"], known=["q.a", "r.b"]
        )
    ),
    "follow": carried(follow_script("abc", run="r")),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_parses(name):
    subprocess.run(["sh", "-n"], input=SCRIPTS[name], text=True, check=True)


@pytest.mark.shellcheck
@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_has_no_complaint(name):
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if shellcheck is None:
        pytest.fail("shellcheck is part of the development dependencies")
    excluded = "SC2034,SC2317,SC2329"  # variables and functions of the prelude that this plan does not use
    result = subprocess.run(
        [shellcheck, "-s", "sh", "-S", "warning", "-e", excluded, "-"],
        input=SCRIPTS[name],
        text=True,
        capture_output=True,
        check=False,
    )
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("facts", "again"),
    [
        pytest.param(replace(BARE, packages=HELD, held=frozenset(HELD)), "apt-mark hold", id="apt"),
        pytest.param(replace(ROCKY, packages=HELD, held=frozenset(HELD)), "versionlock add", id="rpm"),
    ],
)
def test_what_was_held_is_held_again_after_the_installation_script(facts, again):
    planned = plan("h", Host.of(facts), script(), Spec(strategy="convenience-script"))
    assert re.search(rf"(?m)^  {again} .*\bdocker-ce\b.* \|\| note", apply_script(planned))
