"""``footfall ingest``: files in, a log out."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from footfall.cli.output import Json, LogFolder, note, progress, say
from footfall.errors import MappingError, OptionError

__all__ = ["ingest"]

Files = Annotated[list[str], typer.Argument(help="Files, folders or patterns such as 'day-*.csv'.")]


def ingest(
    files: Files,
    log: LogFolder,
    reader: Annotated[
        str | None,
        typer.Option(help="Name of a known export, e.g. ga4, shopify, taobao (docs/readers.md)."),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option("--map", help="Columns of yours onto ours: uid=user_id,time=timestamp,..."),
    ] = None,
    kind: Annotated[
        str, typer.Option("--as", help="What the files hold: events, items or users.")
    ] = "events",
    event_type: Annotated[
        str | None, typer.Option(help="Type of every event, for files without such a column.")
    ] = None,
    day_first: Annotated[bool, typer.Option(help="Read 3/4/2026 as 3 April.")] = False,
    time_zone: Annotated[
        str, typer.Option(help="Zone of times that name none, e.g. Asia/Shanghai.")
    ] = "UTC",
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of text files, when the guess is wrong.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Delimiter of CSV files, when the guess is wrong.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of an Excel file.")] = None,
    currency_digits: Annotated[
        int, typer.Option(help="Digits of the minor unit: 2 for cents, 0 for yen.")
    ] = 2,
    buckets: Annotated[
        int, typer.Option(help="Parts of a new log; more for logs beyond 500 M events.")
    ] = 16,
    compact: Annotated[
        bool, typer.Option(help="Afterwards, merge what earlier appends left in small files.")
    ] = False,
    engine: Annotated[
        str, typer.Option(help="What reads and writes: local, spark or spark=MASTER-URL.")
    ] = "local",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept the guessed columns.")] = False,
    json: Json = False,
) -> None:
    """Read files into a log. Reading a file twice adds nothing; nothing is lost silently."""
    from footfall.events.formats import expand_paths
    from footfall.events.raw import FormatOptions

    if kind not in ("events", "items", "users"):
        raise OptionError.of("as", "ingest", "events, items or users", kind)
    form = None
    if encoding or delimiter or sheet:
        form = FormatOptions(encoding=encoding, delimiter=_character(delimiter), sheet=sheet)
    paths = expand_paths(files)
    if kind != "events":
        _ingest_table(
            paths, log, kind, reader, mapping, form, as_json=json, buckets=buckets, yes=yes
        )
        return
    chosen = _choose(paths[0], reader, mapping, event_type, form, yes=yes)
    cleaning = _cleaning(day_first, time_zone, event_type, currency_digits)
    _ingest_events(
        paths, log, chosen, form, cleaning, buckets, engine=engine, compact=compact, as_json=json
    )


def _character(delimiter: str | None) -> str | None:
    """Understand the names shells make it hard to write."""
    return {"tab": "\t", "\\t": "\t", "space": " "}.get(delimiter or "", delimiter)


def _choose(
    file: str,
    reader: str | None,
    mapping: str | None,
    event_type: str | None,
    form: Any,
    *,
    yes: bool,
) -> Any:
    """Give the reader; a guess is shown and confirmed first."""
    from footfall.events.choosing import choose_reader

    choice = choose_reader(file, name=reader, mapping=mapping, event_type=event_type, format=form)
    for line in choice.lines:
        note(line)
    if choice.guessed is None:
        return choice.reader
    wanted = ["user_id", "timestamp"] if event_type else ["user_id", "timestamp", "event_type"]
    missing = [name for name in wanted if name not in choice.guessed]
    line = ",".join(f"{theirs}={ours}" for ours, theirs in choice.guessed.items())
    if missing:
        raise MappingError(
            f"No column of {file} looks like {' or '.join(missing)}."
            f" Say which is which: --map {line or 'uid=user_id,time=timestamp'},...={missing[0]}"
            + (
                " (or --event-type purchase when all events are of one type)"
                * ("event_type" in missing)
            )
        )
    _confirm(file, line, yes=yes)
    return choice.reader


def _confirm(file: str, line: str, *, yes: bool) -> None:
    """Ask whether a guess is right; programs must say --yes or --map."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise OptionError(
            f"The columns of {file} were guessed and nobody confirmed them."
            f" Add --yes, or say it: --map {line}"
        )
    if not typer.confirm("Is this right?", err=True):
        raise OptionError(f"Say which column is which, starting from: --map {line}")


