"""``footfall vectors | nearest | lookalike | vector-map``: items and users as vectors."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from footfall.cli.output import Json, LogFolder, note, progress, say, write_page
from footfall.errors import InputError, OptionError

__all__ = ["lookalike", "nearest", "vector_map", "vectors"]

METHODS = ("deepwalk", "node2vec", "item2vec")
KINDS = ("items", "users")

Vectors = Annotated[
    str,
    typer.Option(
        "--vectors",
        help="What `vectors` or `train --model sequential` saved, or a file that `embed` wrote.",
    ),
]


def vectors(
    log: LogFolder,
    out: Annotated[str, typer.Option(help="Folder for the vectors.")],
    method: Annotated[str, typer.Option(help="deepwalk, node2vec or item2vec.")] = "deepwalk",
    graph: Annotated[
        str, typer.Option(help="item-item, or user-item (deepwalk and node2vec).")
    ] = "item-item",
    p: Annotated[float, typer.Option(help="Of node2vec: the higher, the seldomer back.")] = 1.0,
    q: Annotated[float, typer.Option(help="Of node2vec: above 1 near, below 1 away.")] = 4.0,
    until: Annotated[str | None, typer.Option(help="Last moment that may be seen.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same vectors.")] = 0,
    json: Json = False,
) -> None:
    """Learn vectors of items and users from a log, and save them."""
    from dataclasses import replace

    from footfall.features.sequences import Sequences
    from footfall.models import embeddings
    from footfall.store.engine import LocalEngine
    from footfall.store.log import open_log

    if method not in METHODS:
        raise OptionError.of("method", "vectors", f"one of {METHODS}", method)
    chosen: Any = graph  # embeddings check it
    with progress(as_json=json) as shown:
        opened = open_log(log, engine=LocalEngine(progress=shown))
        shop = Sequences.from_log(opened, until=until)
        if method == "item2vec":
            items = embeddings.item2vec(shop, seed=seed)
        elif method == "deepwalk":
            items = embeddings.deepwalk(shop, graph=chosen, seed=seed)
        else:
            items = embeddings.node2vec(shop, graph=chosen, p=p, q=q, seed=seed)
        if items.users is None:
            items = replace(items, users=embeddings.user_vectors(shop, items))
    items.save(out)
    users = 0 if items.users is None else len(items.users)
    record = {"method": method, "folder": out, "items": len(items), "users": users}
    record |= {"numbers": items.size, "made": dict(items.made)}
    say(f"{items!r}, saved in {out}.", record, as_json=json)


def nearest(
    ids: Annotated[list[str], typer.Argument(help="Ids of users or items.")],
    vectors: Vectors,
    of: Annotated[str, typer.Option(help="What the ids are of: users or items.")] = "items",
    among: Annotated[
        str | None, typer.Option(help="users or items: what is looked for; the same if not said.")
    ] = None,
    k: Annotated[int, typer.Option(help="How many for each.")] = 10,
    json: Json = False,
) -> None:
    """Show the users or items whose vectors are nearest to those of given ones."""
    from footfall.analytics.answer import text_table
    from footfall.models.embeddings import nearest as ask

    asked = _read(vectors, of)
    codes = asked.codes(ids)
    unknown = [each for each, code in zip(ids, codes.tolist(), strict=True) if code < 0]
    if unknown:
        note(f"Without a vector, so without an answer: {', '.join(unknown)}.")
    others = asked if among is None else _read(vectors, among)
    unique = list(dict.fromkeys(code for code in codes.tolist() if code >= 0))
    frame = ask(asked.rows(unique), others, k=k)
    record = {"of": of, "among": among or of, "unknown": unknown, "nearest": frame.to_pylist()}
    say(text_table(frame), record, as_json=json)


def lookalike(
    vectors: Vectors,
    seeds: Annotated[str, typer.Option(help="A file of user ids, one a line.")],
    k: Annotated[int, typer.Option(help="Users to find, at most.")] = 1_000,
    method: Annotated[str, typer.Option(help="logistic or centroid.")] = "logistic",
    share: Annotated[float, typer.Option(help="Share of users to address.")] = 0.1,
    out: Annotated[str | None, typer.Option(help="A CSV file for the audience.")] = None,
    html: Annotated[
        str | None, typer.Option("--html", help="Also write the picture to this file.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of who is held out when.")] = 0,
    json: Json = False,
) -> None:
    """Find the users most like those of a list, with the lift on held-out ones of the list."""
    from footfall.models.embeddings import lookalike as ask

    listed = _lines(seeds)
    answer = ask(
        _read(vectors, "users"), listed, k=k, share=share, seed=seed,
        method=method,  # type: ignore[arg-type]  # it is checked there
    )  # fmt: skip
    if out is not None:
        _write_audience(answer.frame, out)
        note(f"{answer.frame.num_rows:,} users in {out}")
    if html is not None:
        write_page(html, answer.plot().to_html(include_plotlyjs=True))
    say(answer, answer.to_json(), as_json=json)


def vector_map(
    vectors: Vectors,
    html: Annotated[str, typer.Option("--html", help="File for the picture.")],
    of: Annotated[str, typer.Option(help="items or users.")] = "items",
    log: Annotated[
        str | None, typer.Option("--log", help="Log whose item or user table colors the points.")
    ] = None,
    label: Annotated[
        str, typer.Option(help="Column of that table; category/1 is the first part of a path.")
    ] = "category/1",
    most: Annotated[int, typer.Option(help="Points at most, those that occur most.")] = 2_000,
    method: Annotated[str, typer.Option(help="auto, tsne or pca.")] = "auto",
    seed: Annotated[int, typer.Option(help="Same seed, same map.")] = 0,
    json: Json = False,
) -> None:
    """Draw a map of vectors: what is near on it is alike."""
    shown = _read(vectors, of)
    labels = None if log is None else _labels(log, of, label)
    picture = shown.map_picture(
        labels=labels, labeled_by=label, most=most, seed=seed, method=method
    )
    write_page(html, picture.to_html(include_plotlyjs=True))
    points = min(most, len(shown))
    record = {"of": of, "file": html, "points": points, "label": label if log else None}
    say(f"{points:,} points in {html}.", record, as_json=json)


def _read(path: str, of: str) -> Any:
    """Read vectors of users or items, whoever wrote them."""
    from footfall.models.embeddings import Embedding, embedding_of

    if of not in KINDS:
        raise OptionError.of("of", "vectors", "'users' or 'items'", of)
    place = Path(path)
    if (place / "model.json").exists():
        return embedding_of(_of_model(path, of))
    if not place.is_dir():
        found = embedding_of(_parquet(place))
        if f"{found.kind}s" != of:
            raise OptionError.of("of", "vectors", f"'{found.kind}s', as {path} holds", of)
        return found
    items = Embedding.load(place)
    if of == "items":
        return items
    if items.users is None:
        raise InputError(f"{path} holds no vectors of users.")
    return items.users


def _of_model(path: str, of: str) -> Any:
    from footfall.recommend import Hybrid, Sequential, load_recommender

    model = load_recommender(path)
    if isinstance(model, Hybrid):
        model = model.network() or model
    if not isinstance(model, Sequential):
        raise OptionError.of("vectors", "vectors", "a folder of a sequential model", model.name)
    return model.user_vectors() if of == "users" else model.item_vectors()


def _parquet(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} holds no vectors: it cannot be read as Parquet.") from error


def _lines(path: str) -> list[str]:
    """Read ids, one a line; a heading ``user_id`` is none of them."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a list of user ids, one a line.") from error
    ids = [line.split(",")[0].strip().strip('"') for line in text.splitlines()]
    return [each for each in ids if each and each != "user_id"]


def _write_audience(frame: Any, path: str) -> None:
    from io import StringIO

    from footfall.analytics.segment.export import write_table

    text = StringIO()
    write_table(frame, text)
    write_page(path, text.getvalue())


def _labels(log: str, of: str, label: str) -> dict[str, str]:
    """Give each id its label: a column of the item or user table, of a path its first parts."""
    from footfall.store.log import open_log

    opened = open_log(log)
    table = opened.items if of == "items" else opened.users
    name, _, depth = label.partition("/")
    if table is None or name not in table.column_names:
        there = "none" if table is None else ", ".join(table.column_names)
        raise OptionError.of("label", "vector-map", f"a column of the table ({there})", label)
    ids, values = (table[each].to_pylist() for each in (f"{of[:-1]}_id", name))
    parts = int(depth) if depth.isdigit() else None
    return {
        each: "/".join(part.strip() for part in re.split("[/>]", str(value))[:parts])
        for each, value in zip(ids, values, strict=True)
        if value is not None
    }
