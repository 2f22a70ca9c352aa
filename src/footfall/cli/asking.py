"""What commands that ask a log share: the scope's options, opening the log, showing the answer.

A command says its own options; :func:`question` adds those that every question has, opens the log,
and prints or draws what the command gives back::

    @question()
    def lifecycle(asking: Asking, of: Of = "any event") -> Any:
        ...
        return asking.of(ask, of=of)
"""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from footfall.cli.language import spoken
from footfall.cli.output import Json, LogFolder, note, progress, say, write_page

__all__ = ["Asking", "Engine", "TimeZone", "Version", "opened", "question"]

TimeZone = Annotated[str, typer.Option(help="Zone of days, weeks and hours.")]
Version = Annotated[int | None, typer.Option(help="An older version of the log.")]
Engine = Annotated[
    str, typer.Option(help="What runs the question: local, spark or spark=MASTER-URL.")
]

# Who and what counts: handed to the question under the same names.
_SCOPE: Mapping[str, tuple[Any, Any]] = {
    "by": (
        Annotated[
            str | None, typer.Option(help="Break down by a property of events, users or items.")
        ],
        None,
    ),
    "where": (
        Annotated[
            str | None, typer.Option(help="Count only events that match, such as: price > 20.")
        ],
        None,
    ),
    "between": (
        Annotated[
            str | None,
            typer.Option(help="Count only a time: 2026-01, 2026-01-05..2026-01-31, last 30d."),
        ],
        None,
    ),
    "segment": (
        Annotated[str | None, typer.Option(help="Count only users of this saved segment.")],
        None,
    ),
    "top": (
        Annotated[int, typer.Option(help="Groups of the breakdown that keep their name.")],
        10,
    ),
    "time_zone": (TimeZone, "UTC"),
}
# How it is asked and shown.
_AROUND: Mapping[str, tuple[Any, Any]] = {
    "html": (
        Annotated[str | None, typer.Option("--html", help="Also write the picture to this file.")],
        None,
    ),
    "version": (Version, None),
    "engine": (Engine, "local"),
    "json": (Json, False),
}


@dataclass(frozen=True)
class Asking:
    """The log a command asks, and who and what counts.

    Parameters
    ----------
    log : LogView
    scope : mapping of str to object
        The shared options the question takes: by, where, between, segment, top, time_zone.
    as_json : bool
        Whether a program reads what is printed.
    """

    log: Any
    scope: Mapping[str, Any]
    as_json: bool

    def of(self, ask: Callable[..., Any], *arguments: object, **options: object) -> Any:
        """Ask a question with the command's own options and the shared ones."""
        return ask(self.log, *arguments, **options, **self.scope)


def question(*, without: Collection[str] = ()) -> Callable[[Callable[..., Any]], Any]:
    """Make a command of a function that asks one question.

    Parameters
    ----------
    without : collection of str
        Options of the scope that the question does not have.

    Returns
    -------
    decorator
        The function takes an :class:`Asking` and its own options, and gives an answer. The command
        takes ``--log`` first, the own options, then the shared ones.
    """
    scope = {name: option for name, option in _SCOPE.items() if name not in without}
    shared = scope | {**_AROUND}

    def decorate(ask: Callable[..., Any]) -> Any:
        @wraps(ask)
        def command(log: str, **given: Any) -> None:
            as_json, html = given.pop("json"), given.pop("html")
            version, engine = given.pop("version"), given.pop("engine")
            chosen = {name: given.pop(name) for name in scope}
            with progress(as_json=as_json) as shown:
                found = opened(log, version=version, engine=engine, shown=shown)
                answer = ask(Asking(found, chosen, as_json), **given)
            _show(answer, html, as_json=as_json)

        own = [*inspect.signature(ask).parameters.values()][1:]
        hints = get_type_hints(ask, include_extras=True)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        first = inspect.Parameter("log", kind, annotation=LogFolder)
        last = [
            inspect.Parameter(name, kind, default=default, annotation=annotation)
            for name, (annotation, default) in shared.items()
        ]
        parameters = [first, *(each.replace(annotation=hints[each.name]) for each in own), *last]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        return command

    return decorate


def opened(folder: str, *, version: int | None = None, engine: str = "local", shown: Any) -> Any:
    """Open a log for a question, with the progress bars of this command."""
    from footfall.store.engine import LocalEngine
    from footfall.store.log import open_log

    if engine == "local":
        runs: Any = LocalEngine(progress=shown)
    else:
        from footfall.store.engines import engine_named

        runs = engine_named(engine, progress=shown)
    log = open_log(folder, engine=runs)
    return log if version is None else log.at(version)


def _show(answer: Any, html: str | None, *, as_json: bool) -> None:
    """Print an answer in the language asked for, and write its picture where a page is wanted."""
    told = answer.definition.get("note", "")  # before the words become Chinese
    answer = spoken(answer)
    if html:
        write_page(html, answer.plot().to_html(include_plotlyjs=True))
    say(answer, answer.to_json(), as_json=as_json)
    if told and not as_json:
        note(f"Note: {told}.")
