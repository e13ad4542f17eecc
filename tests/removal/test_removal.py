from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import BlockedError, UnsupportedError
from provisioner.facts.host import Host
from provisioner.facts.losses import Losses, losses_in
from provisioner.facts.package_state import PackageState
from provisioner.facts.storage import Storage
from provisioner.host_files.host_file import HostFile
from provisioner.removal.removal import packages_to_remove, plan_removal, removal_checks
from provisioner.scripts.render import apply_script
from tests.hosts import BARE, INFO, RUNNING
from tests.keys import FINGERPRINT, KEY
from tests.removable import FULL, INSTALLED, SOURCE


def ids(plan):
    return [step.id for step in plan.steps]


def step(plan, name):
    return next(step for step in plan.steps if step.id == name)


def test_a_host_without_an_engine_has_nothing_to_remove():
    assert plan_removal("h", Host.of(BARE)).empty
    assert plan_removal("h", Host.of(BARE), Losses("/var/lib/docker")).empty


def test_packages_source_key_and_hold_go_and_data_configuration_and_group_stay():
    planned = plan_removal("h", Host.of(INSTALLED))
    assert ids(planned) == ["stop", "packages", "source"]
    params = step(planned, "packages").params
    assert params["packages"] == ("docker-ce", "docker-ce-cli", "containerd.io")
    assert params["held"] == ["docker-ce"]
    assert [(diff.path, diff.after) for diff in planned.diffs] == [
        (SOURCE.path, None),
        ("/etc/apt/keyrings/docker.asc", None),
    ]
    script = apply_script(planned)
    assert "rm -rf" not in script
    assert "groupdel" not in script


def test_running_containers_are_counted_whatever_live_restore_says():
    info = replace(INFO, containers_running=2, live_restore=True)
    planned = plan_removal("h", Host.of(replace(INSTALLED, engine=replace(INSTALLED.engine, info=info))))
    assert (planned.restart.how, planned.restart.stops_containers) == ("stop", 2)
    assert "its 2 running containers" in planned.steps[0].title


def test_a_purge_names_what_would_be_lost():
    daemon_json = HostFile("/etc/docker/daemon.json", '{"debug": true}\n')
    planned = plan_removal("h", Host.of(replace(INSTALLED, daemon_json=daemon_json)), FULL)
    assert ids(planned) == ["stop", "packages", "data", "source", "group"]
    data = step(planned, "data")
    assert data.title == (
        "delete /var/lib/docker, /var/lib/containerd, /etc/docker: 2 containers, 5 images, 1 volume, 3.0 GB"
    )
    assert data.why == (
        "containers: web (running), old (stopped); volumes: data; in /etc/docker: daemon.json, certs.d/hub/ca.crt"
    )
    assert data.diffs[0].after is None


def test_a_purge_after_a_removal_takes_what_is_left():
    facts = replace(BARE, leftover_configuration=("docker-ce", "somebody"), docker_group=())
    planned = plan_removal("h", Host.of(facts), replace(FULL, containerd_program=""))
    assert ids(planned) == ["stop", "packages", "data", "group"]
    assert step(planned, "packages").params["purge"] == ("docker-ce",)


def test_data_from_before_the_data_root_was_moved_goes_too_and_is_said():
    at = replace(FULL, data_root="/srv/data", target="/srv/data", earlier_target="/var/lib/docker", earlier_size=2**30)
    data = step(plan_removal("h", Host.of(INSTALLED), at), "data")
    assert data.title.startswith("delete /srv/data, /var/lib/containerd, /var/lib/docker, /etc/docker: ")
    assert data.title.endswith("1 volume, what was kept before the data root moved, 4.0 GB")
    with pytest.raises(BlockedError, match="leads to /srv, where nothing"):
        plan_removal("h", Host.of(INSTALLED), replace(at, earlier_target="/srv"))


