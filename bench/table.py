# SPDX-License-Identifier: MIT
"""The table of figures, for a terminal and for the documentation."""

from typing import NamedTuple

from measure import Sample

HEAD = ("what", "ours", "beside", "theirs", "ratio", "goal", "reached")


class Row(NamedTuple):
    """A figure beside one peer; what there is not is empty."""

    what: str
    ours: str
    beside: str = ""
    theirs: str = ""
    ratio: str = ""
    goal: str = ""
    reached: str = ""


def number(value: float) -> str:
    """Write a number so that three or so digits of it are seen."""
    for unit, suffix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:.3g}{suffix}"
    return f"{value:.3g}"


def rate(sample: Sample, unit: str = "/s") -> str:
    """Write a sample: the median, the range, and processor time where it is known."""
    text = number(sample.median) + unit
    if len(sample.rates) > 1:
        text += f" ({number(min(sample.rates))} to {number(max(sample.rates))})"
    if sample.cpu:
        text += f", {sample.cpu * 1e6:.2f} us CPU"
    if sample.notes:
        text += f"; {sample.notes}"
    return text


def verdict(reached: bool) -> str:
    """Write whether a goal is reached."""
    return "yes" if reached else "**no**"


def beside(
    what: str,
    ours: Sample | str,
    peer: str,
    theirs: Sample | str,
    goal: float | None = None,
    unit: str = "/s",
) -> Row:
    """Make the row of two samples, either of which may be the reason why there is none.

    Parameters
    ----------
    what : str
        The figure.
    ours, theirs : Sample or str
        The two.
    peer : str
        Whose the second is.
    goal : float, optional
        The least ratio of the first to the second.
    unit : str
        What the rates count.
    """
    left = ours if isinstance(ours, str) else rate(ours, unit)
    right = theirs if isinstance(theirs, str) else rate(theirs, unit)
    wanted = "" if goal is None else f"at least {goal:g}"
    if isinstance(ours, str) or isinstance(theirs, str):
        return Row(what, left, peer, right, goal=wanted)
    ratio = ours.median / theirs.median
    reached = "" if goal is None else verdict(ratio >= goal)
    return Row(what, left, peer, right, f"{ratio:.3g}", wanted, reached)


def cost(
    what: str, ours: Sample | str, peer: str, theirs: Sample | str, goal: float | None = None
) -> Row:
    """Make the row of the processor time of two samples.

    Parameters
    ----------
    what : str
        The figure.
    ours, theirs : Sample or str
        The two, or why there is none.
    peer : str
        Whose the second is.
    goal : float, optional
        The greatest ratio of the first to the second.
    """
    left = ours if isinstance(ours, str) else f"{ours.cpu * 1e6:.2f} us"
    right = theirs if isinstance(theirs, str) else f"{theirs.cpu * 1e6:.2f} us"
    wanted = "" if goal is None else f"at most {goal:g}"
    if isinstance(ours, str) or isinstance(theirs, str):
        return Row(what, left, peer, right, goal=wanted)
    ratio = ours.cpu / theirs.cpu
    reached = "" if goal is None else verdict(ratio <= goal)
    return Row(what, left, peer, right, f"{ratio:.3g}", wanted, reached)


def absolute(what: str, ours: Sample | str, goal: float | None = None) -> Row:
    """Make the row of a rate that stands alone.

    Parameters
    ----------
    what : str
        The figure.
    ours : Sample or str
        The rate, or why there is none.
    goal : float, optional
        The least it shall be.
    """
    wanted = "" if goal is None else f"at least {number(goal)}/s"
    if isinstance(ours, str):
        return Row(what, ours, goal=wanted)
    reached = "" if goal is None else verdict(ours.median >= goal)
    return Row(what, rate(ours), goal=wanted, reached=reached)


def markdown(rows: list[Row]) -> str:
    """Write the rows as a table in Markdown; what repeats from the row above is left out."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    above = Row("", "")
    for row in rows:
        cells = list(row)
        if row[:2] == above[:2]:
            cells[:2] = ["", ""]
        above = row
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def plain(row: Row) -> str:
    """Write a row for a terminal."""
    text = f"{row.what}: {row.ours}"
    if row.beside:
        text += f"\n    {row.beside}: {row.theirs}"
    if row.ratio:
        text += f"\n    ratio {row.ratio}"
    if row.goal:
        text += f"\n    goal {row.goal}: {row.reached.strip('*') or 'not measured'}"
    return text
