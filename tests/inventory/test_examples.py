"""The shipped examples, the Vagrantfile and the schema agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from provisioner.inventory import inventory_schema, load, spec_of
from provisioner.inventory.wanted import INTERNAL
from provisioner.wanted.spec import Spec

TOP = Path(__file__).parents[2]
EXAMPLES = sorted((TOP / "inventories").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator():
    schema = inventory_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_load_and_fit_the_schema(validator, path):
    validator.validate(yaml.safe_load(path.read_text()))
    found = load(path)
    hosts = found.hosts()
    assert hosts
    assert found.warnings == ()
    for host in hosts:
        assert host.warnings == ()
        assert isinstance(spec_of(host, {}), Spec)


def test_the_examples_are_these():
    assert [path.stem for path in EXAMPLES] == ["fleet", "local", "vagrant"]


def test_the_local_example_is_this_machine():
    (host,) = load(TOP / "inventories/local.yaml").hosts()
    assert host.local


def test_the_fleet_has_groups_with_different_mirrors():
    hosts = {host.name: spec_of(host, {}) for host in load(TOP / "inventories/fleet.yaml").hosts()}
    assert len(hosts) == 27
    assert hosts["web01.hz.example.com"].registry_mirrors == (
        "https://mirror.hz.example.com", "https://docker.m.daocloud.io",
    )  # fmt: skip
    assert hosts["db-a"].registry_mirrors == ("https://mirror.db.example.com",)
    assert (hosts["db-a"].hold, hosts["db-replica"].hold) == (True, False)
    assert hosts["edge1"].registry_mirrors == ()


def test_vagrant_boxes_and_inventory_have_the_same_names_and_ports():
    boxes = dict(re.findall(r'^  "(\w+)" +=> \[".*", +(\d+)\]', (TOP / "Vagrantfile").read_text(), re.MULTILINE))
    hosts = load(TOP / "inventories/vagrant.yaml").hosts()
    assert {host.name: str(host.port) for host in hosts} == boxes
    for host in hosts:
        assert host.key_file == f".vagrant/machines/{host.name}/virtualbox/private_key"


@pytest.mark.parametrize(
    "document",
    [
        {"all": {"hosts": {"a": {"docker": {"versoin": "28"}}}}},
        {"all": {"vars": {"docker": {"registry_mirrors": "https://m"}}}},
        {"all": {"vars": {"docker": {"channel": "nightly"}}}},
        {"all": {"vars": {"docker": {"install": False}}}},
        {"all": {"host": {}}},
        {"all": {"hosts": ["a"]}},
    ],
)
def test_the_schema_refuses_what_we_refuse(validator, document):
    assert not validator.is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        {"web": None},
        {"all": {"hosts": "a", "children": {"b": None}, "vars": {"anything": [1]}}},
        {"all": {"hosts": {"a": {"docker": {"version": 28, "daemon": {"mtu": 1400}}}}}},
    ],
)
def test_the_schema_takes_what_we_take(validator, document):
    validator.validate(document)


def test_every_field_of_the_wanted_state_is_in_the_schema():
    assert set(inventory_schema()["$defs"]["docker"]["properties"]) == set(Spec.model_fields) - INTERNAL
