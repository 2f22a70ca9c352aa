"""What an attribution says about itself."""

from collections.abc import Mapping

from footfall.analytics.attribution.credit import Crediting
from footfall.analytics.attribution.journeys import Journeys
from footfall.analytics.attribution.paths import GROUPS
from footfall.analytics.attribution.shapley import MOST_EXACT, ORDERS
from footfall.events.durations import duration_text

__all__ = ["definition_of"]


def definition_of(
    journeys: Journeys, how: Crediting, said: Mapping[str, str], channels: int
) -> dict[str, str]:
    """Write down what was counted.

    Parameters
    ----------
    journeys, how
        As they were asked.
    said : mapping of str to str
        conversion, touch and by, in the asker's words.
    channels : int
        Of the answer, "(other)" among them.
    """
    lookback = duration_text(journeys.lookback)
    each = "each event" if journeys.each_event else "the events of one session together"
    touch = said["touch"] or f"every event that has {said['by']}"
    since = (
        " and after the conversion before it"
        if journeys.since_previous
        else "; later conversions may count them again"
    )
    definition = {
        "unit": f"conversions: {said['conversion']}, {each}; paths: what a user touched before",
        "window": f"touches at most {lookback} before the conversion, inclusive{since}",
        "order": "timestamp, then arrival; an event that is both counts as a touch of itself",
        "ties": "by arrival",
        "time_zone": "UTC; no calendar is involved",
        "touch": f"{touch}; credited: {said['by']}",
        "paths": f"touches that led to nothing are cut into paths of at most {lookback}; of a path"
        f" longer than {journeys.longest} touches the last {journeys.longest} count; touches whose"
        " conversion may still come after the end of the log count as led to nothing",
        "shares_of": "money" if how.money else "conversions",
        "credit": "a model's description of the paths, not the conversions that would be lost",
    }
    if journeys.direct:
        names = ", ".join(journeys.direct)
        definition["direct"] = f"{names}: only where no other channel is in the path"
    if how.draws:
        definition["interval"] = (
            f"middle {how.level:.0%} of {how.draws} Poisson bootstrap draws of {GROUPS} random"
            f" groups of users (seed {how.seed}); of the share of"
            f" {'money' if how.money else 'conversions'}"
        )
    return definition | {
        model: _model_words(model, journeys, how, channels) for model in how.models
    }


def _model_words(model: str, journeys: Journeys, how: Crediting, channels: int) -> str:
    first, last = (f"{float(share):.0%}" for share in how.ends)
    touches = "touch" if how.order == 1 else f"{how.order} touches"
    shapley = (
        "Shapley value in the game v(S) = sum over paths of the share of conversions among paths"
        " that met exactly the path's channels in S (of none: 0; of sets never met: the mean over"
        " the sets with one channel less)"
    )
    if channels > MOST_EXACT:
        shapley += (
            f"; more than {MOST_EXACT} channels: for sets with more than {ORDERS} orders of their"
            f" channels, {ORDERS} drawn ones with a fixed seed"
        )
    return {
        "last": "the last touch gets all",
        "first": "the first touch gets all",
        "linear": "each touch gets the same",
        "time_decay": "a touch's weight halves with every"
        f" {duration_text(journeys.half_life)} before the last touch of the path",
        "position": f"the first touch gets {first}, the last {last}, those between share the rest;"
        " two touches share in that proportion, one gets all",
        "markov": f"removal effect in the Markov chain of the last {touches}: the share of"
        " conversions lost when every visit to the channel ends the path, scaled to add up",
        "shapley": shapley,
    }[model]