def test_another_data_root_loses_only_what_an_engine_made_and_a_mount_point_or_link_stays():
    at = replace(FULL, data_root="/srv/data", target="/srv/data")
    place = step(plan_removal("h", Host.of(INSTALLED), at), "data").params["places"][0]
    assert place["names"] == ("containers", "image", "overlay2", "volumes")
    assert place["keep"]
    default = step(plan_removal("h", Host.of(INSTALLED), FULL), "data").params["places"][0]
    assert (default["names"], default["keep"]) == ((), False)
    assert step(plan_removal("h", Host.of(INSTALLED), replace(FULL, mount_point=True)), "data").params["places"][0][
        "keep"
    ]
    linked = step(plan_removal("h", Host.of(INSTALLED), replace(FULL, target="/srv/docker")), "data").params["places"][
        0
    ]
    assert (linked["asked"], linked["path"], linked["keep"]) == ("/var/lib/docker", "/srv/docker", True)
    assert "stray" not in linked["names"]


@pytest.mark.parametrize(
    ("root", "target"),
    [
        ("/", "/"),
        ("/var", "/var"),
        ("/var/", "/var"),
        ("/var/lib", "/var/lib"),
        ("/home", "/home"),
        ("/home/alice", "/home/alice"),
        ("/root", "/root"),
        ("", ""),
        ("docker", "/root/docker"),
        ("/srv/../var", "/var"),
        ("/srv/docker\n/etc", "/srv/docker"),
        ("/var/lib/docker", "/"),
        ("/var/lib/docker", "/srv"),
    ],
)
def test_places_in_which_nothing_is_ever_deleted(root, target):
    losses = replace(FULL, data_root=root, target=target)
    with pytest.raises(BlockedError, match="data root"):
        plan_removal("h", Host.of(INSTALLED), losses)
    assert not plan_removal("h", Host.of(INSTALLED)).empty


def test_configuration_that_a_symlink_takes_elsewhere_is_never_a_system_directory():
    with pytest.raises(BlockedError, match="/etc/docker leads to /etc"):
        plan_removal("h", Host.of(INSTALLED), replace(FULL, configuration_target="/etc"))


def test_a_kubernetes_node_keeps_its_containerd():
    facts = replace(INSTALLED, package_state=PackageState(kubernetes_node=True))
    planned = plan_removal("h", Host.of(facts), FULL)
    assert "containerd.io" not in step(planned, "packages").params["packages"]
    assert [place["asked"] for place in step(planned, "data").params["places"]] == ["/var/lib/docker", "/etc/docker"]
    assert any("Kubernetes node" in warning for warning in planned.warnings)


def test_containerd_with_others_data_keeps_it():
    planned = plan_removal("h", Host.of(INSTALLED), replace(FULL, other_namespaces=("k8s.io",)))
    assert "/var/lib/containerd" not in step(planned, "data").title
    assert any("it holds data of k8s.io" in warning for warning in planned.warnings)


def test_the_distributions_containerd_takes_its_data_with_it_or_keeps_it():
    packages = {"docker.io": "26.1.5", "docker-cli": "26.1.5", "containerd": "1.7", "runc": "1.1"}
    planned = plan_removal("h", Host.of(replace(INSTALLED, packages=packages)), FULL)
    assert step(planned, "packages").params["packages"] == ("docker.io", "docker-cli")
    assert step(planned, "packages").params["spare"] == ("containerd", "runc", "tini")
    assert step(planned, "data").params["places"][1]["only_without"] == "containerd"


def test_rpm_hosts_forget_the_key_that_the_key_file_names():
    facts = replace(
        INSTALLED,
        package_manager="dnf",
        source_files=(HostFile("/etc/pki/rpm-gpg/RPM-GPG-KEY-docker", KEY),),
        rpm_keys=(f"{FINGERPRINT[-8:].lower()}-5f0a1b2c", "621e9f35-58ade481", "8483c65d-5ccc5b19"),
    )
    planned = plan_removal("h", Host.of(facts))
    assert ids(planned) == ["stop", "packages", "source", "key"]
    assert step(planned, "key").params["ids"] == [f"{FINGERPRINT[-8:].lower()}-5f0a1b2c", "621e9f35-58ade481"]
    assert "rpm -e gpg-pubkey-621e9f35-58ade481" in apply_script(planned)


