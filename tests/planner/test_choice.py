"""Which packages are chosen from where: sources that fall through, versions, releases that step back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import UnsupportedError
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.planner.planner import plan, questions
from provisioner.scripts.render import apply_script
from provisioner.wanted.spec import Spec
from tests.hosts import BARE, INFO, RUNNING, sample
from tests.keys import FINGERPRINT, KEY, OTHER_FINGERPRINT, OTHER_KEY
from tests.offered import EL9, NOBLE, ROCKY, good


def step(planned, name):
    return next(step for step in planned.steps if step.id == name)


def test_unusable_sources_fall_through_to_the_fastest_and_the_plan_says_why():
    dead = replace(good("official"), problem="Connection timed out after 4001 milliseconds")
    missing = replace(good("aliyun"), problem="it does not carry this release: error: 404")
    broken = replace(good("tuna"), problem="its package list does not match its index")
    planned = plan(
        "h", Host.of(BARE), (dead, missing, broken, good("ustc", seconds=0.9), good("azure", seconds=0.2)), Spec()
    )
    assert planned.strategy == "apt-repo"
    assert "http://azure.example" in step(planned, "source").title
    assert [(row.strategy, row.reason) for row in planned.rejected] == [
        ("source official", "Connection timed out after 4001 milliseconds"),
        ("source aliyun", "it does not carry this release: error: 404"),
        ("source tuna", "its package list does not match its index"),
    ]


def test_a_wrong_key_is_refused_and_nothing_of_that_source_is_used():
    swapped = replace(good("official"), key=OTHER_KEY)
    planned = plan("h", Host.of(BARE), (swapped, good("aliyun")), Spec())
    assert "http://aliyun.example" in step(planned, "source").title
    assert f"its key is {OTHER_FINGERPRINT}, expected {FINGERPRINT}" in planned.rejected[0].reason
    assert "official.example" not in apply_script(planned)


def test_the_official_source_is_preferred_to_a_faster_one_but_not_for_an_older_release():
    official, fast = good("official", seconds=2.0), good("aliyun", seconds=0.1)
    assert "official" in step(plan("h", Host.of(BARE), (official, fast), Spec()), "source").title
    behind = good("official", suites=("ubuntu/resolute", "ubuntu/noble"), suite_index=1)
    assert "aliyun" in step(plan("h", Host.of(BARE), (behind, fast), Spec()), "source").title


def test_a_release_that_no_source_carries_steps_back_with_a_notice():
    planned = plan(
        "h", Host.of(BARE), (good("official", suites=("ubuntu/resolute", "ubuntu/noble"), suite_index=1),), Spec()
    )
    assert any("does not carry ubuntu/resolute (yet); its packages of ubuntu/noble" in w for w in planned.warnings)
    assert "Suites: noble" in step(planned, "source").diffs[1].after


@pytest.mark.parametrize(
    ("wanted", "version"),
    [(None, NOBLE[2]), ("latest", NOBLE[2]), ("28", NOBLE[1]), ("28.3", NOBLE[1]), ("28.3.1", NOBLE[0])],
)
def test_all_engine_packages_are_installed_at_the_version_that_was_asked_for(wanted, version):
    packages = step(plan("h", Host.of(BARE), (good("official"),), Spec(version=wanted)), "packages").params["packages"]
    assert packages == [f"docker-ce={version}", f"docker-ce-cli={version}", "containerd.io=2.1.5-1"]


def test_the_two_epochs_of_rpm_packages_are_one_version():
    cli = tuple(version.replace("3:", "1:") for version in EL9)
    answer = good("official", EL9, suites=("rhel/9",))
    answer = replace(answer, versions={**answer.versions, "docker-ce-cli": cli})
    params = step(plan("h", Host.of(ROCKY), (answer,), Spec(version="20.10")), "packages").params
    assert params["packages"][:2] == ["docker-ce-20.10.24-3.el9", "docker-ce-cli-20.10.24-3.el9"]


def test_on_yum_a_downgrade_is_told_apart_from_an_install():
    facts = replace(
        ROCKY,
        package_manager="yum",
        engine=RUNNING.engine,
        packages={"docker-ce": "3:26.1.5-1.el9", "docker-ce-cli": "1:26.1.5-1.el9", "containerd.io": "2.1.5-1"},
        held=frozenset({"docker-ce"}),
    )
    planned = plan("h", Host.of(facts), (good("official", EL9, suites=("rhel/9",)),), Spec(version="20.10.24"))
    params = step(planned, "packages").params
    assert params["downgrade"] == ["docker-ce-20.10.24-3.el9", "docker-ce-cli-20.10.24-3.el9"]
    assert params["packages"] == []
    script = apply_script(planned)
    assert "manage downgrade docker-ce-20.10.24-3.el9" in script
    assert script.index("versionlock delete docker-ce") < script.index("versionlock add docker-ce")


def test_without_a_list_the_package_manager_gets_a_pattern_of_whole_numbers():
    answer = replace(good("official", (), suites=("rhel/9",)), versions={}, listed=False)
    packages = step(plan("h", Host.of(ROCKY), (answer,), Spec(version="28.3.1")), "packages").params["packages"]
    assert packages[:2] == ["docker-ce-28.3.1-*", "docker-ce-cli-28.3.1-*"]
    packages = step(plan("h", Host.of(ROCKY), (answer,), Spec(version="28.3")), "packages").params["packages"]
    assert packages[:3] == ["docker-ce-28.3.*", "docker-ce-cli-28.3.*", "containerd.io"]


def test_a_version_that_no_source_has_is_refused_with_what_there_is():
    with pytest.raises(UnsupportedError, match=r"it has no docker-ce 27; it has 28\.3\.1, 28\.3\.10, 29\.4\.0"):
        plan(
            "h",
            Host.of(replace(BARE, os=sample("centos-9"), package_manager="dnf")),
            (good("official"),),
            Spec(version="27"),
        )


@pytest.mark.parametrize(
    ("name", "manager", "version", "last"),
    [
        ("centos-7", "yum", "29", "26.1.4"),
        ("centos-8", "dnf", "26.1.4", "26.1.3"),
        ("ubuntu-14.04", "apt", "18.09", "18.06.3"),
        ("ubuntu-20.04", "apt", "29", "28.1.1"),
        ("raspbian-12", "apt", "29.0.0", "28.5.2"),
    ],
)
def test_a_version_that_was_never_built_is_refused_before_any_source_is_asked(name, manager, version, last):
    facts = replace(BARE, os=sample(name), package_manager=manager)
    with pytest.raises(UnsupportedError, match=f"the last engine built for it is {last}"):
        questions(Host.of(facts), Spec(version=version))
    assert questions(Host.of(facts), Spec(version=last)).sources
    assert questions(Host.of(facts), Spec(version=version, source="http://packages.example/docker-ce")).sources


def test_a_derivative_is_announced():
    facts = replace(BARE, os=sample("trisquel-11.0"))
    planned = plan("h", Host.of(facts), (good("official", suites=("ubuntu/jammy",)),), Spec())
    assert any("is taken as Ubuntu 22.04 jammy because" in warning for warning in planned.warnings)


def test_old_arm_has_no_packages_since_raspbian_ended():
    facts = replace(BARE, os=sample("raspbian-13"), arch="armv6l", package_arch="armhf")
    planned = plan("h", Host.of(facts), (good("official", suites=("debian/trixie",)),), Spec())
    assert planned.strategy == "distro-packages"
    assert "need ARMv7, this is armv6l" in planned.rejected[0].reason


def test_an_old_apt_gets_a_one_line_source_a_binary_key_and_https():
    facts = replace(BARE, os=sample("ubuntu-14.04"), init="upstart")
    answer = good("official", ("18.06.3~ce~3-0~ubuntu",), suites=("ubuntu/trusty",))
    answer = replace(
        answer,
        source=replace(answer.source, base="https://official.example"),
        versions={"docker-ce": ("18.06.1~ce~3-0~ubuntu", "18.06.3~ce~3-0~ubuntu")},
    )
    planned = plan("h", Host.of(facts), (answer,), Spec(version="18.06"))
    assert step(planned, "prerequisites").params["packages"] == ["apt-transport-https"]
    assert step(planned, "key").params["path"] == "/etc/apt/trusted.gpg.d/docker.gpg"
    assert step(planned, "source").diffs[0].after == (
        "deb [arch=amd64] https://official.example/linux/ubuntu trusty stable\n"
    )
    params = step(planned, "packages").params
    assert params["packages"] == ["docker-ce=18.06.3~ce~3-0~ubuntu"]
    assert params["flags"] == []


def test_the_source_that_is_set_up_already_is_asked_first_with_the_key_it_came_with():
    url = "http://packages.example/docker-ce/linux/ubuntu"
    facts = replace(
        BARE,
        source_files=(
            HostFile("/etc/apt/sources.list.d/docker.sources", f"Types: deb\nURIs: {url}\nSuites: noble\n"),
            HostFile("/etc/apt/keyrings/docker.asc", KEY),
        ),
    )
    first, second, *_ = questions(Host.of(facts), Spec()).sources
    assert (first.name, first.base, first.fingerprint) == (
        "configured",
        "http://packages.example/docker-ce",
        FINGERPRINT,
    )
    assert second.name == "official"


def test_intranet_sources_are_asked_inside_their_cloud_or_by_name():
    names = {source.name for source in questions(Host.of(BARE), Spec()).sources}
    assert "aliyun" in names
    assert not [name for name in names if name.endswith("-intranet")]
    inside = replace(BARE, hardware="Alibaba Cloud Alibaba Cloud ECS")
    assert "aliyun-intranet" in {source.name for source in questions(Host.of(inside), Spec()).sources}
    assert [source.name for source in questions(Host.of(BARE), Spec(source="tencent-intranet")).sources] == [
        "tencent-intranet"
    ]


def test_rows_of_enterprise_linux_8_switch_the_module_filter_off():
    facts = replace(ROCKY, os=sample("rocky-8.10"))
    planned = plan("h", Host.of(facts), (good("official", EL9, suites=("rhel/8",)),), Spec())
    assert "module_hotfixes=1" in step(planned, "source").diffs[1].after
    nine = plan("h", Host.of(ROCKY), (good("official", EL9, suites=("rhel/9",)),), Spec())
    assert "module_hotfixes" not in step(nine, "source").diffs[1].after


@pytest.mark.parametrize(
    ("name", "manager", "package"),
    [
        ("amzn-2", "yum", "docker"),
        ("amzn-2023", "dnf", "docker"),
        ("fedora-43", "dnf5", "moby-engine"),
        ("openeuler-24.03", "dnf", "docker-engine"),
        ("debian-forky", "apt", "docker.io"),
    ],
)
def test_the_distributions_own_engine_is_the_last_resort(name, manager, package):
    facts = replace(BARE, os=sample(name), package_manager=manager)
    planned = plan("h", Host.of(facts), (), Spec())
    assert planned.strategy == "distro-packages"
    assert step(planned, "packages").params["packages"][0] == package
    there = replace(RUNNING, os=facts.os, package_manager=manager, packages={package: "25.0.8-1"})
    assert plan("h", Host.of(there), (), Spec()).empty


def test_a_system_update_comes_first_and_only_on_request():
    assert "system-update" not in [step.id for step in plan("h", Host.of(BARE), (good("official"),), Spec()).steps]
    assert plan("h", Host.of(BARE), (good("official"),), Spec(system_update=True)).steps[0].id == "system-update"


@pytest.mark.parametrize(("lists", "update", "renew"), [(0, True, False), (3, True, True), (3, False, False)])
def test_old_lists_are_fetched_anew_where_they_prove_old_and_that_is_wanted(lists, update, renew):
    facts = replace(BARE, package_lists=lists)
    found = step(plan("h", Host.of(facts), (good("official"),), Spec(update=update)), "packages")
    assert found.params["renew"] is renew


@pytest.mark.parametrize(("lists", "update", "refresh"), [(0, True, "all"), (3, True, "source"), (0, False, "source")])
def test_only_what_is_needed_is_refreshed(lists, update, refresh):
    facts = replace(BARE, package_lists=lists)
    assert (
        step(plan("h", Host.of(facts), (good("official"),), Spec(update=update)), "packages").params["refresh"]
        == refresh
    )


def test_held_packages_are_released_and_held_again():
    facts = replace(
        RUNNING,
        packages={"docker-ce": NOBLE[0], "docker-ce-cli": NOBLE[0]},
        held=frozenset({"docker-ce", "docker-ce-cli"}),
    )
    script = apply_script(plan("h", Host.of(facts), (good("official"),), Spec(version="29")))
    assert script.index("apt-mark unhold docker-ce docker-ce-cli") < script.index(
        "apt-mark hold docker-ce docker-ce-cli"
    )


def test_hold_on_rpm_is_a_versionlock_and_a_held_host_is_converged():
    facts = replace(RUNNING, os=ROCKY.os, package_manager="dnf", packages={"docker-ce": "3:26.1.5-1.el9"})
    assert [step.template for step in plan("h", Host.of(facts), (), Spec(hold=True)).steps] == ["rpm_hold"]
    assert plan("h", Host.of(replace(facts, held=frozenset({"docker-ce"}))), (), Spec(hold=True)).empty


def test_latest_upgrades_to_what_the_source_offers_and_is_satisfied_without_an_answer():
    facts = replace(RUNNING, packages={"docker-ce": NOBLE[0], "docker-ce-cli": NOBLE[0]})
    assert questions(Host.of(facts), Spec(version="latest")).sources
    upgrade = plan("h", Host.of(facts), (good("official"),), Spec(version="latest"))
    assert f"docker-ce={NOBLE[2]}" in step(upgrade, "packages").params["packages"]
    assert plan(
        "h", Host.of(replace(facts, packages={"docker-ce": NOBLE[2]})), (good("official"),), Spec(version="latest")
    ).empty
    assert plan("h", Host.of(facts), (), Spec(version="latest")).empty
    dead = plan("h", Host.of(facts), (replace(good("official"), problem="timed out"),), Spec(version="latest"))
    assert dead.empty
    assert dead.warnings == ("whether there is a newer engine could not be found out: official: timed out",)
    assert questions(Host.of(facts), Spec()).sources == ()


@pytest.mark.parametrize("live_restore", [False, True])
def test_taking_the_place_of_another_engine_stops_what_runs_and_keeps_its_data(live_restore):
    packages = {
        "docker.io": "26.1.5",
        "docker-cli": "26.1.5",
        "docker-buildx": "0.13",
        "containerd": "1.7",
        "runc": "1.1",
    }
    info = replace(INFO, containers_running=2, live_restore=live_restore)
    facts = replace(RUNNING, os=sample("debian-13"), packages=packages, engine=replace(RUNNING.engine, info=info))
    answer = good("official", ("5:28.3.1-1~debian.13~trixie",), suites=("debian/trixie",))
    planned = plan("h", Host.of(facts), (answer,), Spec(strategy="apt-repo"))
    assert planned.steps[0].title == "remove docker.io docker-cli docker-buildx containerd runc"
    assert (planned.restart.how, planned.restart.stops_containers) == ("restart", 2)
    script = apply_script(planned)
    assert "remove docker.io docker-cli" in script
    assert " purge " not in script.replace("never `purge`", "")
    assert "rm -rf" not in script