def _guessed_table(file: str, raw: Any, kind: str, *, yes: bool) -> Any:
    """Guess the columns of a table; names that are ours already need no question."""
    from footfall.events.columns import ROW
    from footfall.events.mapping import guess_mapping

    names = [name for name in raw.column_names if name != ROW]
    guess = guess_mapping(names, raw, kind=kind)
    if any(ours != theirs for ours, theirs in guess.mapping.items()):
        for line in guess.lines:
            note(line)
        pairs = ",".join(f"{theirs}={ours}" for ours, theirs in guess.mapping.items())
        _confirm(file, pairs, yes=yes)
    return guess.mapping


def _cleaning(day_first: bool, time_zone: str, event_type: str | None, currency_digits: int) -> Any:
    from footfall.events.clean import CleanOptions

    return CleanOptions(
        now=datetime.now(UTC),
        day_first=day_first,
        time_zone=time_zone,
        event_type=event_type,
        currency_digits=currency_digits,
    )


def _ingest_events(
    paths: list[str],
    folder: str,
    reader: Any,
    form: Any,
    cleaning: Any,
    buckets: int,
    *,
    engine: str,
    compact: bool,
    as_json: bool,
) -> None:
    from footfall.store.ingest import ingest as read_into
    from footfall.store.log import open_log

    with progress(as_json=as_json) as shown:
        log = open_log(folder, create=True, buckets=buckets)
        done = read_into(
            log,
            paths,
            reader=reader,
            format=form,
            cleaning=cleaning,
            engine=engine,
            progress=shown,
        )
        if compact:
            log.compact(progress=shown)
    rejected = ", ".join(f"{n:,} {rule}" for rule, n in done.rows_rejected.items()) or "none"
    repaired = ", ".join(f"{n:,} {rule}" for rule, n in done.rows_repaired.items())
    text = (
        f"Read {done.rows_read:,} events: kept {done.rows_kept:,}, known already"
        f" {done.rows_known:,}, rejected {sum(done.rows_rejected.values()):,} ({rejected})."
        + (f" Repaired: {repaired}." if repaired else "")
        + f" The log in {folder} is at version {log.version}."
    )
    say(text, {**done.to_json(), "version": log.version}, as_json=as_json)


def _ingest_table(
    paths: list[str],
    folder: str,
    kind: str,
    reader: str | None,
    mapping: str | None,
    form: Any,
    *,
    as_json: bool,
    buckets: int,
    yes: bool,
) -> None:
    import pyarrow as pa

    from footfall.events.formats import read_raw
    from footfall.events.mapping import parse_map
    from footfall.events.readers import reader_named
    from footfall.events.tables import table_from
    from footfall.store.log import open_log

    tables, read = [], 0
    for path in paths:
        raw = pa.concat_tables([batch.table for batch in read_raw(path, form)])
        read += raw.num_rows
        convert = getattr(reader_named(reader), f"{kind}_table", None) if reader else None
        if convert is not None:
            tables.append(convert(raw))
            continue
        names = raw.column_names
        pairs = (
            parse_map(mapping, column_names=names, kind=kind)
            if mapping
            else _guessed_table(path, raw, kind, yes=yes)
        )
        tables.append(table_from(raw, kind=kind, mapping=pairs))  # type: ignore[arg-type]  # checked: items or users
    rows = pa.concat_tables(tables, promote_options="permissive")
    held = open_log(folder, create=True, buckets=buckets).save_table(kind, rows)
    record = {"rows_read": read, "rows_kept": rows.num_rows, "rows_in_table": held, "as": kind}
    say(f"Read {read:,} {kind}; the table holds {held:,}.", record, as_json=as_json)
