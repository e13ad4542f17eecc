"""The shells that scripts on hosts are tried with."""

from __future__ import annotations

SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
