# SPDX-License-Identifier: MIT
"""Reads the wire cases of tests/wire, which its README.md describes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

FOLDER = Path(__file__).resolve().parent.parent / "wire"

_ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\", '"': b'"'}
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')


def unescape(text: str) -> bytes:
    """Return the bytes that a text with escapes stands for."""

    def byte(match: "re.Match[str]") -> str:
        found = match.group(1)
        data = bytes([int(found[1:], 16)]) if found[0] == "x" else _ESCAPES[found]
        return data.decode("latin-1")

    encoded = text.encode().decode("latin-1")
    return re.sub(r"\\(x[0-9A-Fa-f]{2}|.)", byte, encoded).encode("latin-1")


@dataclass
class Expected:
    """One message that comes out, or an error in its place."""

    kind: str
    name: Optional[bytes] = None
    error: str = ""
    lines: List[Tuple[Optional[bytes], bytes]] = field(default_factory=list)
    data: Optional[bytes] = None
    raw: Optional[bytes] = None


@dataclass
class Case:
    """A wire case."""

    file: str
    title: str
    data: bytes
    greeting: bool
    limits: Dict[str, int]
    expected: List[Expected]
    seal: str

    @property
    def id(self) -> str:
        return f"{self.file}: {self.title}"


def _expected(lines: List[str]) -> Tuple[List[Expected], str]:
    messages: List[Expected] = []
    seal = ""
    for line in lines:
        texts = [unescape(text) for text in _TEXT.findall(line)]
        word = line.split()[0]
        if line.startswith("seal "):
            seal = line.split()[1]
        elif line.startswith("error "):
            messages.append(Expected("error", error=line.split()[1]))
        elif not line.startswith(" "):
            messages.append(Expected(word, texts[0] if texts else None))
        elif word == "data":
            messages[-1].data = texts[0]
        elif word == "raw":
            messages[-1].raw = texts[0]
        elif len(texts) == 2:
            messages[-1].lines.append((texts[0], texts[1]))
        else:
            messages[-1].lines.append((None, texts[0]))
    return messages, seal


def cases(kind: str) -> Iterator[Case]:
    """Yield the cases of a folder, such as ``"ami"``."""
    for path in sorted((FOLDER / kind).glob("*.md")):
        title, block, fence = "", [""], ""
        first: Optional[Tuple[str, List[str]]] = None
        for line in path.read_text(encoding="utf-8").split("\n"):
            if not fence and line.startswith("## "):
                title = line[3:]
            elif not fence and line.startswith("```"):
                fence, block = line[3:], []
            elif fence and line == "```":
                if fence.startswith("bytes"):
                    first = (fence, block)
                else:
                    assert first is not None, title
                    words = first[0].split()[1:]
                    expected, seal = _expected(block)
                    yield Case(
                        path.name,
                        title,
                        unescape("".join(first[1])),
                        "greeting" in words,
                        {
                            name: int(value)
                            for name, _, value in (word.partition("=") for word in words)
                            if value
                        },
                        expected,
                        seal,
                    )
                fence = ""
            elif fence:
                block.append(line)
