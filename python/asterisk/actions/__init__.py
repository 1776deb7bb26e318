# SPDX-License-Identifier: MIT
"""Actions of Asterisk's manager interface, a class for each that Asterisk 16 and 22 document.

    from asterisk.actions import Originate

    manager.send(Originate(channel="PJSIP/100", context="office", exten="200", priority=1,
                           variable={"GREETING": "hello, world"}, async_=True))

Parameters have Asterisk's names in Python's spelling: ``CallerID`` is `caller_id`, ``Async`` is
`async_`. Those that Asterisk always requires are required here. A value is a str, int, float or
bool, or None for a parameter that is not sent. Headers that Asterisk does not document go into
`headers`, and `Action` takes an action of any name at all.

Views of events are in `asterisk.actions.events`, which is not imported from here.
"""

from asterisk.actions import action, catalogue
from asterisk.actions.action import *
from asterisk.actions.catalogue import *

__all__ = action.__all__ + catalogue.__all__
