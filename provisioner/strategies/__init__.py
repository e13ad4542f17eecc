"""Ways to install an engine, each a module; `provisioner.wanted.strategies` names them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import cast

from provisioner.strategies.strategy import Strategy
from provisioner.wanted.strategies import strategy_names


def strategies() -> Mapping[str, Strategy]:
    """Return every strategy by its name, in the order of preference."""
    return {
        name: cast("Strategy", importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))
        for name in strategy_names()
    }
