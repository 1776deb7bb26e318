# SPDX-License-Identifier: MIT
"""Configuration files of a running Asterisk, read and changed over its manager interface.

`get` is what Asterisk makes of one of its files; `operations` tells what has to be done to it to
come from one state to another, and `update` has that done.

Examples
--------
::

    from asterisk import liveconfig
    from asterisk.config import Document

    old = liveconfig.get(manager, "phones.conf")
    new = Document.load("phones.conf")
    new.set("100", "secret", "x;y")
    liveconfig.update(manager, "phones.conf", liveconfig.operations(old, new), reload="chan_pjsip")

With `asterisk.aio`, send what `actions` gives, and hand the response to GetConfig to `answer`.

Asterisk writes the file itself then: it puts its own header on top and keeps comments and most
empty lines, but not the spacing. A setting that repeats a template's is left out, for that is how
Asterisk writes files; where that would change which value counts, `operations` refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple, Union

from asterisk._core import ManagerMsg
from asterisk.actions import GetConfig, UpdateConfig
from asterisk.config import (
    Configuration,
    ConfigurationError,
    Document,
    Section,
    Setting,
    Severity,
    fold,
)
from asterisk.manager import Manager

__all__ = ["Operation", "actions", "answer", "answer_json", "get", "operations", "update"]

#: Asterisk reads 128 headers of an action; what is not an operation's is left for others.
_HEADERS = 120
#: And lines of 1023 bytes with their end.
_LINE = 1021


# ---- reading -------------------------------------------------------------------------------------


class _Section:
    """A section that Asterisk told of."""

    line = 0

    def __init__(self, name: str, file: str) -> None:
        self.name = name
        self.file = file
        self.is_template = False
        self.templates: List[str] = []
        self.items: List[Setting] = []

    def add(self, name: str, value: str) -> None:
        self.items.append(Setting(name, value, self.file))

    def value(self, name: str, /) -> Optional[str]:
        found = self.settings(name)
        return found[-1][1] if found else None

    def settings(
        self, name: Optional[str], /
    ) -> List[Tuple[str, str, str, int, bool, bool]]:
        return [each for each in self.items if name is None or fold(each.name) == fold(name)]


class _Answer:
    """All that it told of."""

    is_valid = True

    def __init__(self, file: str, sections: List[_Section]) -> None:
        self._file = file
        self._sections = sections
        self._note_inherited()

    def _note_inherited(self) -> None:
        """A section begins with the settings of its templates, in their order."""
        known: Dict[str, _Section] = {}
        for section in self._sections:
            inherited: List[Setting] = []
            for name in section.templates:
                if fold(name) in known:
                    inherited += known[fold(name)].items
            for i, setting in enumerate(inherited[: len(section.items)]):
                if setting[:2] == section.items[i][:2]:
                    section.items[i] = section.items[i]._replace(is_inherited=True)
            known.setdefault(fold(section.name), section)

    @property
    def count(self) -> int:
        return len(self._sections)

    def section(self, i: int, /) -> Optional[_Section]:
        return self._sections[i] if i < len(self._sections) else None

    def find(self, name: str, after: Optional[Any], /) -> Optional[_Section]:
        begin = 0 if after is None else self._sections.index(after) + 1
        for section in self._sections[begin:]:
            if not section.is_template and fold(section.name) == fold(name):
                return section
        return None

    def problems(self) -> List[Tuple[str, Tuple[int, int, int, str, str, str]]]:
        return []

    def files(self) -> List[str]:
        return [self._file]


def answer(message: ManagerMsg, filename: str = "") -> Configuration:
    """Make a configuration of the response to GetConfig.

    Parameters
    ----------
    message : ManagerMsg
        The response. GetConfig tells of templates only with ``Filter: TEMPLATES=include``.
    filename : str, optional
        What to call the file.

    Returns
    -------
    Configuration
        Lines are not known, and so 0; nor is whether settings are written with ``=>``.
    """
    sections: List[_Section] = []
    for key, text in message.items():
        kind = key.partition("-")[0]
        if kind == "Category":
            sections.append(_Section(text, filename))
        elif sections and kind == "IsTemplate":
            sections[-1].is_template = text == "1"
        elif sections and kind == "Templates":
            sections[-1].templates = text.split(",")
        elif sections and kind == "Line":
            name, _, value = text.partition("=")
            sections[-1].add(name, value)
    return Configuration(_Answer(filename, sections))


def answer_json(message: ManagerMsg, filename: str = "") -> Configuration:
    """Make a configuration of the response to GetConfigJSON.

    The form is a poor one: a setting called ``templates`` that is the first of its section cannot
    be told from the names of templates.

    Parameters
    ----------
    message : ManagerMsg
        The response.
    filename : str, optional
        What to call the file.

    Returns
    -------
    Configuration
        As of `answer`.

    Raises
    ------
    ValueError
        It is no JSON.
    """
    # Names are repeated, so that a dict would lose most.
    found = json.loads(message.get("JSON", "{}"), strict=False, object_pairs_hook=list)
    sections = []
    for name, pairs in found:
        section = _Section(name, filename)
        if pairs and pairs[0] == ("istemplate", 1):
            section.is_template = True
            del pairs[0]
        if pairs and pairs[0][0] == "templates":
            section.templates = pairs.pop(0)[1].split(",")
        for key, value in pairs:
            section.add(key, str(value))
        sections.append(section)
    return Configuration(_Answer(filename, sections))


def get(manager: Manager, filename: str) -> Configuration:
    """Ask a running Asterisk what it makes of one of its configuration files.

    Parameters
    ----------
    manager : asterisk.manager.Manager
        Logged in.
    filename : str
        The name of the file in Asterisk's configuration directory.

    Returns
    -------
    Configuration
        As of `answer`, with templates.

    Raises
    ------
    ManagerActionException
        There is no such file, or Asterisk refuses to read it.
    ManagerException
        As `Manager.send`.
    """
    response = manager.send(GetConfig(filename=filename, filter="TEMPLATES=include")).check()
    return answer(response.response, filename)


# ---- operations ----------------------------------------------------------------------------------


class Operation(NamedTuple):
    """One step of the action UpdateConfig; what is empty is left out.

    Parameters
    ----------
    action : str
        NewCat, RenameCat, DelCat, EmptyCat, Update, Delete, Append or Insert.
    section : str
        The name of the section.
    name, value : str
        Of the setting.
    match : str
        Of an existing setting the value; of NewCat the section before which to put it.
    line : str
        The index of a setting in its section, from 0.
    options : str
        As Asterisk documents them.
    """

    action: str
    section: str
    name: str = ""
    value: str = ""
    match: str = ""
    line: str = ""
    options: str = ""

    def headers(self, index: int) -> List[Tuple[str, str]]:
        """The headers of it.

        Parameters
        ----------
        index : int
            Its place in the action, from 0.

        Returns
        -------
        list of pairs of str
        """
        parts = zip(("Action", "Cat", "Var", "Value", "Match", "Line", "Options"), self)
        return [(f"{key}-{index:06}", text) for key, text in parts if text]


_TEMPLATE = 'catfilter="TEMPLATES=restrict"'
_ANY = 'catfilter="TEMPLATES=include"'

_Side = Union[Configuration, Document]


def _written(setting: Setting) -> str:
    """As UpdateConfig wants a value: a first ">" means that the setting is written with "=>"."""
    arrow = setting.is_object or setting.value.startswith(">")
    return f">{setting.value}" if arrow else setting.value


def _append(section: str, setting: Setting, options: str) -> Operation:
    return Operation("Append", section, setting.name, _written(setting), options=options)


def _own(section: Section) -> List[Setting]:
    return [setting for setting in section.all() if not setting.is_inherited]


def _pairs(settings: Iterable[Setting]) -> List[Tuple[str, str]]:
    return [(setting.name, setting.value) for setting in settings]


def _is_same_heading(one: Section, other: Section) -> bool:
    return (
        one.name == other.name
        and one.is_template == other.is_template
        and [fold(name) for name in one.templates] == [fold(name) for name in other.templates]
    )


def _is_same(one: Section, other: Section) -> bool:
    return _is_same_heading(one, other) and _pairs(_own(one)) == _pairs(_own(other))


def _by_name(sections: Sequence[Section]) -> Dict[str, List[Section]]:
    groups: Dict[str, List[Section]] = {}
    for section in sections:
        groups.setdefault(fold(section.name), []).append(section)
    return groups


def _values(pairs: Iterable[Tuple[str, str]]) -> Dict[str, List[str]]:
    """Of each name the values in order; one that only repeats the one before means nothing."""
    found: Dict[str, List[str]] = {}
    for name, value in pairs:
        values = found.setdefault(fold(name), [])
        if values[-1:] != [value]:
            values.append(value)
    return found


def _check(kept: Sequence[Section], after: Sequence[Section]) -> None:
    """Asterisk writes the whole file: would it be read as it is meant?

    Of names and values it escapes semicolons of values, and nothing else. What a section has of its
    own it writes behind what is inherited, but not what repeats a setting of a template; and what
    such a template itself had inherited when the file was read, it has while the file is written.
    """
    stale: Dict[str, List[Tuple[str, str]]] = {}
    for section in kept:
        held = stale.setdefault(fold(section.name), [])
        held += _pairs(each for each in section.all() if each.is_inherited)
    known: Dict[str, List[Tuple[str, str]]] = {}
    for section in after:
        if not section.name or ";" in section.name:
            raise ConfigurationError(f"Asterisk cannot write the section [{section.name}]")
        inherited: List[Tuple[str, str]] = []
        for name in section.templates:
            inherited += known.get(fold(name), [])
        repeated = {(fold(name), value) for name, value in inherited}
        for name in section.templates:
            repeated.update((fold(each), value) for each, value in stale.get(fold(name), []))
        own = []
        for setting in _own(section):
            if setting.name[:1] in ("[", "#", "\\") or ";" in setting.name:
                raise ConfigurationError(f"Asterisk cannot write the setting {setting.name}")
            if (fold(setting.name), setting.value) not in repeated:
                own.append((setting.name, setting.value))
        meant = _values(_pairs(section.all()))
        written = _values(inherited + own)
        for name in meant:
            if meant[name] != written.get(name):
                raise ConfigurationError(
                    f"[{section.name}] {name}: Asterisk writes the section's own settings behind "
                    "those of its templates, without what repeats one of these, and so would "
                    "change what it means"
                )
        known.setdefault(fold(section.name), inherited + own)


def _check_headers(operation: Operation) -> None:
    """Whether an action can carry it: its headers are lines, and lose blanks at their begin."""
    for key, text in operation.headers(0):
        if any(each in text for each in "\r\n\0"):
            raise ConfigurationError(
                f"[{operation.section}] {operation.name}: an action carries no line ends: {text!r}"
            )
        if text[0] <= " ":
            raise ConfigurationError(f"an action carries no blank at the begin: {text!r}")
        if len(f"{key}: {text}".encode("utf-8", "surrogateescape")) > _LINE:
            raise ConfigurationError(f"{operation.name}: longer than an action can carry")


def _change_by_name(old: Section, new: Section, options: str) -> Optional[List[Operation]]:
    """The least change, if each setting that it is about can be told by its name; else None."""
    before, after = _own(old), _own(new)
    inherited = {fold(each.name) for each in [*old.all(), *new.all()] if each.is_inherited}
    names = [fold(each.name) for each in before]
    found = []
    kept = {fold(each.name) for each in after}
    remaining = []
    for setting in before:
        if fold(setting.name) in kept:
            remaining.append(setting)
        elif names.count(fold(setting.name)) > 1 or fold(setting.name) in inherited:
            return None
        else:
            found.append(
                Operation("Delete", old.name, setting.name, match=setting.value, options=options)
            )
    for one, other in zip(remaining, after):
        if one.name != other.name:
            return None
        if one.value != other.value:
            if names.count(fold(one.name)) > 1 or fold(one.name) in inherited:
                return None
            found.append(
                Operation(
                    "Update", old.name, one.name, _written(other), one.value, options=options
                )
            )
    if len(after) < len(remaining):
        return None
    return found + [_append(old.name, each, options) for each in after[len(remaining) :]]


def _differences(
    old: List[Tuple[str, str]], new: List[Tuple[str, str]]
) -> List[Tuple[int, int, int, int]]:
    """Which part of the one, from and to, is which of the other."""
    shorter = min(len(old), len(new))
    begin = end = 0
    while begin < shorter and old[begin] == new[begin]:
        begin += 1
    while end < shorter - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    # What stands there very often, as same => n,Hangup() does, would take it minutes.
    matcher = SequenceMatcher(None, old[begin : len(old) - end], new[begin : len(new) - end])
    return [
        (begin + i, begin + i_end, begin + j, begin + j_end)
        for tag, i, i_end, j, j_end in matcher.get_opcodes()
        if tag != "equal"
    ]


def _change_by_index(old: Section, new: Section, options: str) -> List[Operation]:
    """Delete and insert by place, from the end to the begin, so that places stay what they are."""
    before, after = old.all(), new.all()
    length = len(before)
    found = []
    for i, i_end, j, j_end in reversed(_differences(_pairs(before), _pairs(after))):
        for index in range(i_end - 1, i - 1, -1):
            found.append(Operation("Delete", old.name, line=str(index), options=options))
            length -= 1
        # Asterisk loses track of the last setting when one is inserted behind it.
        for setting in after[j:j_end] if i == length else reversed(after[j:j_end]):
            if i == length:
                found.append(_append(old.name, setting, options))
                continue
            value = f">{setting.value}" if setting.value.startswith(">") else setting.value
            found.append(
                Operation("Insert", old.name, setting.name, value, line=str(i), options=options)
            )
        length += j_end - j
    return found


def _is_of(section: Section, file: Optional[str]) -> bool:
    """Whether all of it is of that file; of one that is not known, it is."""
    return file is None or {section.file, *(each.file for each in _own(section))} == {file}


def _included(section: Section) -> ConfigurationError:
    return ConfigurationError(
        f"[{section.name}] is, or has settings, of an included file: change that file"
    )


def _steps(old: Section, new: Section) -> List[Operation]:
    options = _TEMPLATE if old.is_template else ""
    found = _change_by_name(old, new, options)
    if found is not None:
        return found
    if not old.templates:
        return _change_by_index(old, new, options)
    found = [Operation("EmptyCat", old.name, options=options)]
    return found + [_append(old.name, each, options) for each in _own(new)]


class _Plan:
    """Which sections stay, with other settings perhaps, and which are made anew."""

    def __init__(self, old: Configuration, new: Configuration) -> None:
        self.old, self.new = old.sections, new.sections
        self.file = old.files[0] if old.files else None
        self.new_file = new.files[0] if new.files else None
        self.before, self.after = _by_name(self.old), _by_name(self.new)
        #: Names of those that stay.
        self.kept: Set[str] = {name for name in self.before if self._may_stay(name)}
        is_moved = self._sequence(self.old) != self._sequence(self.new)
        if is_moved or self.kept != set(self.before) or self.kept != set(self.after):
            # Where to put a section is told by the name of another, which must be the only one.
            self.kept = {name for name in self.kept if len(self.before[name]) == 1}
            before, after = self._sequence(self.old), self._sequence(self.new)
            common = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
            self.kept = {name for i, _, size in common for name in before[i : i + size]}
        self._drop_heirs()

    def _sequence(self, sections: Sequence[Section]) -> List[str]:
        names = [fold(section.name) for section in sections]
        return [name for name in names if name in self.kept]

    def _may_stay(self, name: str) -> bool:
        before, after = self.before[name], self.after.get(name, [])
        if len(before) == 1 and len(after) == 1:
            # Asterisk writes what was inherited of a template that has become empty. EmptyCat makes
            # it so even if it inherits from others.
            old, new = (
                _own(each) if before[0].is_template else each.all()
                for each in (before[0], after[0])
            )
            return _is_same_heading(before[0], after[0]) and (not old or bool(new))
        return len(before) == len(after) and all(map(_is_same, before, after))

    def _drop_heirs(self) -> None:
        """A section cannot outlive its template: Asterisk goes on to use that."""
        dropped = True
        while dropped:
            dropped = False
            for section in self.old:
                if fold(section.name) in self.kept and any(
                    fold(name) not in self.kept for name in section.templates
                ):
                    self.kept.discard(fold(section.name))
                    dropped = True

    def operations(self) -> Iterator[Operation]:
        gone = [section for section in self.old if fold(section.name) not in self.kept]
        if self.file is not None and any(each.file != self.file for each in gone):
            raise ConfigurationError("a section of an included file changes: change that file")
        for name in self._heirs_first(_by_name(gone)):
            yield Operation("DelCat", self.before[name][0].name, options=_ANY)
        for name in self.before:
            if name in self.kept:
                for one, other in zip(self.before[name], self.after[name]):
                    yield from self._change(one, other)
        made: Set[str] = set()
        for i, section in enumerate(self.new):
            if fold(section.name) not in self.kept:
                yield from self._make(section, self._next_kept(i), made)

    def _change(self, old: Section, new: Section) -> List[Operation]:
        if _pairs(_own(old)) == _pairs(_own(new)):
            return []
        found = _steps(old, new)
        # Asterisk would add to the file that it was asked for, wherever the section is.
        is_added_to = any(each.action in ("Append", "Insert", "EmptyCat") for each in found)
        if not _is_of(old, self.file) or (is_added_to and not _is_of(new, self.new_file)):
            raise _included(old)
        return found

    @staticmethod
    def _heirs_first(gone: Dict[str, List[Section]]) -> Iterator[str]:
        """Asterisk must never write a file with a section whose template is gone."""
        left = dict(gone)
        while left:
            used = {
                fold(template)
                for name, sections in left.items()
                for section in sections
                for template in section.templates
                if fold(template) != name
            }
            free = [name for name in left if name not in used] or list(left)[:1]
            for name in reversed(free):
                del left[name]
                yield name

    def _next_kept(self, i: int) -> str:
        for section in self.new[i + 1 :]:
            if fold(section.name) in self.kept:
                return section.name
        return ""

    def _make(self, section: Section, before: str, made: Set[str]) -> Iterator[Operation]:
        if not _is_of(section, self.new_file):
            raise _included(section)
        options = ["template"] if section.is_template else []
        if section.templates:
            options.append('inherit="' + ",".join(section.templates) + '"')
        for name in section.templates:
            # From the first of that name.
            if not self.after[fold(name)][0].is_template:
                raise ConfigurationError(
                    f"[{section.name}] inherits from [{name}], which is no template: Asterisk "
                    "reads that from a file only"
                )
            if name[-1] <= " " or name[0] in " \"'":
                raise ConfigurationError(
                    f"[{section.name}] inherits from [{name}], whose name an action cannot carry"
                )
        # What is added to a section is added to all of that name.
        name = section.name
        if fold(name) in made:
            name = _unused({*self.before, *self.after})
        yield Operation("NewCat", name, match=before, options=",".join(options))
        for setting in _own(section):
            yield _append(name, setting, _TEMPLATE if section.is_template else "")
        if name != section.name:
            yield Operation(
                "RenameCat", name, value=section.name, options=_TEMPLATE * section.is_template
            )
        made.add(fold(section.name))


def _unused(names: Set[str]) -> str:
    number = 0
    while f"new-{number}" in names:
        number += 1
    return f"new-{number}"


def operations(old: _Side, new: _Side) -> List[Operation]:
    """What UpdateConfig has to do to make one configuration of another.

    Parameters
    ----------
    old : Configuration or Document
        What Asterisk has now: what `get` gave, or the file itself.
    new : Configuration or Document
        What it is to have. The files that a document includes have to be there; where they are
        elsewhere, give what `Document.resolve` makes of it with that directory.

    Returns
    -------
    list of Operation
        Empty when both mean the same. To be done in this order.

    Raises
    ------
    ConfigurationError
        One of them has errors, or includes what could not be read; or Asterisk cannot do it: a
        change is about an included file, a new section inherits from one that is no template, a
        name has what Asterisk does not escape when it writes, an action cannot carry a name or
        value, or the file, as Asterisk would write it, would mean something else.
    """
    before = old.resolve() if isinstance(old, Document) else old
    after = new.resolve() if isinstance(new, Document) else new
    for problem in [*before.problems, *after.problems]:
        # What was not read would be taken for what is to go.
        if problem.severity == Severity.ERROR or problem.kind == "exec-off":
            raise ConfigurationError(f"not all of a file could be read: {problem}")
    plan = _Plan(before, after)
    found = list(plan.operations())
    if found:
        kept = [each for each in before.sections if fold(each.name) in plan.kept]
        _check(kept, after.sections)
    for operation in found:
        _check_headers(operation)
    return found


def actions(
    filename: str, operations: Iterable[Operation], *, reload: Optional[str] = None
) -> List[UpdateConfig]:
    """The actions that do the operations, to be sent one after another.

    An action has room for about twenty to forty operations; each is written to the file at once.

    Parameters
    ----------
    filename : str
        The name of the file in Asterisk's configuration directory.
    operations : iterable of Operation
        What to do.
    reload : str, optional
        The module to be reloaded at the end; ``yes`` is all of them.

    Returns
    -------
    list of asterisk.actions.UpdateConfig
        Empty when there is nothing to do.

    Raises
    ------
    ConfigurationError
        An action cannot carry a name or value: one longer than about 1000 bytes, or with a line
        end.
    """
    groups: List[List[Tuple[str, str]]] = []
    index = 0
    for operation in operations:
        if not groups or len(groups[-1]) + len(operation) > _HEADERS:
            groups.append([])
            index = 0
        _check_headers(operation)
        groups[-1] += operation.headers(index)
        index += 1
    return [
        UpdateConfig(
            src_filename=filename,
            dst_filename=filename,
            reload=reload if group is groups[-1] else None,
            # Else Asterisk makes settings of a section's own of all that it inherits.
            preserve_effective_context="no",
            headers=group,
        )
        for group in groups
    ]


def update(
    manager: Manager,
    filename: str,
    operations: Iterable[Operation],
    *,
    reload: Optional[str] = None,
) -> None:
    """Have a running Asterisk change one of its configuration files.

    Parameters
    ----------
    manager : asterisk.manager.Manager
        Logged in, with the permission ``config``.
    filename, operations, reload
        As of `actions`.

    Raises
    ------
    ManagerActionException
        Asterisk refused an action: the file is not what it was thought to be. Of several actions,
        those before that one are done.
    ConfigurationError
        As `actions`; nothing is done then.
    ManagerException
        As `Manager.send`.
    """
    for action in actions(filename, operations, reload=reload):
        manager.send(action).check()