def test_a_source_file_of_somebody_else_stays_with_its_key():
    mine = HostFile(
        "/etc/apt/sources.list.d/mine.list",
        "deb [signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/ubuntu noble stable\n",
    )
    planned = plan_removal("h", Host.of(replace(INSTALLED, source_files=(*INSTALLED.source_files, mine))))
    assert [diff.path for diff in planned.diffs] == [SOURCE.path]
    assert any("mine.list name a source of docker-ce as well" in warning for warning in planned.warnings)


def test_a_source_file_that_holds_more_loses_only_dockers_part():
    mixed = replace(
        SOURCE, text="Types: deb\nURIs: https://mine.example\nSuites: x\nComponents: main\n\n" + SOURCE.text
    )
    (diff,) = plan_removal("h", Host.of(replace(INSTALLED, source_files=(mixed,)))).diffs
    assert "mine.example" in diff.after
    assert "docker.com" not in diff.after


def test_half_installed_packages_are_removed_too():
    facts = replace(BARE, half_configured=("docker-ce",))
    assert packages_to_remove(facts) == ("docker-ce",)


def test_the_tray_called_docker_is_no_engine_on_debian():
    assert packages_to_remove(replace(BARE, packages={"docker": "1.5-2"})) == ()
    assert packages_to_remove(replace(BARE, package_manager="yum", packages={"docker": "1.13"})) == ("docker",)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (replace(BARE, snap=True), "snap"),
        (replace(BARE, engine=replace(RUNNING.engine, dockerd="/usr/local/bin/dockerd")), "/usr/local/bin/dockerd"),
    ],
)
def test_what_no_package_brought_is_not_removed(facts, message):
    with pytest.raises(UnsupportedError, match=message):
        plan_removal("h", Host.of(facts))


def test_the_group_stays_when_it_is_somebodys_primary_one():
    planned = plan_removal("h", Host.of(INSTALLED), replace(FULL, members=("ci",)))
    assert "group" not in ids(planned)
    assert any("primary group of ci" in warning for warning in planned.warnings)


def test_checks_after_a_removal():
    assert all(check.passed for check in removal_checks(BARE, purged=True))
    failed = [check.name for check in removal_checks(INSTALLED, purged=False) if not check.passed]
    assert failed == ["no engine", "no package of an engine"]


def test_losses_as_a_host_tells_them():
    body = {
        "target": "/srv/docker\n",
        "entries": "image\nvolumes\n",
        "mount-point": "yes",
        "size": "2048",
        "containers": "web\tUp 3 minutes\nold\tExited (0) 2 days ago\n",
        "images": "sha256:a\nsha256:b\n",
        "volumes": "data\n",
        "containerd-target": "/var/lib/containerd",
        "containerd-size": "",
        "namespaces": "k8s.io\n",
        "primary-group": "ci\n",
    }
    losses = losses_in(body, "/var/lib/docker")
    assert losses.containers == ("web (running)", "old (stopped)")
    assert (losses.images, losses.volumes, losses.size, losses.containerd_size) == (2, ("data",), 2**21, 0)
    assert (losses.mount_point, losses.linked, losses.other_namespaces) == (True, True, ("k8s.io",))
    assert losses.members == ("ci",)
    assert losses_in({}, "/x") == Losses("/x")


def test_the_data_root_of_the_configuration_is_the_one_that_is_purged():
    facts = replace(BARE, storage=Storage(data_root="/srv/docker"))
    losses = Losses("/srv/docker", target="/srv/docker", entries=("image", "mine"))
    assert step(plan_removal("h", Host.of(facts), losses), "data").title.startswith("delete /srv/docker: ")
