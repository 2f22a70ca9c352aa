"""``footfall profile | profiles | portrait | similar``: what is known of users and segments."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, question
from footfall.cli.output import note, write_page
from footfall.errors import OptionError

__all__ = ["portrait", "profile", "profiles", "similar"]

At = Annotated[str | None, typer.Option(help="Moment to look from; the log's last event else.")]
Discount = Annotated[str | None, typer.Option(help="Property of purchases that names a discount.")]
Least = Annotated[float, typer.Option(help="Confidence below which nothing is said.")]
NewDays = Annotated[float, typer.Option(help="Users first seen so lately are new.")]
Name = Annotated[str, typer.Argument(help="A saved segment, or NAME=RULE.")]


@question(without=("by", "segment", "top"))
def profile(
    asking: Asking,
    user: Annotated[str, typer.Argument(help="Id of the user.")],
    last: Annotated[int, typer.Option(help="Events of the timeline.")] = 20,
    at: At = None,
    least: Least = 0.9,
    new_days: NewDays = 14,
    discount: Discount = None,
) -> Any:
    """Say what is known of one user, how sure it is, and what the user did last."""
    from footfall.analytics.profile import profile as ask

    return asking.of(ask, user, last=last, at=at, least=least, new_days=new_days, discount=discount)


@question()
def profiles(
    asking: Asking,
    csv: Annotated[
        str | None, typer.Option("--csv", help="Also write the table of all users to this file.")
    ] = None,
    at: At = None,
    least: Least = 0.9,
    new_days: NewDays = 14,
    discount: Discount = None,
) -> Any:
    """Tag every user: life stage, value, tempo, tastes, hours; say how common each tag is."""
    from footfall.analytics.profile import profiles as ask

    answer = asking.of(ask, at=at, least=least, new_days=new_days, discount=discount)
    if csv:
        from io import StringIO

        from footfall.analytics.segment.export import write_table

        text = StringIO()
        guarded = write_table(answer.table, text)
        write_page(csv, text.getvalue())
        if not asking.as_json:
            note(f"{answer.total:,} users in {csv}; {guarded:,} cells guarded against formulas")
    return answer


@question(without=("segment",))
def portrait(
    asking: Asking,
    segment: Name,
    at: At = None,
    least: Least = 0.9,
    new_days: NewDays = 14,
    discount: Discount = None,
) -> Any:
    """Say what sets a segment apart from all users, with significance and TGI."""
    from footfall.analytics.profile import portrait as ask

    return asking.of(ask, _named(segment), at=at, least=least, new_days=new_days, discount=discount)


@question(without=("by", "segment", "top"))
def similar(
    asking: Asking,
    segment: Name,
    k: Annotated[int, typer.Option(help="Number of users, at most.")] = 100,
    at: At = None,
    discount: Discount = None,
) -> Any:
    """Find the users outside a segment who behave most like those inside."""
    from footfall.analytics.profile import similar_users

    return asking.of(similar_users, _named(segment), k, at=at, discount=discount)


def _named(text: str) -> Any:
    """Read a saved segment's name, or a rule with a name before it."""
    from footfall.analytics.segment import Segment as Made

    name, equals, rule = text.partition("=")
    if not equals:
        return text
    if not (name.strip() and rule.strip()):
        allowed = "a saved segment, or NAME=RULE such as 'loyal=count(purchase) > 2'"
        raise OptionError.of("segment", "the command", allowed, text)
    return Made(name.strip(), rule=rule.strip())
