"""Every error footfall raises on purpose.

::

    FootfallError                 anything below
    ├── OptionError               an option or argument is wrong (exit code 2)
    ├── InputError                a file or its rows cannot be read
    │   └── MappingError          the file lacks a column we need
    ├── StoreError                the log on disk cannot be read or written
    │   └── ConflictError         other processes kept changing the log
    ├── NotEnoughDataError        the log is too short or too empty for the question
    ├── NotFittedError            a model was asked before it was fitted
    └── MissingExtraError         an optional part is not installed

Each message says what is wrong, what is allowed, what came and what to do next.
"""

__all__ = [
    "ConflictError",
    "FootfallError",
    "InputError",
    "MappingError",
    "MissingExtraError",
    "NotEnoughDataError",
    "NotFittedError",
    "OptionError",
    "StoreError",
]


class FootfallError(Exception):
    """Base of all errors: ``except footfall.FootfallError`` catches what footfall says itself."""


class OptionError(FootfallError, ValueError):
    """An option has a value that is not allowed.

    Examples
    --------
    >>> print(OptionError.of("within", "funnel", "a duration such as '7d'", "7 parsecs"))
    The 'within' option of funnel must be a duration such as '7d'. Got '7 parsecs' instead.
    """

    @classmethod
    def of(cls, option: str, owner: str, allowed: str, got: object) -> "OptionError":
        """Build the one sentence that every wrong option gets."""
        return cls(f"The {option!r} option of {owner} must be {allowed}. Got {got!r} instead.")


class InputError(FootfallError):
    """A file or folder cannot be read as events."""


class MappingError(InputError):
    """A required column was not found in the file."""


class StoreError(FootfallError):
    """The log on disk is missing, damaged or cannot be written."""


class ConflictError(StoreError):
    """Other processes changed the log each time this one tried to commit."""


class NotEnoughDataError(FootfallError):
    """The log is too short or too empty for the question."""


class NotFittedError(FootfallError):
    """A model was asked for an answer before it was fitted."""


class MissingExtraError(FootfallError, ImportError):
    """An optional part is not installed.

    Examples
    --------
    >>> print(MissingExtraError.of("openpyxl", "excel", "Excel files"))
    Excel files need the package 'openpyxl'. Install it with: pip install 'footfall[excel]'
    """

    @classmethod
    def of(cls, package: str, extra: str, what: str) -> "MissingExtraError":
        """Name the package and the exact line that installs it."""
        return cls(
            f"{what} need the package {package!r}. Install it with: pip install 'footfall[{extra}]'"
        )
