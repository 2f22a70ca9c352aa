"""``footfall recommend | predict | evaluate``: what to show, what will happen, how good it is."""

from typing import Annotated, Any

import typer

from footfall.cli.output import Json, LogFolder, note, progress, say
from footfall.cli.training import Settings, made_model, read_settings
from footfall.errors import InputError, OptionError

__all__ = ["evaluate", "predict", "recommend"]

Model = Annotated[
    str,
    typer.Option(
        help="hybrid, sequential, rules, item-knn, popular, ..., or a network: gru, transformer,"
        " ... (docs/recommend.md)."
    ),
]
Types = Annotated[
    str | None, typer.Option(help="Events that count, e.g. view,purchase; all with an item if not.")
]
KeepSeen = Annotated[
    bool,
    typer.Option("--keep-seen", help="Let items the user has had come back."),
]
Seed = Annotated[int, typer.Option(help="Same seed, same answer.")]


def _model_asked(name: str, settings: list[str] | None, events: str | None) -> Any:
    """Make a recommender that reads the events asked for."""
    from dataclasses import replace

    made = made_model(name, settings)
    if events is None:
        return made
    if made.event_types is not None:
        allowed = f"left out when --set event_types={list(made.event_types)} says it"
        raise OptionError.of("events", name, allowed, events)
    return replace(made, event_types=[each.strip() for each in events.split(",") if each.strip()])


def recommend(
    log: LogFolder,
    user: Annotated[list[str] | None, typer.Option(help="A user id; may be given again.")] = None,
    k: Annotated[int, typer.Option(help="Items for each user.")] = 10,
    model: Model = "rules",
    saved: Annotated[
        str | None, typer.Option("--from", help="Folder of a saved model, instead of fitting one.")
    ] = None,
    events: Types = None,
    settings: Settings = None,
    keep_seen: KeepSeen = False,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="A rule of the shop, e.g. diversity=0.2 (docs/rerank.md); repeatable."),
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Name the item of the history that speaks most for each.")
    ] = False,
    users: Annotated[int, typer.Option(help="Users shown when none is named.")] = 5,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Recommend the next items for users."""
    from footfall.recommend import BusinessRules, load_recommender
    from footfall.store.engine import LocalEngine
    from footfall.store.log import open_log

    for name, given in (("set", settings), ("events", events)):
        if saved is not None and given:
            allowed = "left out when --from names a model: it was fitted with options of its own"
            raise OptionError.of(name, "recommend", allowed, given)
    with progress(as_json=json) as shown:
        opened = open_log(log, engine=LocalEngine(progress=shown))
        made = _model_asked(model, settings, events) if saved is None else load_recommender(saved)
        sequences = made.read(opened)
        fitted = made.fit(sequences, seed=seed) if saved is None else made
        model = fitted.name
        wanted = user or sequences.user_ids.slice(0, users).to_pylist()
        histories = sequences if saved is None else _histories(sequences, wanted)
        asked = wanted if saved is None else histories
        rules = None
        if rule is not None:
            table = opened.items
            rules = BusinessRules.of(read_settings(rule)).bind(fitted.item_ids_, table)
        frame = fitted.recommend(asked, k=k, keep_seen=keep_seen, rules=rules)
        if why:
            frame = _with_reasons(fitted, _histories(sequences, wanted), frame)
        unknown = _unknown(opened, wanted)
    if unknown:
        note(f"Not in the log, so answered with what is popular: {', '.join(unknown)}.")
    record = {
        "model": model,
        "k": k,
        "unknown_users": unknown,
        "recommendations": frame.to_pylist(),
    }
    say(_table(frame), record, as_json=json)


def predict(
    log: LogFolder,
    horizon: Annotated[str, typer.Option(help="How far ahead: 7d, 28d, ...")] = "28d",
    user: Annotated[list[str] | None, typer.Option(help="A user id; may be given again.")] = None,
    top: Annotated[int, typer.Option(help="Likeliest users shown when none is named.")] = 20,
    saved: Annotated[
        str | None, typer.Option("--from", help="Folder of a saved behavior model, to ask instead.")
    ] = None,
    head: Annotated[
        str | None, typer.Option(help="What to ask it: purchase, churn, item, return, ...")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Moment to ask it about; the log's end if not given.")
    ] = None,
    wanted: Annotated[
        list[str] | None, typer.Option(help="What items should lead to (head item): order, ...")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Predict who will purchase within a horizon, or ask a head of a saved behavior model."""
    if saved is not None:
        from footfall.cli.behavior import ask_head
        from footfall.store.log import open_log

        opened = open_log(log)
        ask_head(
            opened, saved, head, users=user or [], unknown=_unknown(opened, user or []), at=at,
            top=top, wanted=wanted, as_json=json,
        )  # fmt: skip
        return
    for name, value in (("head", head), ("at", at), ("wanted", wanted)):
        if value is not None:
            raise OptionError.of(name, "predict", "left out, unless --from names a model", value)
    from footfall.predict import Purchase
    from footfall.store.engine import LocalEngine
    from footfall.store.log import open_log

    with progress(as_json=json) as shown:
        opened = open_log(log, engine=LocalEngine(progress=shown))
        fitted = Purchase(horizon=horizon).fit(opened, seed=seed)
        frame = fitted.predict(user or None)
        unknown = _unknown(opened, user or [])
        period = _period(opened, horizon)
    if unknown:
        note(f"Not in the log, so answered with the rate of newcomers: {', '.join(unknown)}.")
    if not user:
        frame = frame.sort_by([("probability", "descending"), ("user_id", "ascending")])
        frame = frame.slice(0, top)
    record = {
        "horizon": horizon,
        "after": period[0],
        "until": period[1],
        "unknown_users": unknown,
        "predictions": frame.to_pylist(),
    }
    text = f"Probability of a purchase after {period[0]}, until {period[1]}:\n{_table(frame)}"
    say(text, record, as_json=json)


