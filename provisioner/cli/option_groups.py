"""Options that several commands share, written once: a parameter that is a dataclass becomes one option a field."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Collection
from typing import Any, TypeVar

Result = TypeVar("Result")


def grouped(command: Callable[..., Result]) -> Callable[..., Result]:
    """Return `command` as typer sees it: each parameter annotated with a dataclass is replaced by its fields.

    The fields carry typer's annotations. `command` itself gets the dataclasses, filled in.
    """
    groups: dict[str, type] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if not dataclasses.is_dataclass(parameter.annotation):
            parameters.append(parameter)
            continue
        groups[parameter.name] = typing.cast("type", parameter.annotation)
        parameters += _parameters(groups[parameter.name])

    @functools.wraps(command)
    def flat(**values: Any) -> Result:
        for name, group in groups.items():
            fields = {field.name: values.pop(field.name) for field in dataclasses.fields(group)}
            values[name] = group(**fields)
        return command(**values)

    # typer breaks the lines of the first paragraph alone anew.
    flat.__doc__ = "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(command.__doc__ or "").split("\n\n"))
    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # what inspect.signature looks for
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return flat


def as_typed(group: Any, *, leave_out: Collection[str] = ()) -> list[str]:
    """Return the words of a command line that give the options of `group`, without those that nobody gave."""
    words: list[str] = []
    for parameter in _parameters(typing.cast("type", type(group))):
        value = getattr(group, parameter.name)
        if value == parameter.default or parameter.name in leave_out:
            continue
        declared = parameter.annotation.__metadata__[0].param_decls
        option = declared[0] if declared else f"--{parameter.name.replace('_', '-')}"
        for one in value if isinstance(value, list) else [value]:
            words += [option] if one is True else [option, str(one)]
    return words


def lost_letters(group: type, usual: type) -> tuple[str, ...]:
    """Return the options of `usual` that have no letter in `group`, as messages name them: "-p/--port"."""
    ours = {parameter.name: _declared(parameter) for parameter in _parameters(group)}
    usually = {parameter.name: _declared(parameter) for parameter in _parameters(usual)}
    return tuple(
        "/".join(options) for name, options in usually.items() if len(options) == 2 and ours.get(name) == options[1:]
    )


def _declared(parameter: inspect.Parameter) -> tuple[str, ...]:
    declared = parameter.annotation.__metadata__[0]
    return declared.default, *declared.param_decls  # typer takes the first one from the place of a default


@functools.cache
def _parameters(group: type) -> tuple[inspect.Parameter, ...]:
    hints = typing.get_type_hints(group, include_extras=True)
    return tuple(
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in dataclasses.fields(group)
    )
