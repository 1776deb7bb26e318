# SPDX-License-Identifier: MIT
"""Configuration files made at random, the same ones for the same seed."""

import random
from pathlib import Path
from typing import List

#: Whole lines, which a file of sense is made of.
LINES = (
    "[a]|[b]|[c](!)|[d](a)|[e](c,b)|[a](+)|[c](+TEMPLATES=include)|[f](!,c)|[a](+k=v)|[g](c,+)|"
    "k = v|k => v|k += w|K = V|k = |long name = long  value|x = a\\;b|y = 1 ; why|z = 1;--2--;3|"
    "; alone|;--|--;|;---|\t|#include parts/items.conf|#tryinclude parts/none*.conf|"
    "#include <parts/section.conf>|#exec none|word|= 5|\\[k = 1|\\#k = 2|\ufeffk = 3"
).split("|")

#: Pieces, which a file of nonsense is made of.
PIECES = (
    "[a]|[b](a)|[c](!)|[a](+)|[|]|(|)|](|](a)|](+)|](!)|=|=>|+=|+|>|;|\\;|;--|--;|;---|--|-|\\|#|"
    "#include parts/items.conf|#include |k|v|a|b| |  |\t|,|\"|<|&|TEMPLATES=include|\r|\x01|\u00e4"
).split("|")


def _sense(source: random.Random) -> str:
    lines = [source.choice(LINES) for _ in range(source.randint(1, 30))]
    if source.random() < 0.8:
        lines.insert(0, "[a]")
    return "\n".join(lines) + source.choice(("\n", "", "\r\n"))


def _nonsense(source: random.Random) -> str:
    text = "[a]\n" if source.random() < 0.7 else ""
    for _ in range(source.randint(1, 60)):
        text += source.choice(PIECES) + ("\n" if source.random() < 0.3 else "")
    return text


def make(seed: int, count: int) -> List[bytes]:
    """Make the contents of files.

    Parameters
    ----------
    seed : int
        What they depend on.
    count : int
        How many to make; half of them make sense.

    Returns
    -------
    list of bytes
    """
    source = random.Random(seed)
    return [(_sense if i % 2 else _nonsense)(source).encode() for i in range(count)]


def write(folder: Path, seed: int, count: int) -> None:
    """Write them into a folder, as 000.conf and so on."""
    for i, data in enumerate(make(seed, count)):
        (folder / f"{i:03}.conf").write_bytes(data)
