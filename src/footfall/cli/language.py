"""The language answers are printed in: English, or Chinese where it is asked for.

Chinese is asked for with ``--language zh``, the environment variable FOOTFALL_LANGUAGE, or by
naming the question in Chinese: ``footfall 漏斗分析 --log shop --steps 浏览,加购,购买``.
"""

from contextvars import ContextVar
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from footfall.errors import OptionError

__all__ = ["Commands", "choose_language", "spoken"]

_LANGUAGES = ("en", "zh")
_LANGUAGE: ContextVar[str] = ContextVar("language", default="en")


class Commands(TyperGroup):
    """The commands, each question also under its Chinese names (which ``--help`` leaves out)."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command; a Chinese name finds the question and makes it answer in Chinese."""
        found = super().get_command(ctx, cmd_name)
        if found is not None or cmd_name.isascii():
            return found
        from footfall.analytics.chinese import command_of, near_names

        english = command_of(cmd_name)
        if english is None:
            near = near_names(cmd_name)
            hint = f"; near names: {near}" if near else ""
            raise OptionError.of("COMMAND", "footfall", f"a command{hint}", cmd_name)
        _LANGUAGE.set("zh")
        return super().get_command(ctx, english)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; the language goes back to English afterwards."""
        token = _LANGUAGE.set("en")
        try:
            return super().invoke(ctx)
        finally:
            _LANGUAGE.reset(token)


def choose_language(
    language: Annotated[
        str | None,
        typer.Option(
            envvar="FOOTFALL_LANGUAGE",
            help="Language of tables and pictures: en or zh. A question named in Chinese answers"
            " in Chinese.",
        ),
    ] = None,
) -> None:
    """Turn a shop's event log into what happened, what will happen and what to show.

    Raises
    ------
    OptionError
        If the language is not one of them.
    """
    if language is None:
        return
    if language not in _LANGUAGES:
        raise OptionError.of("language", "footfall", "'en' or 'zh'", language)
    _LANGUAGE.set(language)


def spoken(answer: Any) -> Any:
    """Give an answer in the language asked for; what has no Chinese stays English."""
    if _LANGUAGE.get() == "zh" and hasattr(answer, "in_chinese"):
        return answer.in_chinese()
    return answer
