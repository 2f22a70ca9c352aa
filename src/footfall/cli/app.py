"""The command ``footfall``: its commands, its exit codes and how it says that something is wrong.

Exit codes: 0 done, 1 the request could not be met, 2 wrong use.
"""

import sys

import typer

from footfall.cli import (
    answers,
    attribution,
    basket,
    cohort,
    compare,
    compress,
    data,
    funnel,
    ingest,
    models,
    operations,
    path,
    profile,
    segment,
    sessions,
    training,
    value,
    vectors,
)
from footfall.cli.language import Commands, choose_language
from footfall.errors import FootfallError, OptionError

__all__ = ["app", "main"]

app = typer.Typer(
    name="footfall",
    cls=Commands,
    callback=choose_language,
    help="A shop's event log turned into what happened, what will happen and what to show.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(name="ingest")(ingest.ingest)
app.command(name="quality")(answers.quality)
app.command(name="funnel")(funnel.funnel)
app.command(name="funnel-trend")(funnel.funnel_trend)
app.command(name="compare-funnels")(funnel.compare_funnels)
app.command(name="after-drop")(funnel.after_drop)
app.command(name="why-drop")(funnel.why_drop)
app.command(name="paths")(path.paths)
app.command(name="path-tree")(path.path_tree)
app.command(name="transitions")(path.transitions)
app.command(name="step-matrix")(path.step_matrix)
app.command(name="loops")(path.loops)
app.command(name="dead-ends")(path.dead_ends)
app.command(name="whole-paths")(path.whole_paths)
app.command(name="purchase-paths")(path.purchase_paths)
app.command(name="contrast-paths")(path.contrast_paths)
app.command(name="suggest-patterns")(path.suggest_patterns)
app.command(name="sessions")(sessions.sessions)
app.command(name="session-times")(sessions.session_times)
app.command(name="entries-exits")(sessions.entries_exits)
app.command(name="engagement")(sessions.engagement)
app.command(name="rfm")(value.rfm)
app.command(name="value-segments")(value.value_segments)
app.command(name="pareto")(value.pareto)
app.command(name="lifetime-value")(value.lifetime_value)
app.command(name="order-value")(value.order_value)
app.command(name="repeats")(value.repeats)
app.command(name="aipl")(value.aipl)
app.command(name="basket-rules")(basket.basket_rules)
app.command(name="sequential-patterns")(basket.sequential_patterns)
app.command(name="complements")(basket.complements)
app.command(name="segments")(segment.segments)
app.command(name="segment-save")(segment.segment_save)
app.command(name="segment-export")(segment.segment_export)
app.command(name="segment-move")(segment.segment_move)
app.command(name="cluster")(segment.cluster)
app.command(name="profile")(profile.profile)
app.command(name="profiles")(profile.profiles)
app.command(name="portrait")(profile.portrait)
app.command(name="similar")(profile.similar)
app.command(name="attribution")(attribution.attribution)
app.command(name="compare")(compare.compare)
app.command(name="sample-size")(compare.sample_size)
app.command(name="retention")(cohort.retention)
app.command(name="stickiness")(cohort.stickiness)
app.command(name="lifecycle")(cohort.lifecycle)
app.command(name="survival")(cohort.survival)
app.command(name="intervals")(cohort.intervals)
app.command(name="distribution")(cohort.distribution)
app.command(name="series")(operations.series)
app.command(name="promotion")(operations.promotion)
app.command(name="prices")(operations.prices)
app.command(name="losing-pages")(operations.losing_pages)
app.command(name="searches")(operations.searches)
app.command(name="recommend")(models.recommend)
app.command(name="train")(training.train)
app.command(name="similar-items")(training.similar)
app.command(name="embed")(training.embed)
app.command(name="vectors")(vectors.vectors)
app.command(name="nearest")(vectors.nearest)
app.command(name="lookalike")(vectors.lookalike)
app.command(name="vector-map")(vectors.vector_map)
app.command(name="compress")(compress.compress)
app.command(name="predict")(models.predict)
app.command(name="evaluate")(models.evaluate)
app.command(name="simulate")(data.simulate)
app.command(name="demo")(data.demo)
app.command(name="info")(data.info)


def main() -> None:
    """Run the command line; errors are one sentence on standard error."""
    try:
        app()
    except OptionError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except FootfallError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
