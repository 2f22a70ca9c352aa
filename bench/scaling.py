"""Scaling: loss of the next item against parameters and against events, and a law fitted to it.

    python bench/scaling.py [--quick] [--points points.jsonl] [--picture scaling.png]

A shop of 2,000 items is simulated until its log has 20 M events. Networks of five widths are
trained from nothing, one pass over the first events of the log, on one thread; the loss is that of
the next item of 1,000 users kept apart, over all items, in nats. The law is Hoffmann et al. (2022),
"Training compute-optimal large language models": L = E + A / N**a + B / D**b, N the parameters that
multiply (all but the table of items), D the next items trained on. Points that were measured before
are read from ``--points``, so that a run that was stopped goes on.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from scaling_law import Law, Point, fit_law, intervals, left_out_errors

from footfall.events.simulate import SimulateOptions
from footfall.events.simulate.blocks import draw_world, run_blocks
from footfall.events.vocabulary import EVENT_TYPES
from footfall.features.sequences import NO_INTEREST, Sequences
from footfall.models.losses import all_items
from footfall.models.network import Network, Shape
from footfall.models.next_item import NextItem, packed_items, windows
from footfall.models.schema import Field, Schema
from footfall.models.size import SIZES, cost_of
from footfall.models.tokens import ItemTable
from footfall.models.training import TrainOptions, train

ITEMS, CONTEXT, LAYERS = 2_000, 50, 2
WIDTHS = (8, 16, 32, 64, 128)
RATES = {8: 2e-2, 16: 2e-2, 32: 2e-2, 64: 1e-2, 128: 6e-3}  # tried on other users
HELD_OUT = 1_000  # users
USERS, QUICK_USERS = 530_000, 10_000  # the first make 20 M events
# Next items trained on -> widths; the last is all of the log.
FULL = {
    100_000: WIDTHS, 400_000: WIDTHS, 1_600_000: WIDTHS, 6_400_000: (16, 64),
    12_800_000: (16,),
}  # fmt: skip
QUICK = {10_000: WIDTHS[:3], 30_000: WIDTHS[:3], 90_000: WIDTHS[:3]}
FAR_PARAMETERS, FAR_EVENTS = 1e9, 1e10
GPUS = {"A100": (312e12, 2.0), "H100": (989e12, 3.0)}  # peak FLOP/s in bf16, dollars an hour
SUSTAINED = 0.4  # share of the peak that training reaches: an assumption
LEFT_OUT_BAR, BEYOND_BAR = 0.01, 0.03  # relative errors of the law


def simulated(users: int) -> tuple[Sequences, int]:
    """Make the shop; give what its users took interest in, and how many events its log has."""
    options = SimulateOptions(users=users, days=90, items=ITEMS, events_per_user=40, seed=4)
    bored = [EVENT_TYPES.index(name) for name in NO_INTEREST]
    who, what, events = [], [], 0
    for block in run_blocks(draw_world(options)):
        rows = block.rows
        events += len(rows)
        kept = (rows["item"] >= 0) & ~np.isin(rows["event_type"], bored)
        who.append(rows["user"][kept])
        what.append(rows["item"][kept])
    counts = np.bincount(np.concatenate(who), minlength=users)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    return Sequences.from_arrays(offsets, np.concatenate(what), n_items=ITEMS), events


def first_users(shop: Sequences, targets: int) -> Sequences:
    """Take the first users, until they have so many next items."""
    per_user = np.maximum(np.diff(shop.offsets) - 1, 0)
    users = int(np.searchsorted(np.cumsum(per_user), targets)) + 1
    users = min(users, shop.n_users - HELD_OUT)
    return shop.select(np.arange(users), shop.offsets[1 : users + 1])


def new_network(width: int) -> Network:
    torch.manual_seed(0)
    shape = Shape(
        width=width, layers=LAYERS, heads=max(1, width // 32), context=CONTEXT, dropout=0.0
    )
    schema = Schema([Field(name="item", kind="item", size=ITEMS)])
    return Network(schema, shape, ItemTable(ITEMS, width))


def task_of(network: Network, shop: Sequences, tokens: int) -> NextItem:
    inputs, targets = windows(shop, CONTEXT)
    packed = packed_items(inputs, network)
    return NextItem(network=network, inputs=packed, targets=targets, batch_tokens=tokens)


@torch.no_grad()
def held_out_loss(network: Network, shop: Sequences) -> float:
    """Give the mean loss of all next items of some users, in nats."""
    task = task_of(network, shop, 4096)
    table, total, count = network.table(), 0.0, 0
    for batch in task.inputs.batches(4096):
        states = network(batch.fields, table)[batch.there]
        wanted = torch.from_numpy(task.targets)[batch.rows[batch.there]]
        total += float(all_items(states, table, wanted)) * len(wanted)
        count += len(wanted)
    return total / count


def measured(shop: Sequences, width: int, budget: int, asked: Sequences, rate: float) -> Point:
    """Train one network over one pass and ask it."""
    network = new_network(width)
    some = first_users(shop, budget)
    tokens = 512 if budget <= 1_000_000 else 1024
    options = TrainOptions(
        epochs=1, batch_tokens=tokens, learning_rate=rate, weight_decay=0.0, average=None
    )
    started = time.process_time()
    task = task_of(network, some, tokens)
    train(task, options, seed=0)
    seconds = time.process_time() - started
    everything = sum(weight.numel() for weight in network.parameters())
    return Point(
        width=width, budget=budget, parameters=everything - ITEMS * width, everything=everything,
        events=len(task.targets), loss=held_out_loss(network, asked), cpu_seconds=seconds,
    )  # fmt: skip


def all_points(shop: Sequences, plan: dict, folder: Path | None) -> list[Point]:
    """Measure what was not measured before, telling of each point."""
    users = shop.n_users
    last = np.arange(users - HELD_OUT, users)
    asked = shop.select(last, shop.offsets[last + 1])
    found = []
    if folder is not None and folder.exists():
        found = [Point(**json.loads(line)) for line in folder.read_text().splitlines()]
    known = {(point.width, point.budget) for point in found}
    heads = ("width", "parameters", "with items", "next items", "loss", "CPU s")
    print("{:>5} {:>11} {:>11} {:>11} {:>7} {:>7}".format(*heads))
    for point in found:
        show(point)
    for budget, widths in plan.items():
        for width in widths:
            if (width, budget) in known:
                continue
            found.append(measured(shop, width, budget, asked, RATES[width]))
            show(found[-1])
            if folder is not None:
                with folder.open("a") as file:
                    file.write(json.dumps(asdict(found[-1])) + "\n")
    return found


def show(point: Point) -> None:
    print(
        f"{point.width:>5} {point.parameters:>11,} {point.everything:>11,} {point.events:>11,}"
        f" {point.loss:>7.4f} {point.cpu_seconds:>7.1f}",
        flush=True,
    )


def falling(points: list[Point], along: str, within: str) -> float:
    """Give the share of steps along one axis at which the loss falls, the other as it is."""
    steps = []
    for value in sorted({getattr(point, within) for point in points}):
        row = sorted(
            (point for point in points if getattr(point, within) == value),
            key=lambda point: getattr(point, along),
        )
        steps += [after.loss < before.loss for before, after in pairwise(row)]
    return float(np.mean(steps))


def beyond(points: list[Point], along: str, law: Law) -> float:
    """Give the median error, relative, at the largest sizes or budgets, of the law of the rest."""
    limit = sorted({getattr(point, along) for point in points})[-2]
    rest = [point for point in points if getattr(point, along) < limit]
    other = fit_law(rest, near=law)
    return float(
        np.median([other.error(point) for point in points if getattr(point, along) >= limit])
    )


def tell(points: list[Point], *, rounds: int, quick: bool) -> Law:
    """Fit, print the law and what it says far away, and compare with the bars."""
    law = fit_law(points)
    laws = intervals(points, law, rounds=rounds)
    print("\nloss = floor + a / parameters**alpha + b / events**beta")
    for name, value in asdict(law).items():
        low, high = np.percentile([getattr(each, name) for each in laws], [2.5, 97.5])
        print(f"  {name:<6} {value:8.3f}   {low:8.3f} .. {high:8.3f}")
    largest = max(p.parameters for p in points), max(p.events for p in points)
    far = [float(each.loss(FAR_PARAMETERS, FAR_EVENTS)) for each in (law, *laws)]
    low, high = np.percentile(far[1:], [2.5, 97.5])
    print(
        f"at 1 B parameters and 10 B events: {far[0]:.3f} ({low:.3f} .. {high:.3f}),"
        f" {FAR_PARAMETERS / largest[0]:,.0f} and {FAR_EVENTS / largest[1]:,.0f} times beyond"
        f" what was measured (best: {min(p.loss for p in points):.3f})"
    )
    other = fit_law([point.with_items() for point in points])
    says = float(other.loss(FAR_PARAMETERS, FAR_EVENTS))
    print(f"the same with the items' vectors counted as parameters: {says:.3f}")
    cost_on_gpus()
    bars(points, law, quick=quick)
    return law


def cost_on_gpus() -> None:
    """Say what training 1 B parameters on 10 B events takes."""
    width = SIZES["xl"].width
    flops = FAR_EVENTS * cost_of(
        parameters=round(FAR_PARAMETERS), of_items=0, scored=1024, width=width
    ).flops_per_target  # fmt: skip
    print(f"\ntraining that: {flops:.2g} floating-point operations")
    for name, (peak, dollars) in GPUS.items():
        hours = flops / (peak * SUSTAINED) / 3600
        print(
            f"  {name}: {hours:,.0f} GPU hours, ${hours * dollars:,.0f}, assuming"
            f" {SUSTAINED:.0%} of {peak / 1e12:,.0f} TFLOP/s (bf16) and ${dollars:.2f} an hour"
        )


def bars(points: list[Point], law: Law, *, quick: bool) -> None:
    """Compare with what was asked for."""
    for along, within, what in (("budget", "width", "events"), ("width", "budget", "parameters")):
        share = falling(points, along, within)
        bar(
            f"share of steps up in {what} at which the loss falls", share, ">= 1", share >= 1, quick
        )
    off = float(np.median(left_out_errors(points, law)))
    bar("median error of the law at a point left out", off, f"<= {LEFT_OUT_BAR}",
        off <= LEFT_OUT_BAR, quick)  # fmt: skip
    for along, what in (("budget", "events"), ("width", "parameters")):
        off = beyond(points, along, law)
        name = f"median error at the two largest numbers of {what}, of the law of the others"
        bar(name, off, f"<= {BEYOND_BAR}", off <= BEYOND_BAR, quick)


def bar(name: str, value: float, target: str, ok: bool, quick: bool) -> None:  # noqa: FBT001  # a line
    line = {"bar": name, "value": round(value, 4), "target": target, "ok": bool(ok)}
    print(json.dumps(line | ({"quick": True} if quick else {})))


def draw(points: list[Point], law: Law, picture: Path) -> None:
    """Draw losses against events, a line a size, in the house style, and photograph it."""
    import plotly.graph_objects as go

    from footfall.analytics.charts import GREY, PALETTE, house_layout

    figure = go.Figure()
    far = np.geomspace(min(p.events for p in points), 10 * max(p.events for p in points), 60)
    for place, width in enumerate(sorted({point.width for point in points})):
        mine = sorted((p for p in points if p.width == width), key=lambda point: point.events)
        color, size = PALETTE[place], mine[0].parameters
        figure.add_scatter(
            x=far, y=law.loss(size, far), mode="lines", showlegend=False,
            line={"color": color, "width": 1.2, "dash": "dot"},
        )  # fmt: skip
        figure.add_scatter(
            x=[point.events for point in mine], y=[point.loss for point in mine],
            mode="markers", name=f"{size:,} parameters", marker={"color": color, "size": 9},
        )  # fmt: skip
    figure.add_hline(
        y=law.floor, line={"color": GREY, "dash": "dash"},
        annotation={"text": f"floor of the fit: {law.floor:.2f}", "font": {"color": GREY}},
        annotation_position="bottom left",
    )  # fmt: skip
    figure.update_layout(
        **house_layout(
            "More events and larger networks lower the loss",
            subtitle=f"simulated shop of {ITEMS:,} items, one pass; dots measured, lines fitted",
            x="next items trained on",
            y="loss of held-out next items, nats",
            height=460,
        )
    )
    figure.update_layout(
        legend={"x": 1.02, "y": 0.98, "xanchor": "left", "orientation": "v"}, margin={"r": 190}
    )
    figure.update_xaxes(type="log", dtick=1)
    figure.update_yaxes(range=[law.floor - 0.15, max(p.loss for p in points) + 0.1])
    photograph(figure.to_html(include_plotlyjs=True), picture)


def photograph(html: str, picture: Path) -> None:
    """Take a picture of a page, as the pictures of the docs are taken."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(html + "<style>.modebar { display: none }</style>", encoding="utf-8")
        browser = os.environ.get("CHROMIUM", "chromium")
        flags = (
            "--headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-sync"
            f" --virtual-time-budget=8000 --window-size=1000,476 --user-data-dir={folder}/profile"
            f" --screenshot={picture.resolve()}"
        )
        subprocess.run([browser, *flags.split(), page.as_uri()], check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes and budgets")
    parser.add_argument("--points", type=Path, help="file of measured points, read and added to")
    parser.add_argument("--picture", type=Path, help="where to draw the points and the law")
    options = parser.parse_args()
    torch.set_num_threads(1)
    shop, events = simulated(QUICK_USERS if options.quick else USERS)
    print(f"{events:,} events of {shop.n_users:,} users, {len(shop.items):,} show an interest")
    points = all_points(shop, QUICK if options.quick else FULL, options.points)
    law = tell(points, rounds=20 if options.quick else 300, quick=options.quick)
    if options.picture is not None:
        draw(points, law, options.picture)


if __name__ == "__main__":
    main()
