"""``footfall segments | segment-save | segment-export | segment-move | cluster``: users alike."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, TimeZone, Version, opened, question
from footfall.cli.output import Json, LogFolder, progress, say
from footfall.errors import OptionError

__all__ = ["cluster", "segment_export", "segment_move", "segment_save", "segments"]

Rules = Annotated[
    list[str] | None,
    typer.Option("--rule", help="A segment: NAME=RULE, such as loyal=count(purchase)>2. Repeat."),
]
Names = Annotated[
    str | None, typer.Option("--segments", help="Saved segments, with commas; all by default.")
]
At = Annotated[str | None, typer.Option(help="Moment to look from; the log's last event else.")]
Discount = Annotated[str | None, typer.Option(help="Property of purchases that names a discount.")]


def _asked(rules: list[str] | None, names: str | None) -> Any:
    """Read ``--rule`` and ``--segments``: a mapping of rules, saved names, or None for all."""
    if rules and names:
        raise OptionError.of("segments", "the command", "given, or --rule, not both", names)
    if names:
        return [name.strip() for name in names.split(",") if name.strip()]
    return dict(_named(rule) for rule in rules) if rules else None


def _named(rule: str) -> tuple[str, str]:
    name, equals, text = rule.partition("=")
    if not (equals and name.strip() and text.strip()):
        allowed = "NAME=RULE, such as 'loyal=count(purchase) > 2'"
        raise OptionError.of("rule", "the command", allowed, rule)
    return name.strip(), text.strip()


@question()
def segments(
    asking: Asking,
    rule: Rules = None,
    names: Names = None,
    at: At = None,
) -> Any:
    """Count the users of segments, what they spent, and how far segments overlap."""
    from footfall.analytics.segment import segments as ask

    return asking.of(ask, _asked(rule, names), at=at)


def segment_save(
    log: LogFolder,
    name: Annotated[str, typer.Argument(help="Name of the segment.")],
    rule: Annotated[str | None, typer.Option(help="Whom it finds, whenever it is asked.")] = None,
    users: Annotated[
        str | None, typer.Option(help="File with a user id a line, instead of a rule.")
    ] = None,
    json: Json = False,
) -> None:
    """Save a segment in the log under a name, so that every question can be asked of it."""
    from pathlib import Path

    from footfall.analytics.segment import Segment as Named
    from footfall.errors import InputError

    ids = None
    if users is not None:
        try:
            lines = Path(users).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"Cannot read {users}: {error}") from error
        ids = [line.strip() for line in lines if line.strip()]
    made = Named(name, rule=rule, users=ids)
    with progress(as_json=json) as shown:
        opened_log = opened(log, shown=shown)
        count = int(made.members(opened_log).sum())  # a wrong rule is said before it is saved
        opened_log.save_segment(name, made.to_json())
    record = {"segment": name, "users": count}
    say(f"{name}: {count:,} users as of now", record, as_json=json)


def segment_export(
    log: LogFolder,
    name: Annotated[str, typer.Argument(help="Name of a saved segment.")],
    file: Annotated[str, typer.Argument(help="Where to write the list.")],
    format: Annotated[str, typer.Option(help="csv, json or jsonl.")] = "csv",  # noqa: A002  # the word people use
    columns: Annotated[
        str, typer.Option(help="Columns of users and measures beside user_id, with commas.")
    ] = "",
    bom: Annotated[
        bool, typer.Option("--bom", help="Mark a CSV file as UTF-8, for Excel.")
    ] = False,
    no_guard: Annotated[
        bool, typer.Option("--no-guard", help="Write cells that look like formulas as they are.")
    ] = False,
    at: At = None,
    time_zone: TimeZone = "UTC",
    version: Version = None,
    json: Json = False,
) -> None:
    """Write the users of a segment to a file for a marketing tool."""
    from footfall.analytics.segment import export_segment

    with progress(as_json=json) as shown:
        written = export_segment(
            opened(log, version=version, shown=shown), name, file,
            format=format,  # type: ignore[arg-type]  # checked there
            columns=[column.strip() for column in columns.split(",") if column.strip()],
            bom=bom, guard=not no_guard, at=at, time_zone=time_zone,
        )  # fmt: skip
    say(written, written.to_json(), as_json=json)


@question()
def segment_move(
    asking: Asking,
    at: Annotated[str, typer.Option(help="Moments with commas, or day, week or month.")] = "month",
    rule: Rules = None,
    names: Names = None,
) -> Any:
    """Count how many users move from segment to segment over time."""
    from footfall.analytics.segment import movement

    moments: Any = [part.strip() for part in at.split(",")] if "," in at else at
    return asking.of(movement, _asked(rule, names), at=moments)


@question()
def cluster(
    asking: Asking,
    method: Annotated[str, typer.Option(help="kmeans or hdbscan.")] = "kmeans",
    k: Annotated[int | None, typer.Option(help="Number of clusters; chosen by default.")] = None,
    most: Annotated[int, typer.Option(help="Largest number tried.")] = 8,
    features: Annotated[
        str, typer.Option(help="Measures to go by, with commas; all by default.")
    ] = "",
    save: Annotated[
        str | None, typer.Option(help="Save each cluster as a segment: PREFIX-1, PREFIX-2 ...")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same clusters.")] = 0,
    at: At = None,
    discount: Discount = None,
) -> Any:
    """Find groups of users who behave alike, and name them by what sets them apart."""
    from footfall.analytics.segment import cluster_segments

    answer = asking.of(
        cluster_segments,
        method=method,
        k=k,
        most=most,
        seed=seed,
        at=at,
        discount=discount,
        features=[name.strip() for name in features.split(",") if name.strip()] or None,
    )
    if save:
        for place, name in enumerate(answer.frame.column("segment").to_pylist(), 1):
            asking.log.save_segment(f"{save}-{place}", answer.segment(name).to_json())
    return answer
