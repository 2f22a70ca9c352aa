"""``footfall compress``: a trained behaviour model in fewer bytes, or for another runtime."""

from typing import Annotated, Any

import typer

from footfall.cli.output import Json, note, progress, say
from footfall.cli.training import Saved, Settings, read_settings
from footfall.errors import OptionError

__all__ = ["compress"]

ONNX = "onnx"


def compress(
    saved: Saved,
    out: Annotated[str, typer.Option(help="Folder for the small model.")],
    how: Annotated[
        str,
        typer.Option(
            help="int8-dynamic, int8-static, int8, float16, prune, fold, distill, distill-int8,"
            " float32; or onnx (docs/compress.md)."
        ),
    ] = "int8-dynamic",
    settings: Settings = None,
    log: Annotated[
        str | None,
        typer.Option("--log", help="Measure on this log, and not on the histories of the fit."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of a distillation: same seed, same model.")] = 0,
    json: Json = False,
) -> None:
    """Make a trained behaviour model smaller, and say what that costs."""
    from footfall.recommend import Hybrid, Sequential, compress as put_into, load_recommender
    from footfall.recommend.footprint import compare_forms
    from footfall.store.engine import LocalEngine
    from footfall.store.log import open_log

    model = load_recommender(saved)
    if not isinstance(model, (Sequential, Hybrid)):
        allowed = "a folder of a sequential or hybrid model"
        raise OptionError.of("from", "compress", allowed, model.name)
    if how == ONNX:
        if settings or log is not None:
            raise OptionError.of("how", "compress", "another one with --set or --log", how)
        _write_onnx(model, out, as_json=json)
        return
    form = _form(how, read_settings(settings))
    with progress(as_json=json) as shown:
        asked = None if log is None else open_log(log, engine=LocalEngine(progress=shown))
        small = put_into(model, form, seed=seed)
        small.save(out)
        table = compare_forms({"as it was": model, how: small}, asked)
    if isinstance(model, Hybrid):
        note("A mix has learned these items in the end: of NDCG@10 only the difference tells.")
    record = {"how": how, "folder": out, "forms": table.to_pylist()}
    say(f"{_in_words(table)}\n\nSaved in {out}.", record, as_json=json)


def _form(how: str, options: dict[str, Any]) -> Any:
    """Give a form by its name, with some of its options otherwise."""
    from dataclasses import asdict

    from footfall.models.compress.form import Form, form_named

    plain = asdict(form_named(how))
    for option in options:
        if option not in plain:
            raise OptionError.of("set", "compress", f"one of {', '.join(plain)}", option)
    return Form(**(plain | options))


def _write_onnx(model: Any, folder: str, *, as_json: bool) -> None:
    from footfall.recommend.exported import ITEMS, export_onnx

    graph = export_onnx(model, folder)
    size, count = graph.stat().st_size / 2**20, len(model.item_ids_)
    record = {"how": ONNX, "folder": folder, "items": count, "mb": size}
    text = f"{graph}: {size:.1f} MB. Its {count:,} columns are the items of {ITEMS}."
    say(text, record, as_json=as_json)


def _in_words(table: Any) -> str:
    """Lay the forms out with as many digits as say something."""
    import pyarrow as pa

    from footfall.analytics.answer import text_table

    shown = {"form": table["form"]}
    digits = {"mb": ".2f", "p50_ms": ".2f", "p99_ms": ".2f", "users_per_second": ",.0f"}
    for name in table.column_names[1:]:
        values = table[name].to_pylist()
        shown[name] = pa.array([format(value, digits.get(name, ".4f")) for value in values])
    return text_table(pa.table(shown))
