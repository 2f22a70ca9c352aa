"""``footfall train | similar-items | embed``: learn a model once, keep it, and use it."""

import json as plain_json
import os
from typing import Annotated, Any

import typer

from footfall.cli.output import Json, LogFolder, note, progress, say
from footfall.cli.running import running_for
from footfall.errors import OptionError

__all__ = ["embed", "made_model", "read_settings", "similar", "train"]

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="An option of the model, e.g. size=small; may be given again."),
]
Saved = Annotated[str, typer.Option("--from", help="Folder of a model that `train` saved.")]


def read_settings(settings: list[str] | None) -> dict[str, Any]:
    """Read ``option=value`` texts; values are read as JSON."""
    options: dict[str, Any] = {}
    for setting in settings or []:
        option, equals, text = setting.partition("=")
        if not equals:
            raise OptionError.of("set", "model", "option=value, such as size=small", setting)
        try:
            options[option.strip()] = plain_json.loads(text)
        except ValueError:  # a plain word: size=small
            options[option.strip()] = text
    return options


def made_model(name: str, settings: list[str] | None) -> Any:
    """Make a recommender from its name and ``option=value`` texts."""
    from footfall.recommend import recommender_named

    return recommender_named(name, read_settings(settings))


def train(
    log: LogFolder,
    out: Annotated[str, typer.Option(help="Folder for the model.")],
    model: Annotated[
        str,
        typer.Option(
            help="hybrid, sequential, rules, ..., or a network: gru, transformer, ...;"
            " behavior: all events, many heads."
        ),
    ] = "sequential",
    settings: Settings = None,
    until: Annotated[str | None, typer.Option(help="Last moment the model may see.")] = None,
    checkpoints: Annotated[
        str | None, typer.Option(help="Folder for checkpoints: a killed training goes on there.")
    ] = None,
    board: Annotated[str | None, typer.Option(help="Folder for TensorBoard.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same model.")] = 0,
    json: Json = False,
) -> None:
    """Train a recommender on a log and save it; under torchrun the processes share the work."""
    from footfall.recommend import Hybrid, Sequential
    from footfall.store.engine import LocalEngine
    from footfall.store.log import open_log

    if model == "behavior":
        from footfall.cli.behavior import train_behavior

        with progress(as_json=json) as shown:
            train_behavior(
                open_log(log, engine=LocalEngine(progress=shown)), read_settings(settings), out,
                until=until, checkpoints=checkpoints, board=board, seed=seed, shown=shown,
                as_json=json,
            )  # fmt: skip
        return
    made = made_model(model, settings)
    if not isinstance(made, Sequential) and (checkpoints or board):
        allowed = "left out, or given with --model sequential or behavior"
        raise OptionError.of("checkpoints", "train", allowed, checkpoints or board)
    if not isinstance(made, Sequential) and _processes() > 1:
        # Each would learn all of it, and write over what the others wrote.
        allowed = "sequential, one of its networks or behavior under torchrun"
        raise OptionError.of("model", "train", allowed, model)
    with progress(as_json=json) as shown:
        opened = open_log(log, engine=LocalEngine(progress=shown))
        record: dict[str, Any] = {"model": model, "folder": out}
        if isinstance(made, Sequential):
            record |= _train_network(
                made, opened, checkpoints, board, shown, until=until, seed=seed, as_json=json
            )
        else:
            sequences = made.read(opened, until=until)
            for part in _networks_in(made):
                note(f"{part.name}, {part.size}: {part.cost(sequences)}")
            made.fit(sequences, seed=seed)
    if record.pop("rank", 0) == 0:
        made.save(out)
        saved = f"Saved in {out}."
        if isinstance(made, Hybrid):
            record["adds"] = made.adds_.to_pylist()
            saved = f"{_adds_in_words(made)}\n\n{saved}"
        say(saved, record, as_json=json)


def _processes() -> int:
    """Count the processes that torchrun started, as torch does, without loading it."""
    launched = "TORCHELASTIC_RUN_ID" in os.environ
    return int(os.environ.get("WORLD_SIZE", "1")) if launched else 1


