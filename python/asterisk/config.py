# SPDX-License-Identifier: MIT
"""Asterisk's configuration files: read them as Asterisk does, change them, compare them.

`load` gives what Asterisk would hand to its modules, with templates, additions and included files
resolved; `Document` is a file as it is written, to be changed and written back. `Config`,
`Category`, `Item`, `Line` and `ParseError` are those of pyst, which know no templates, includes
and escapes.

Examples
--------
>>> from asterisk.config import Document
>>> document = Document(b"[phone](!)\\nallow = ulaw\\n[100](phone)\\nsecret = old ; change me\\n")
>>> resolved = document.resolve()
>>> resolved["100"]["allow"], resolved["100"].setting("allow").line
('ulaw', 2)
>>> line = document.set("100", "secret", "a;b")
>>> print(line.text, end="")
secret = a\\;b ; change me
"""

from __future__ import annotations

import enum
import gc
import io
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Dict, List, NamedTuple, Optional, Protocol, Tuple, Union

from asterisk import _core
from asterisk._core import ChangedError, ConfigurationError, DocumentLine

__all__ = [
    "Category",
    "ChangedError",
    "Config",
    "Configuration",
    "ConfigurationError",
    "Document",
    "DocumentLine",
    "Item",
    "Line",
    "LineKind",
    "ParseError",
    "Problem",
    "Section",
    "Setting",
    "Severity",
    "Style",
    "load",
]

_Path = Union[str, "os.PathLike[str]"]

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def fold(name: str) -> str:
    """Asterisk tells upper and lower case apart by ASCII's rules only."""
    return name.translate(_LOWER)


class LineKind(enum.IntEnum):
    """What a line of a document is."""

    #: Nothing, or a comment alone.
    BLANK = _core.CONFIG_BLANK
    #: ``[name]`` or ``[name](options)``.
    SECTION = _core.CONFIG_SECTION
    #: ``name = value`` in any of its forms.
    ITEM = _core.CONFIG_ITEM
    #: ``#include``, ``#tryinclude`` or ``#exec``.
    DIRECTIVE = _core.CONFIG_DIRECTIVE
    #: Longer than Asterisk reads, and so skipped.
    TOO_LONG = _core.CONFIG_TOO_LONG
    #: It means nothing; the document's problems say why.
    BROKEN = _core.CONFIG_BROKEN


class Style(enum.IntEnum):
    """How an item that is added is written."""

    #: As the nearest item of the section; without one, ``name = value``.
    NEIGHBOUR = _core.CONFIG_STYLE_NEIGHBOUR
    #: With ``=``.
    VARIABLE = _core.CONFIG_STYLE_VARIABLE
    #: With ``=>``.
    OBJECT = _core.CONFIG_STYLE_OBJECT
    #: With ``+=``.
    APPEND = _core.CONFIG_STYLE_APPEND


class Severity(enum.IntEnum):
    """What Asterisk makes of a problem."""

    #: It refuses the file.
    ERROR = _core.CONFIG_ERROR
    #: It logs a warning and goes on.
    WARNING = _core.CONFIG_WARNING
    #: It says nothing, but what is written is hardly meant.
    NOTE = _core.CONFIG_NOTE


class Problem(NamedTuple):
    """Something that is wrong with a file.

    Parameters
    ----------
    file : str
        The path of the file.
    line, column : int
        Where, from 1; the column counts bytes.
    severity : Severity
        What Asterisk makes of it.
    reason : str
        A sentence, without a full stop.
    what : str
        The name or file that it is about; may be empty.
    kind : str
        Its name for programs, such as ``missing-file``.
    suggestion : str
        What is likely meant instead; may be empty.
    """

    file: str
    line: int
    column: int
    severity: Severity
    reason: str
    what: str
    kind: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        what = f": {self.what}" if self.what else ""
        suggestion = f" (did you mean {self.suggestion}?)" if self.suggestion else ""
        return (
            f"{self.file}:{self.line}:{self.column}: {self.severity.name.lower()}: "
            f"{self.reason}{what}{suggestion}"
        )


def _problem(file: str, found: Tuple[int, int, int, str, str, str]) -> Problem:
    line, column, severity, reason, what, kind = found
    return Problem(file, line, column, Severity(severity), reason, what, kind)


