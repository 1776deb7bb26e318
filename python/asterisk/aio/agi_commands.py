# SPDX-License-Identifier: MIT
"""The commands of AGI, awaited. What they return, to a type checker, is in agi_commands.pyi."""

from asterisk.agi.commands import Commands

__all__ = ["AwaitedCommands"]


class AwaitedCommands(Commands):
    """The methods of `asterisk.agi.commands.Commands`, on a `_run` that is to be awaited."""
