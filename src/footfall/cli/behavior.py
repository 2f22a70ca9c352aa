"""What ``train``, ``predict`` and ``embed`` do with the multi-task behaviour model."""

from pathlib import Path
from typing import Any

from footfall.cli.output import note, say
from footfall.cli.running import running_for
from footfall.errors import OptionError

__all__ = ["ask_head", "embed_users", "is_behavior", "train_behavior"]

NAME = "behavior"


def is_behavior(folder: str) -> bool:
    """Tell whether a folder holds a behaviour model."""
    return (Path(folder) / "behavior.json").is_file()


def train_behavior(
    log: Any, options: dict[str, Any], out: str, *, until: str | None, checkpoints: str | None,
    board: str | None, seed: int, shown: Any, as_json: bool,
) -> None:  # fmt: skip
    """Learn all heads from a log, telling of every epoch, and save the model."""
    from footfall.models.behavior import BehaviorModel

    made = BehaviorModel.of(options)
    running, told = running_for(
        made, checkpoints, board, shown, quality="skill {:.3f}", unit="tokens", as_json=as_json
    )
    made.fit(log, until=until, seed=seed, running=running)
    if running.world.rank:
        return  # the first process tells, and writes
    made.save(out)
    record = {
        "model": NAME, "folder": out, "until": made.until_, "heads": list(made.heads_),
        "skill": made.skill_, "cost": told.cost, "epochs": told.epochs,
    }  # fmt: skip
    said = ", ".join(f"{name} {value:.3f}" for name, value in made.skill_.items())
    text = f"Less surprised than by saying the same of all: {said}.\n" if said else ""
    say(f"{text}Saved in {out}; its heads: {', '.join(made.heads_)}.", record, as_json=as_json)


def ask_head(
    log: Any, saved: str, head: str | None, *, users: list[str], unknown: list[str], at: str | None,
    top: int, wanted: list[str] | None, as_json: bool,
) -> None:  # fmt: skip
    """Ask a head of a saved behaviour model about users of a log."""
    from footfall.analytics.answer import text_table
    from footfall.events.moments import parse_moment, shown_moment
    from footfall.models.behavior import BehaviorModel

    model = BehaviorModel.load(saved)
    head = head or model.heads_[0]
    if at is None and log.span is not None:
        moment = log.span[1]
    else:
        moment = parse_moment(at or model.until_, option="at", owner="predict")
    frame = model.predict(users or None, head, at=moment, log=log, k=top, wanted=wanted)
    if unknown:
        note(f"Not in the log, so answered with what is usual: {', '.join(unknown)}.")
    if not users:
        if head not in {"item", "event_type"}:  # the likeliest come first
            frame = frame.sort_by(
                [(frame.column_names[-1], "descending"), ("user_id", "ascending")]
            )
        frame = frame.slice(0, top)
    record = {
        "model": NAME, "head": head, "at": shown_moment(moment), "unknown_users": unknown,
        "predictions": [_plain(row) for row in frame.to_pylist()],
    }  # fmt: skip
    say(f"{head}, as of {shown_moment(moment)}:\n{text_table(frame)}", record, as_json=as_json)


def embed_users(saved: str, out: str, of: str, *, log: Any, at: str | None, as_json: bool) -> None:
    """Write the vectors of a saved behaviour model's users, or of a log's."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from footfall.models.behavior import BehaviorModel

    if of != "users":
        raise OptionError.of("of", "embed", "'users' for a behaviour model of all events", of)
    found = BehaviorModel.load(saved).embed(at=at, log=log)
    width = found.vectors.shape[1]
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(found.vectors.ravel()), width)
    pq.write_table(pa.table({"user_id": found.ids, "vector": vectors}), out)
    record = {"of": of, "file": out, "rows": len(found.ids), "numbers": width}
    say(f"{len(found.ids):,} vectors of {width} numbers in {out}.", record, as_json=as_json)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Say None for what is not known: JSON has no NaN."""
    return {name: None if value != value else value for name, value in row.items()}  # noqa: PLR0124  # NaN alone differs from itself
