"""A container to run, in the words of `docker run`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.images.words import image_or_id


@dataclass(frozen=True, slots=True)
class Container:
    """An image, the command in it, and how it is run: docker's own options, in docker's own words."""

    image: str
    command: tuple[str, ...] = ()
    remove: bool = False
    interactive: bool = False
    tty: bool = False
    detach: bool = False
    environment: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    name: str | None = None
    entrypoint: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """What comes after `docker`; what follows the image is the container's, whatever it looks like."""
        flags = {
            "--rm": self.remove,
            "--interactive": self.interactive,
            "--tty": self.tty,
            "--detach": self.detach,
        }
        lists = {"--env": self.environment, "--publish": self.publish, "--volume": self.volumes}
        said = {"--name": self.name, "--entrypoint": self.entrypoint}
        return (
            "run",
            *(option for option, given in flags.items() if given),
            *(f"{option}={value}" for option, values in lists.items() for value in values),
            *(f"{option}={value}" for option, value in said.items() if value is not None),
            self.image,
            *self.command,
        )


def container(image: str, command: Sequence[str], **options: bool | str | tuple[str, ...] | None) -> Container:
    """Return that container.

    Raises:
        UsageError: `image` is neither a name nor an id.
    """
    return Container(image_or_id(image), tuple(command), **options)  # type: ignore[arg-type] # as the command line says
