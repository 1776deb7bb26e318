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
aio
    Both for asyncio.
config
    Configuration files: as Asterisk reads them, to be changed, and as in pyst.
liveconfig
    Those of a running Asterisk, over the manager interface.
actions
    A typed class for each action and event that Asterisk documents.
errors
    The exceptions.
"""

__version__ = "1.0.0"

__all__ = ["actions", "errors", "manager", "__version__"]