class Setting(NamedTuple):
    """A setting of a section, and where it was written.

    Parameters
    ----------
    name, value : str
        As Asterisk understands them.
    file : str
        The path of the file.
    line : int
        The number of its line there, from 1; of one that was appended to (``+=``), where it was
        begun. 0 when it is not known.
    is_object : bool
        Whether it is written with ``=>``.
    is_inherited : bool
        Whether it comes of a template, and nothing was added to it (``+=``).
    """

    name: str
    value: str
    file: str = ""
    line: int = 0
    is_object: bool = False
    is_inherited: bool = False


# ---- what Asterisk makes of files ----------------------------------------------------------------


class _SectionSource(Protocol):
    """Where a `Section` comes from: a `_core.ConfigSection`, or an answer of a running Asterisk."""

    @property
    def name(self) -> str: ...

    @property
    def is_template(self) -> bool: ...

    @property
    def templates(self) -> List[str]: ...

    @property
    def file(self) -> str: ...

    @property
    def line(self) -> int: ...

    def value(self, name: str, /) -> Optional[str]: ...

    def settings(
        self, name: Optional[str], /
    ) -> List[Tuple[str, str, str, int, bool, bool]]: ...


class Section(Mapping[str, str]):
    """A section: its settings by name, in any case, which does not change.

    Where a name stands several times, the mapping has the last value, which is the one that counts
    for most of Asterisk's modules; `all` has each.
    """

    __slots__ = ("_source",)

    def __init__(self, source: _SectionSource) -> None:
        self._source = source

    @property
    def name(self) -> str:
        """The section's name."""
        return self._source.name

    @property
    def is_template(self) -> bool:
        """Whether it is there for others to inherit from only."""
        return self._source.is_template

    @property
    def templates(self) -> List[str]:
        """The names of the sections that it inherits from, in order."""
        return self._source.templates

    @property
    def file(self) -> str:
        """The path of the file that it begins in."""
        return self._source.file

    @property
    def line(self) -> int:
        """The number of the line there, from 1; 0 when it is not known."""
        return self._source.line

    def __getitem__(self, name: str) -> str:
        value = self._source.value(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter({fold(each.name): each.name for each in self.all()}.values())

    def __len__(self) -> int:
        return len({fold(each.name) for each in self.all()})

    def setting(self, name: str) -> Setting:
        """The setting of that name that counts, with the place where it was written.

        Parameters
        ----------
        name : str
            Upper and lower case are the same.

        Returns
        -------
        Setting

        Raises
        ------
        KeyError
            There is none.
        """
        found = self._source.settings(name)
        if not found:
            raise KeyError(name)
        return Setting(*found[-1])

    def all(self, name: Optional[str] = None) -> List[Setting]:
        """All settings of that name.

        Parameters
        ----------
        name : str, optional
            Upper and lower case are the same; without it, all settings.

        Returns
        -------
        list of Setting
            In Asterisk's order: those of templates first.
        """
        return [Setting(*each) for each in self._source.settings(name)]

    def __repr__(self) -> str:
        return f"<Section {self.name!r} at {self.file}:{self.line}>"


class _Source(Protocol):
    """Where a `Configuration` comes from: a `_core.ConfigResolved`, or an answer."""

    @property
    def count(self) -> int: ...

    @property
    def is_valid(self) -> bool: ...

    def section(self, i: int, /) -> Optional[_SectionSource]: ...

    def find(self, name: str, after: Optional[Any], /) -> Optional[_SectionSource]: ...

    def problems(self) -> List[Tuple[str, Tuple[int, int, int, str, str, str]]]: ...

    def files(self) -> List[str]: ...


class Configuration(Mapping[str, Section]):
    """Files as Asterisk would hand them to a module; `load` and `Document.resolve` make them.

    It maps names, in any case, to sections, and does not change. Where a name stands several times,
    the mapping has the first section; `all` has each. Templates are in `sections` only.
    """

    __slots__ = ("_source",)

    def __init__(self, source: _Source) -> None:
        self._source = source

    @property
    def sections(self) -> List[Section]:
        """All sections in order, templates among them."""
        found = (self._source.section(i) for i in range(self._source.count))
        return [Section(each) for each in found if each is not None]

    @property
    def problems(self) -> List[Problem]:
        """What is wrong with the files, in the order in which it was met."""
        return [_problem(file, found) for file, found in self._source.problems()]

    @property
    def files(self) -> List[str]:
        """The paths of the files that were read, the first one first, in the order of reading."""
        return self._source.files()

    @property
    def is_valid(self) -> bool:
        """Whether Asterisk would load it."""
        return self._source.is_valid

    def __getitem__(self, name: str) -> Section:
        found = self._source.find(name, None)
        if found is None:
            raise KeyError(name)
        return Section(found)

    def __iter__(self) -> Iterator[str]:
        names: Dict[str, str] = {}
        for section in self.all():
            names.setdefault(fold(section.name), section.name)
        return iter(names.values())

    def __len__(self) -> int:
        return len({fold(section.name) for section in self.all()})

    def all(self, name: Optional[str] = None) -> List[Section]:
        """All sections of that name.

        Parameters
        ----------
        name : str, optional
            Upper and lower case are the same; without it, all sections that are no templates.

        Returns
        -------
        list of Section
            In order; empty when there is none.
        """
        if name is None:
            return [section for section in self.sections if not section.is_template]
        sections = []
        found = self._source.find(name, None)
        while found is not None:
            sections.append(Section(found))
            found = self._source.find(name, found)
        return sections

    def __repr__(self) -> str:
        return f"<Configuration of {self._source.count} sections>"


def load(
    path: _Path, directory: Optional[_Path] = None, execute: bool = False
) -> Configuration:
    """Read a file and all it includes, as Asterisk does.

    What is wrong is in the `problems` of the result, and what can be read is there.

    Parameters
    ----------
    path : str or path-like
        The file.
    directory : str or path-like, optional
        Where included files are that are named without a leading slash: Asterisk's configuration
        directory. By default the directory of the file.
    execute : bool, optional
        Run what ``#exec`` names, which may be anything. By default it is a problem instead.

    Returns
    -------
    Configuration

    Raises
    ------
    OSError
        The file cannot be read. An included one that cannot is a problem.
    ConfigurationError
        It grows beyond 16777216 sections or settings.
    """
    return Configuration(_core.ConfigResolved(path, directory, execute))


# ---- files as they are written -------------------------------------------------------------------


def _is_addition(head: DocumentLine) -> bool:
    """Whether it is ``[name](+)`` or the like."""
    return any(option.startswith("+") for option in (head.value or "").split(","))


class Document(_core.ConfigDocument):
    """A configuration file as it is written: its lines, to be read, changed and written back.

    What is not changed is written back byte for byte. Text is UTF-8; other bytes survive as lone
    surrogates (``surrogateescape``). One thread at a time may change a document.

    Parameters
    ----------
    data : bytes or str, optional
        What to read.
    name : str or path-like, optional
        The path that `save` writes to.
    """

    __slots__ = ()

    @property
    def problems(self) -> List[Problem]:
        """What is wrong with single lines, as the document was read."""
        return [_problem(self.name, found) for found in self._found()]

    def __iter__(self) -> Iterator[DocumentLine]:
        """All lines. The one that was given last may be removed meanwhile."""
        line = self.first
        while line is not None:
            following = line.next
            yield line
            line = following

    def sections(self, name: Optional[str] = None) -> Iterator[DocumentLine]:
        """The lines that begin a section.

        Parameters
        ----------
        name : str, optional
            Of sections of that name only; upper and lower case are the same.

        Yields
        ------
        DocumentLine
        """
        line = self._find_section(name, None)
        while line is not None:
            yield line
            line = self._find_section(name, line)

    def set(self, section: Union[str, DocumentLine], name: str, value: str) -> DocumentLine:
        """Give a setting a value by changing one line, or by adding what is missing.

        The last item of that name in the first section of that name is changed, which may stand in
        an addition (``(+)``) to it. Where there is none, one is added to the section's end, and
        where there is no section, one is added to the document's end.

        Parameters
        ----------
        section : str or DocumentLine
            The name of a section, or, where several have one, the line that begins it.
        name, value : str
            Upper and lower case of names are the same.

        Returns
        -------
        DocumentLine
            The line that has the value.

        Raises
        ------
        ConfigurationError
            Asterisk could not read it back, the value is put together by ``+=``, or it is to be
            added and several sections have that name.
        ValueError
            The line begins no section, or is of another document.
        """
        if isinstance(section, DocumentLine):
            if section.document is not self or section.kind != LineKind.SECTION:
                raise ValueError("the line begins no section of this document")
            heads = [section]
        else:
            heads = list(self.sections(section))
        found = None
        for head in heads:
            if head is not heads[0] and head.value != "+":
                continue
            line = head.find(name)
            while line is not None:
                found = line
                line = line.find(name)
        if found is not None:
            if found.is_append:
                raise ConfigurationError(f"{name} is put together by +=: change its lines instead")
            found.value = value
            return found
        if not all(map(_is_addition, heads[1:])):
            raise ConfigurationError(
                f"several sections are called {section}: give the line of the one that is meant"
            )
        first = heads[0] if heads else self.add_section(str(section))
        return self.add_item(name, value, before=first.end)

    def resolve(
        self, directory: Optional[_Path] = None, execute: bool = False
    ) -> Configuration:
        """What Asterisk would make of it as it is now, with the files that it includes.

        Parameters
        ----------
        directory, execute
            As of `load`.

        Returns
        -------
        Configuration
            It does not follow later changes. Its line numbers are those of the document as it
            would be written now.

        Raises
        ------
        ConfigurationError
            It grows beyond 16777216 sections or settings.
        """
        return Configuration(self._resolve(directory, execute))

    def save(self, path: Optional[_Path] = None, *, force: bool = False) -> None:
        """Write it so that a reader sees the old file or the new one, and nothing between.

        Permissions and owner of the file stay, as does a symbolic link to it. When nothing was
        changed, nothing is written.

        Parameters
        ----------
        path : str or path-like, optional
            A new file instead of the one that it was read from.
        force : bool, optional
            Replace what is there, whatever it is.

        Raises
        ------
        ChangedError
            The file was changed by somebody else since it was read, or the new file exists.
        OSError
            It cannot be written.
        ValueError
            It has no name, and `path` was not given.
        """
        if path is None or os.fspath(path) == self.name:
            self._save(force)
        else:
            Document(bytes(self), path)._save(force)

    def __repr__(self) -> str:
        return f"<Document {self.name!r}>"


# ---- pyst's --------------------------------------------------------------------------------------


class ParseError(Exception):
    """pyst's reader cannot make sense of a line.

    It can be taken apart: ``number, reason = error``.

    Parameters
    ----------
    *args
        The number of the line, from 1, and a sentence.
    """

    def __iter__(self) -> Iterator[Any]:
        return iter(self.args)


class Line:
    """A line with its comment parted off, as pyst has it.

    Parameters
    ----------
    line : str
        As it is written.
    number : int
        From 1.

    Attributes
    ----------
    line : str
        What stands before the first semicolon, without blanks around it.
    comment : str
        What stands behind it; empty without.
    number : int
        As given.
    """

    def __init__(self, line: str, number: int) -> None:
        self.number = number
        text, _, self.comment = line.strip().partition(";")
        self.line = text.strip()

    def __str__(self) -> str:
        return self.get_line()

    def get_line(self) -> str:
        """The line as it would be written."""
        return _with_comment(self.line, self.comment)


def _with_comment(text: str, comment: str) -> str:
    if not comment:
        return text
    return f"{text}\t;{comment}" if text else f";{comment}"


class Category(Line):
    """A section, as pyst has it.

    Parameters
    ----------
    line : str, optional
        As it is written, or
    name : str
        its name.
    num : int, optional
        The line's number.

    Attributes
    ----------
    name : str
    items : list of Item
    comments : list of Line
        Lines without an item.

    Raises
    ------
    ParseError
        The line has no ``]`` at its end.
    ValueError
        Neither line nor name is given.
    """

    def __init__(self, line: str = "", num: int = -1, name: Optional[str] = None) -> None:
        super().__init__(line, num)
        if self.line:
            if not (self.line.startswith("[") and self.line.endswith("]")):
                raise ParseError(self.number, "Missing '[' or ']' in category definition")
            self.name = self.line[1:-1]
        elif name:
            self.name = name
        else:
            raise ValueError("Must provide name or line representing a category")
        self.items: List[Item] = []
        self.comments: List[Line] = []

    def get_line(self) -> str:
        """The line as it would be written."""
        return _with_comment(f"[{self.name}]", self.comment)

    def append(self, item: Item) -> None:
        """Put an item behind the others."""
        self.items.append(item)

    def insert(self, index: int, item: Item) -> None:
        """Put an item before the one with that index."""
        self.items.insert(index, item)

    def pop(self, index: int = -1) -> None:
        """Take the item with that index out; IndexError when there is none."""
        del self.items[index]

    def remove(self, item: Item) -> None:
        """Take an item out; ValueError when it is not in."""
        self.items.remove(item)


class Item(Line):
    """A setting, as pyst has it.

    Parameters
    ----------
    line : str, optional
        As it is written, or
    name, value : str
        its name and value.
    num : int, optional
        The line's number.

    Attributes
    ----------
    name : str
    value : str
        What stands behind ``=`` with the blanks before it, or behind ``=>`` without.
    style : str
        ``>`` when it is written with ``=>``, else empty.

    Raises
    ------
    ParseError
        The line has no ``=``.
    ValueError
        Neither a line nor name and value are given.
    """

    name: str
    value: str

    def __init__(
        self,
        line: str = "",
        num: int = -1,
        name: Optional[str] = None,
        value: Optional[str] = None,
    ) -> None:
        super().__init__(line, num)
        self.style = ""
        if self.line:
            self.parse()
        elif name and value:
            self.name = name
            self.value = value
        else:
            raise ValueError("Must provide name or value representing an item")

    def parse(self) -> None:
        """Take `line` apart into `name`, `style` and `value`."""
        name, equals, value = self.line.partition("=")
        if not equals:
            if self.line.endswith("]"):
                raise ParseError(self.number, "Category name missing '['")
            raise ParseError(self.number, "Item must be in name = value pairs")
        if value.startswith(">"):
            self.style = ">"
            value = value[1:].strip()
        self.name = name.strip()
        self.value = value

    def get_line(self) -> str:
        """The line as it would be written."""
        return _with_comment(f"{self.name} ={self.style} {self.value}", self.comment)


class Config:
    """A file of simple sections and settings, as pyst reads it.

    The lists are made when they are first asked for, of the file as it was when it was read.

    Parameters
    ----------
    filename : str
        The file.

    Attributes
    ----------
    filename : str
        As given.

    Raises
    ------
    ParseError
        A line makes no sense; its number and a sentence.
    OSError
        The file cannot be read.
    """

    #: What `raw_lines` are made of, and `lines`.
    _loaded = _parsed = b""

    def __init__(self, filename: _Path) -> None:
        self.filename = filename
        self.load()
        self.parse()

    def load(self) -> None:
        """Read the file into `raw_lines`."""
        with open(self.filename, "rb") as file:
            self._loaded = file.read()
        vars(self).pop("raw_lines", None)

    def parse(self) -> None:
        """Make `lines` and `categories` of `raw_lines`, behind those that there are."""
        has_lists = vars(self).keys() & {"raw_lines", "lines", "categories"}
        if self._parsed or has_lists or not _core.config_is_plain(self._loaded):
            _parse(self.raw_lines, self.lines, self.categories)
        else:
            self._parsed = self._loaded

    @cached_property
    def raw_lines(self) -> List[str]:
        """The lines with their ends (list of str)."""
        # Threads that ask at the same time all get the lists of one of them.
        made: List[str] = vars(self).setdefault("raw_lines", _raw_lines(self._loaded))
        return made

    @cached_property
    def lines(self) -> List[Line]:
        """What they are: Category, Item, or Line for comments and empty ones (list of Line)."""
        return self._lists[0]

    @cached_property
    def categories(self) -> List[Category]:
        """The sections in order (list of Category)."""
        return self._lists[1]

    @cached_property
    def _lists(self) -> Tuple[List[Line], List[Category]]:
        made: Tuple[List[Line], List[Category]] = ([], [])
        _parse(_raw_lines(self._parsed), *made)
        made = vars(self).setdefault("_lists", made)
        return made


def _raw_lines(data: bytes) -> List[str]:
    """The lines as a file that is opened for text gives them."""
    return io.TextIOWrapper(io.BytesIO(data), "utf-8", "surrogateescape").readlines()


def _parse(raw_lines: List[str], lines: List[Line], categories: List[Category]) -> None:
    # None of these objects is garbage, and looking for some takes longer than making them.
    collects = gc.isenabled()
    gc.disable()
    try:
        category: Optional[Category] = None
        for number, raw in enumerate(raw_lines, 1):
            text = raw.strip()
            line: Line
            if text.startswith("["):
                line = category = Category(text, number)
                categories.append(category)
            elif not text or text.startswith(";"):
                line = Line(text, number)
                if category:
                    category.comments.append(line)
            else:
                line = item = Item(text, number)
                if category:
                    category.append(item)
            lines.append(line)
    finally:
        if collects:
            gc.enable()
