"""What one host may cost the controller, and one server a host: what is over it fails that host alone.

Sizes are in bytes. The figures are many times what healthy hosts say: the facts of one take 60 kB, a run with an
installation 100 kB, the package lists of Docker's own source 300 kB.
"""

from __future__ import annotations

MiB = 2**20

ANSWER = 12 * MiB
"""Either stream of one script. Fifty hosts at once that come close to it would be more than a controller has."""

LINE = 1 * MiB
"""A line that is passed on while a script runs."""

FACTS = 4 * MiB
"""What is taken of an answer, facts or a run's log with the facts at its end. A file of the host in it has at most 1 MB
(facts.sh), a log 3 MiB besides its markers (follow.sh)."""

MARKERS = 5_000
"""Markers of one run. A plan has some twenty steps, each with three and a note now and then."""

STEP_LOG = 64 * 1024
"""What is kept of a step's chatter, its end; the host has all of it."""

DIGITS = 15
"""Of a number in an answer; more than that is no number that a host can mean."""

INDEX, KEY, PACKAGE_LIST, UNPACKED_LIST, VERSIONS = 4 * MiB, 1 * MiB, 16 * MiB, 64 * MiB, 2 * MiB
"""What a package source may have a host keep in its temporary directory, and what of it becomes an answer."""

SCRIPT = 1 * MiB
"""An installation script; Docker's has 22 kB."""

RUN, WAY_BACK = 7200, 900
"""Seconds that the steps of a run have on the host, and then the way back: package managers behind slow links take
long. What a step itself waits for has limits of its own, in minutes."""
