# SPDX-License-Identifier: MIT
"""Python and the interfaces of the Asterisk PBX.

manager
    Asterisk's manager interface (AMI), as in pyst, and more.
actions
    A typed class for each action and event that Asterisk documents.
errors
    The exceptions.
"""

__version__ = "1.0.0"

__all__ = ["actions", "errors", "manager", "__version__"]