def _networks_in(made: Any) -> list[Any]:
    """Give the networks that a mix is going to train."""
    from footfall.recommend import Hybrid, Sequential, recommender_named

    if not isinstance(made, Hybrid):
        return []
    parts = [recommender_named(part, made.part_options.get(part)) for part in made.parts]
    return [part for part in parts if isinstance(part, Sequential)]


def _adds_in_words(mixed: Any) -> str:
    """Say what each part of a mix adds: NDCG@10 of held-out items."""
    lines = [f"{'part':<14} {'weight':>7} {'alone':>8} {'the mix without it':>19}"]
    for row in mixed.adds_.to_pylist():
        without = "" if row["without"] is None else f"{row['without']:.4f}"
        lines.append(f"{row['part']:<14} {row['weight']:>7.2f} {row['alone']:>8.4f} {without:>19}")
    return "\n".join(["NDCG@10 of held-out items:", "", *lines])


def _train_network(
    made: Any, log: Any, checkpoints: str | None, board: str | None, shown: Any,
    *, until: str | None, seed: int, as_json: bool,
) -> dict[str, Any]:  # fmt: skip
    """Train the behaviour model, telling of every epoch."""
    running, told = running_for(
        made, checkpoints, board, shown, quality="NDCG@10 {:.4f}", unit="targets", as_json=as_json
    )
    made.train(log, running, until=until, seed=seed)
    return {"cost": told.cost, "epochs": told.epochs, "rank": running.world.rank}


def similar(
    item: Annotated[list[str], typer.Argument(help="Item ids.")],
    saved: Saved,
    k: Annotated[int, typer.Option(help="Items for each.")] = 10,
    json: Json = False,
) -> None:
    """Show the items that go with given ones, by a saved model."""
    from footfall.analytics.answer import text_table
    from footfall.recommend import load_recommender

    model = load_recommender(saved)
    frame = model.similar(item, k=k)
    known = set(model.item_ids_.to_pylist())
    unknown = [each for each in item if each not in known]
    if unknown:
        note(f"Not known to the model, so answered with what is popular: {', '.join(unknown)}.")
    record = {"model": model.name, "unknown_items": unknown, "similar": frame.to_pylist()}
    say(text_table(frame), record, as_json=json)


def embed(
    saved: Saved,
    out: Annotated[str, typer.Option(help="A .parquet file for the vectors.")],
    of: Annotated[str, typer.Option(help="users or items.")] = "users",
    log: Annotated[
        str | None, typer.Option("--log", help="Histories to read (model behavior); else its own.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="Moment of the vectors (model behavior).")] = None,
    json: Json = False,
) -> None:
    """Write the vectors that a saved behaviour model has of users or items."""
    from footfall.cli.behavior import embed_users, is_behavior

    if is_behavior(saved):
        from footfall.store.log import open_log

        embed_users(saved, out, of, log=open_log(log) if log else None, at=at, as_json=json)
        return
    if log or at:
        allowed = "left out, unless --from is a behavior model"
        raise OptionError.of("log", "embed", allowed, log or at)
    import pyarrow.parquet as pq

    from footfall.recommend import Hybrid, Sequential, load_recommender

    model = load_recommender(saved)
    if isinstance(model, Hybrid):
        model = model.network() or model
    if not isinstance(model, Sequential):
        raise OptionError.of("from", "embed", "a folder of a sequential model", model.name)
    if of not in {"users", "items"}:
        raise OptionError.of("of", "embed", "'users' or 'items'", of)
    frame = model.user_vectors() if of == "users" else model.item_vectors()
    pq.write_table(frame, out)
    width = len(frame["vector"][0]) if frame.num_rows else 0
    record = {"of": of, "file": out, "rows": frame.num_rows, "numbers": width}
    say(f"{frame.num_rows:,} vectors of {width} numbers in {out}.", record, as_json=json)