def _unknown(log: Any, users: list[str]) -> list[str]:
    """Give the users the log has never seen: their answer is a fallback, and people are told."""
    codes = log.user_ids.codes(users)
    return [user for user, code in zip(users, codes.tolist(), strict=True) if code < 0]


def _period(log: Any, horizon: str) -> tuple[str, str]:
    """Say from when to when a prediction speaks."""
    from footfall.events.durations import parse_duration
    from footfall.features import shown_moment

    last = log.span[1]
    ahead = parse_duration(horizon, option="horizon", owner="predict")
    return shown_moment(last), shown_moment(last + ahead)


def evaluate(
    file: Annotated[str | None, typer.Argument(help="A file of sequences or events.")] = None,
    log: Annotated[str | None, typer.Option("--log", help="A log instead of a file.")] = None,
    reader: Annotated[str | None, typer.Option(help="Reader of the file, e.g. sequences.")] = None,
    model: Model = "rules",
    split: Annotated[str, typer.Option(help="leave-one-out or time-cut.")] = "leave-one-out",
    cutoff: Annotated[
        str | None, typer.Option(help="Last moment the model may see (time-cut), ISO time.")
    ] = None,
    events: Types = None,
    keep_seen: KeepSeen = False,
    refit_with_validation: Annotated[
        bool,
        typer.Option(
            "--refit-with-validation",
            help="Learn from the validation items, too, before the test; the card says so.",
        ),
    ] = False,
    items: Annotated[
        str | None,
        typer.Option(help="An item table (CSV, Parquet), where the log has none: item_id, ..."),
    ] = None,
    settings: Settings = None,
    beyond: Annotated[
        bool, typer.Option("--beyond", help="Coverage, novelty, diversity, kinds of users, too.")
    ] = False,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Measure a recommender on held-out items: full ranking, ties averaged, protocol stated."""
    from footfall.recommend import evaluate_model

    made = _model_asked(model, settings, events)
    table = None if items is None else _item_table(items)
    with progress(as_json=json) as shown:
        sequences = _sequences(made, file, log, reader, table)
        result = evaluate_model(
            made,
            sequences,
            split=split,
            cutoff=cutoff,
            keep_seen=keep_seen,
            train_on_validation=refit_with_validation,
            beyond=beyond,
            seed=seed,
            progress=shown,
        )
    say(result, result.to_json(), as_json=json)


def _sequences(made: Any, file: str | None, log: str | None, reader: str | None, table: Any) -> Any:
    """Read what is to be evaluated on, as the recommender reads it."""
    import tempfile
    from pathlib import Path

    from footfall.store.log import open_log

    if (file is None) == (log is None):
        raise OptionError("Name either a FILE or a --log to evaluate on.")
    if file is None:
        if reader is not None:
            raise OptionError.of("reader", "evaluate", "left out with --log", reader)
        return _with_items(made, open_log(str(log)), table)
    if reader == "sequences":
        return _of_lines(made, file, table)

    from footfall.store.ingest import ingest

    with tempfile.TemporaryDirectory() as folder:
        opened = open_log(Path(folder) / "log", create=True)
        ingest(opened, [file], reader=reader)
        return _with_items(made, opened, table)


def _of_lines(made: Any, file: str, table: Any) -> Any:
    """Read lines of items: no event of theirs has a type that could be asked for."""
    from footfall.events.readers.sequences import read_sequences
    from footfall.features.sequences import Sequences

    for option in ("event_types", "event_weights"):
        if made.options.get(option):
            allowed = "left out with --reader sequences: lines of items have no event types"
            raise OptionError.of(option, "evaluate", allowed, made.options[option])
    read = read_sequences(file)
    return Sequences.from_arrays(
        read.offsets, read.items, user_ids=read.users, item_ids=read.item_ids, item_table=table
    )


def _with_items(made: Any, log: Any, given: Any) -> Any:
    """Read a log with an item table, its own or a given one.

    Recommenders that take no notice of items get the table, too: figures can be compared only when
    all rank the same catalogue, with the items that have no event yet.
    """
    table = log.items
    if table is not None and given is not None:
        allowed = "left out: the log has an item table of its own"
        raise OptionError.of("items", "evaluate", allowed, given.column_names)
    sequences, table = made.read(log), given if table is None else table
    if table is None or sequences.item_table is not None:
        return sequences
    return sequences.among(table)


def _histories(sequences: Any, users: list[str]) -> Any:
    """Give the rows of some users as the log has them now; none for unknown ones."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = pa.array(users, pa.string())
    codes = pc.fill_null(pc.index_in(ids, sequences.user_ids), -1).to_numpy().astype(np.int64)
    chosen = sequences.select(codes, sequences.offsets[codes + 1])
    from dataclasses import replace

    return replace(chosen, user_ids=ids)


def _with_reasons(model: Any, histories: Any, frame: Any) -> Any:
    """Add the item of the history that speaks most for each recommended one; null: none does."""
    import numpy as np
    import pyarrow as pa

    users, items = (frame[name].to_pylist() for name in ("user_id", "item_id"))
    found = {}
    for place, user in enumerate(histories.user_ids.to_pylist()):
        one = histories.select(np.array([place]), histories.offsets[[place + 1]])
        shown = [item for each, item in zip(users, items, strict=True) if each == user]
        for row in model.explain(one, shown).to_pylist():
            if row["rank"] == 1 and row["contribution"] > 0:
                found[user, row["item_id"]] = row["history_item"]
    because = [found.get(pair) for pair in zip(users, items, strict=True)]
    return frame.append_column("because", pa.array(because, pa.string()))


def _item_table(path: str) -> Any:
    """Read a table of items; lists come as JSON texts in CSV."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    try:
        if path.endswith(".parquet"):
            table = pq.read_table(path)
        else:
            ids = pa_csv.ConvertOptions(column_types={"item_id": pa.string()})  # 007 is not 7
            table = _with_lists(pa_csv.read_csv(path, convert_options=ids))
    except (OSError, pa.ArrowException) as error:
        allowed = "a CSV with a line of names, or a .parquet file"
        raise InputError(f"{path} cannot be read as {allowed}: {error}.") from error
    if "item_id" not in table.column_names:
        saw = ", ".join(table.column_names)
        raise InputError(f"{path} has no column item_id to say which item a row is of. Saw: {saw}.")
    return table


def _with_lists(table: Any) -> Any:
    """Make lists of columns in which every text is a JSON list; "[new] tea" stays a text."""
    import json

    import pyarrow as pa

    for place, name in enumerate(table.column_names):
        if name == "item_id" or not pa.types.is_string(table[name].type):
            continue
        texts = [text and text.strip() for text in table[name].to_pylist()]
        if not any(texts) or not all(text[0] == "[" for text in texts if text):
            continue
        try:
            bags = [json.loads(text) if text else None for text in texts]
        except ValueError:
            continue
        lists = [None if bag is None else [str(each) for each in bag] for bag in bags]
        table = table.set_column(place, name, pa.array(lists, pa.list_(pa.string())))
    return table


def _table(frame: Any) -> str:
    from footfall.analytics.answer import text_table

    return text_table(frame)
