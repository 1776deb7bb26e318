# SPDX-License-Identifier: MIT
"""An AGI program, whose start is measured; the same for ours, pyst and pyst2."""

from asterisk.agi import AGI

AGI().noop()
