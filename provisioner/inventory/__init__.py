"""Inventories in Ansible's YAML shape -> hosts, each with how to reach it and its wanted state.

inventory = load("inventories/fleet.yaml")
for host in inventory.hosts("web,!web03"):
    spec = spec_of(host, {"version": "28"})
"""

from __future__ import annotations

from provisioner.inventory.host import InventoryHost
from provisioner.inventory.inventory import Inventory, load
from provisioner.inventory.schema import inventory_schema
from provisioner.inventory.wanted import spec_of

__all__ = ["Inventory", "InventoryHost", "inventory_schema", "load", "spec_of"]
