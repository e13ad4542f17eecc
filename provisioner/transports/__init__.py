"""The only place that touches hosts: processes here, SSH there, one contract."""

from __future__ import annotations

import sys

# paramiko loads it, and with it asyncio and unittest, for a reader of ssh_config that nothing here uses: half of what
# paramiko costs a start.
sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]
