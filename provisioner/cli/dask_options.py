"""The options that let the workers of a Dask cluster do the work."""

# ruff: noqa: UP045 # typer reads these annotations on Python 3.10 too
from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from provisioner.runs.crew import Crew
    from provisioner.runs.target import Target

_WHO = "Workers of a Dask cluster"


@dataclass(frozen=True, slots=True)
class Dask:
    dask: Annotated[
        Optional[str],
        typer.Option(
            "--dask", help="a scheduler whose workers reach the hosts", metavar="tls://HOST:8786", rich_help_panel=_WHO
        ),
    ] = None
    dask_ca: Annotated[
        Optional[str],
        typer.Option("--dask-ca", help="the CA of its certificates", metavar="FILE", rich_help_panel=_WHO),
    ] = None
    dask_cert: Annotated[
        Optional[str], typer.Option("--dask-cert", help="our certificate", metavar="FILE", rich_help_panel=_WHO)
    ] = None
    dask_key: Annotated[
        Optional[str], typer.Option("--dask-key", help="its key", metavar="FILE", rich_help_panel=_WHO)
    ] = None

    @contextlib.contextmanager
    def crew(self, targets: Sequence[Target]) -> Iterator[Crew]:
        """Within, whoever works on hosts: threads of this process, without --dask.

        Raises:
            UsageError, ConnectError: the workers cannot be used; no host was contacted.
        """
        if self.dask is None:
            from provisioner.errors import UsageError
            from provisioner.runs.fleet import each

            if self.dask_ca or self.dask_cert or self.dask_key:
                raise UsageError(
                    "--dask-ca, --dask-cert and --dask-key go with --dask", hint="add --dask tls://HOST:8786"
                )
            yield each
        else:
            from provisioner.runs.cluster.opening import Cluster, opened

            with opened(Cluster(self.dask, self.dask_ca, self.dask_cert, self.dask_key), targets) as crew:
                yield crew
