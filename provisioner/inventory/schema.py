"""The JSON Schema of an inventory, for editors."""

from __future__ import annotations

from typing import Any

from provisioner.inventory import host
from provisioner.inventory.wanted import INTERNAL
from provisioner.transports.become import METHODS

_DESCRIPTIONS = {
    host.ADDRESS: "address to reach the host at, when its name is none",
    host.USER: "login name",
    host.PASSWORD: "login password; better a key, or -k",
    host.KEY_FILE: "private key file",
    host.BECOME_PASSWORD: "password that sudo asks for, doas or su; better -K",
    tuple(host.OTHER_PASSWORDS.values()): "that method's; better -K",
    host.ARGUMENTS: "options of ssh, of which the jump host is honoured: -J user@bastion",
}


def inventory_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12). Variables that are not ours are left alone, keys below docker: are not."""
    docker = _docker()
    shared = docker.pop("$defs", {})  # references in it start at the root
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Inventory of provisioner, in the shape of an Ansible YAML inventory",
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/group"},
        "$defs": {
            "group": {
                "type": ["object", "null"],
                "properties": {
                    "hosts": {
                        "description": "names or ranges, such as web[01:50], each with its variables",
                        **_map_of("variables"),
                    },
                    "children": {"description": "groups below this one", **_map_of("group")},
                    "vars": {"$ref": "#/$defs/variables"},
                },
                "additionalProperties": False,
            },
            "variables": {"type": ["object", "null"], "properties": _variables()},
            "docker": docker,
            **shared,
        },
    }


def _map_of(what: str) -> dict[str, Any]:
    return {
        "anyOf": [
            {"type": ["object", "null"], "additionalProperties": {"$ref": f"#/$defs/{what}"}},
            {"type": "string"},
        ]
    }


def _variables() -> dict[str, Any]:
    known: dict[str, Any] = {
        name: {"type": ["string", "number", "null"], "description": text}
        for names, text in _DESCRIPTIONS.items()
        for name in names
    }
    for name in host.PORT:
        known[name] = {"type": ["integer", "string", "null"], "description": "SSH port"}
    for name in host.BECOME_METHOD:
        known[name] = {
            "type": ["string", "null"],
            "pattern": rf"^([^.]+\.)*({'|'.join(METHODS)})$",
            "description": "how the account becomes root: sudo, doas or su; by default the first of them that works",
        }
    known["ansible_connection"] = {"type": ["string", "null"], "description": "ssh (default), or local: this machine"}
    known["docker"] = {"$ref": "#/$defs/docker"}
    return known


def _docker() -> dict[str, Any]:
    """Return the schema of Spec, opened for what YAML makes of a version: 28 is a number there, and fine."""
    from provisioner.wanted.spec import Spec

    schema = Spec.model_json_schema()
    for name in INTERNAL:
        schema["properties"].pop(name, None)
    for field in schema["properties"].values():
        _admit_numbers(field)
    schema["type"] = ["object", "null"]
    schema["description"] = "the wanted state, merged from group to host: lists are replaced, daemon key by key"
    schema.pop("title", None)
    return schema


def _admit_numbers(field: dict[str, Any]) -> None:
    for option in field.get("anyOf", [field]):
        if option.get("type") == "string" and "enum" not in option:
            option["type"] = ["string", "number"]
