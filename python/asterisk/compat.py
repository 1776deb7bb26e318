# SPDX-License-Identifier: MIT
"""Names that pyst had for what Python 2 and 3 called differently; programs import them from here."""

from __future__ import annotations

from queue import Queue

__all__ = ["PY2", "Queue", "string_types", "text_type", "unichr"]

PY2: bool = False
text_type = str
string_types: tuple[type, ...] = (str,)
unichr = chr
