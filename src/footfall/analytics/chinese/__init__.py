"""Chinese names of everything: questions, columns, values, definitions, texts of charts.

One table, in pieces by kind (``questions``, ``columns``, ``values``, ``definitions``, ``texts``
and its family); a test asks every question and fails where a name is missing or unused.
"""

from footfall.analytics.chinese.answer import ChineseAnswer
from footfall.analytics.chinese.asking import command_of, near_names, question
from footfall.analytics.chinese.questions import QUESTIONS, Named

__all__ = ["QUESTIONS", "ChineseAnswer", "Named", "command_of", "near_names", "question"]
