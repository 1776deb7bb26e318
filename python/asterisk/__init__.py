# SPDX-License-Identifier: MIT
"""Python and the interfaces of the Asterisk PBX.

manager
    Asterisk's manager interface (AMI), as in pyst, and more.
agi
    Programs that run a call (AGI), as in pyst, and more.
eagi
    The same with the caller's voice.
fastagi
    A server for calls over the network.
asyncagi
    Calls that come by way of the manager interface.
agitb
    Tracebacks of AGI programs, as in pyst.
aio
    The manager interface and AGI for asyncio.
callfile
    Call files, which have Asterisk make a call.
config
    Configuration files: as Asterisk reads them, to be changed, and as in pyst.
liveconfig
    Those of a running Asterisk, over the manager interface.
dialplan
    What Asterisk makes of an extensions.conf.
astemu
    An emulator of Asterisk, as in pyst, and more.
actions
    A typed class for each action and event that Asterisk documents.
errors
    The exceptions.
"""

__version__ = "1.0.0"

__all__ = ["actions", "errors", "manager", "__version__"]
