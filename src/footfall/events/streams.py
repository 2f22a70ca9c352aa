"""A file's bytes as clean UTF-8: decompressed, decoded, and with each wrong byte marked."""

import codecs
import io
import re
from pathlib import Path

import pyarrow as pa

from footfall.errors import InputError

__all__ = [
    "COMPRESSIONS",
    "MARKED",
    "TextStream",
    "decoded",
    "has_marks",
    "open_bytes",
    "read_bytes",
    "unmark",
    "why_not",
]

# First bytes of compressed files, and what Arrow calls the compression.
COMPRESSIONS: dict[bytes, str] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}

# A byte that is no text becomes one of the last 256 private characters of Unicode, so that one
# bad byte spoils its own row and not the file. No export uses these characters.
_MARK_BASE = 0x10FF00
MARKED = "[\U0010ff00-\U0010ffff]"
_MARK_BYTES = (b"\xf4\x8f\xbc", b"\xf4\x8f\xbd", b"\xf4\x8f\xbe", b"\xf4\x8f\xbf")
_HANDLER = "footfall-mark"


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(_MARK_BASE + byte) for byte in wrong), error.end


codecs.register_error(_HANDLER, _mark)


def has_marks(data: bytes) -> bool:
    """Say whether UTF-8 bytes hold the marks of bytes that were no text."""
    return any(mark in data for mark in _MARK_BYTES)


def decoded(data: bytes, encoding: str) -> tuple[str, int]:
    r"""Decode a sample whose last character may be cut off.

    Returns
    -------
    text : str
        The text, with wrong bytes marked.
    wrong : int
        How many bytes are no text.

    Examples
    --------
    >>> decoded(b"caf\xe9 \xe6\xb0", "utf-8")[1]
    1
    """
    text = codecs.getincrementaldecoder(encoding)(errors=_HANDLER).decode(data)
    return text, len(re.findall(MARKED, text))


def unmark(text: str) -> str:
    r"""Write marked bytes the way people read them.

    Examples
    --------
    >>> print(unmark("caf\U0010ffe9"))
    caf\xe9
    """
    return re.sub(MARKED, lambda found: f"\\x{ord(found[0]) - _MARK_BASE:02x}", text)


def why_not(path: str, error: OSError) -> InputError:
    """Put an error of the system into one sentence about the file."""
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path} does not exist (any more). Check the path.")
    if isinstance(error, PermissionError):
        return InputError(f"{path} may not be read by this user. Change its permissions.")
    if isinstance(error, IsADirectoryError):
        return InputError(f"{path} is a folder where a file was expected.")
    return InputError(f"{path} cannot be read: {error}.")


def open_bytes(path: str) -> io.BufferedIOBase | pa.NativeFile:
    """Open a file; gzip and zstd are told by their first bytes, whatever the name says."""
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - the caller reads on and closes
    except OSError as error:
        raise why_not(path, error) from error
    head = file.read(4)
    file.seek(0)
    for magic, compression in COMPRESSIONS.items():
        if head.startswith(magic):
            return pa.CompressedInputStream(file, compression)
    return file


def read_bytes(path: str, source: io.BufferedIOBase | pa.NativeFile, size: int) -> bytes:
    """Read on in a file; a damaged or cut-off one says so."""
    try:
        return bytes(source.read(size))
    except (OSError, EOFError, pa.ArrowException) as error:
        raise InputError(
            f"{path} ends in the middle or is damaged: {error}. "
            "Fetch or copy it again; nothing of it was kept."
        ) from error


class TextStream(io.RawIOBase):
    """Reads a file as valid UTF-8, whatever its encoding.

    Parameters
    ----------
    path : str
        The file; gzip and zstd are decompressed.
    encoding : str
        Encoding of the file. A byte-order mark at the start is left out.
    squeeze : bool
        Make one blank of each run of blanks, and none at the ends of lines.

    Attributes
    ----------
    marked : bool
        True once a byte was met that is no text in this encoding.
    tail : bytes
        The last few bytes that were read.
    """

    def __init__(self, path: str, encoding: str, *, squeeze: bool = False) -> None:
        super().__init__()
        self.path = path
        self.marked = False
        self.tail = b""
        self._utf8 = codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}
        self._decoder = codecs.getincrementaldecoder(encoding)(errors=_HANDLER)
        self._squeeze = squeeze
        self._source = open_bytes(path)
        self._carry = b""  # the first bytes of a character that the next block ends
        self._line = b""  # the first part of a line, while blanks are squeezed
        self._ready = b""
        self._ahead: bytes | None = None  # known one block early, so as to know the last one
        self._started = self._ended = False

    def readable(self) -> bool:  # noqa: D102 - as in io.RawIOBase
        return True

    def close(self) -> None:  # noqa: D102 - as in io.RawIOBase
        if not self.closed:
            self._source.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; none at the end of the file."""
        size = size if size > 0 else 1 << 20
        while not self._ready and not self._ended:
            self._ready = self._next(size)
        out, self._ready = self._ready[:size], self._ready[size:]
        if out:
            self.tail = out[-64:]
        return out

    def _next(self, size: int) -> bytes:
        if self._ahead is None:
            self._ahead = read_bytes(self.path, self._source, size)
        block = self._ahead
        self._ahead = read_bytes(self.path, self._source, size) if block else b""
        self._ended = not self._ahead
        text = self._as_utf8(block)
        if not self._started and text:
            text = text.removeprefix(codecs.BOM_UTF8)
            self._started = True
        if self._squeeze:
            text = self._squeezed(text)
        if self._ended and (text or self.tail)[-1:] not in b"\r\n":
            text += b"\n"  # the last line of a file may lack its end
        return text

    def _as_utf8(self, block: bytes) -> bytes:
        """Decode, in the common case by only looking: ASCII and valid UTF-8 pass as they are."""
        if not self._utf8:
            return self._marked(self._decoder.decode(block, final=self._ended))
        data = self._carry + block if self._carry else block
        self._carry = b""
        if data.isascii():
            return data
        try:
            _, used = codecs.utf_8_decode(data, "strict", self._ended)
        except UnicodeDecodeError:
            text, used = codecs.utf_8_decode(data, _HANDLER, self._ended)
            self._carry = data[used:]
            return self._marked(text)
        self._carry = data[used:]
        return data if used == len(data) else data[:used]

    def _marked(self, text: str) -> bytes:
        # Lone surrogates are no characters; UTF-16 files can hold them.
        data = text.encode("utf-8", "replace")
        self.marked = self.marked or has_marks(data)
        return data

    def _squeezed(self, text: bytes) -> bytes:
        data = self._line + text
        cut = len(data) if self._ended else data.rfind(b"\n") + 1
        self._line = data[cut:]
        return re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", re.sub(rb"[ \t]+", b" ", data[:cut]))
