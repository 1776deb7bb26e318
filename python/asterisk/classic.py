# SPDX-License-Identifier: MIT
"""The actions that pyst and pyst2 have as methods, each returning Asterisk's response.

An error that Asterisk answers is returned like any other response; only `login` raises.
"""

from __future__ import annotations

from collections.abc import Mapping

from asterisk._core import ManagerMsg
from asterisk.errors import ManagerAuthException

TYPE_CHECKING = False  # see asterisk.manager
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ClassicActions"]


class ClassicActions:
    """Methods for actions, on top of `send_action`."""

    def send_action(self, cdict: dict[str, Any] | None = None, **kwargs: Any) -> ManagerMsg:
        """Send an action; `Manager` says how."""
        raise NotImplementedError

    def login(
        self, username: str, secret: str, *, md5: bool = False, events: str | None = None
    ) -> ManagerMsg:
        """Log in.

        Parameters
        ----------
        username, secret : str
            Of manager.conf.
        md5 : bool, optional
            Prove to know the secret without sending it.
        events : str, optional
            Which events to get: ``"on"``, ``"off"``, or classes such as ``"call,system"``.

        Returns
        -------
        ManagerMsg

        Raises
        ------
        ManagerAuthException
            Asterisk refused.
        ManagerException
            As `send_action`.
        """
        cdict: dict[str, Any] = {"Action": "Login"}
        if md5:
            import hashlib

            challenge = self.send_action({"Action": "Challenge", "AuthType": "MD5"})
            if challenge.get_header("Response") == "Error":
                raise ManagerAuthException(challenge.get_header("Message"))
            words = challenge.get_header("Challenge", "") + secret
            octets = words.encode("utf-8", "surrogateescape")
            digest = hashlib.md5(octets, usedforsecurity=False).hexdigest()
            cdict.update(AuthType="MD5", Username=username, Key=digest)
        else:
            cdict.update(Username=username, Secret=secret)
        if events is not None:
            cdict["Events"] = events
        response = self.send_action(cdict)
        if response.get_header("Response") == "Error":
            raise ManagerAuthException(response.get_header("Message"))
        return response

    def ping(self) -> ManagerMsg:
        """Ask Asterisk for a sign of life."""
        return self.send_action({"Action": "Ping"})

    def logoff(self) -> ManagerMsg:
        """Log off; Asterisk then closes the connection."""
        return self.send_action({"Action": "Logoff"})

    def hangup(self, channel: str) -> ManagerMsg:
        """Hang up a channel."""
        return self.send_action({"Action": "Hangup", "Channel": channel})

    def status(self, channel: str = "") -> ManagerMsg:
        """Ask for the state of a channel, or of all; it comes as events."""
        return self.send_action({"Action": "Status", "Channel": channel})

    def redirect(
        self,
        channel: str,
        exten: str,
        priority: str = "1",
        extra_channel: str = "",
        context: str = "",
    ) -> ManagerMsg:
        """Send a channel, and perhaps a second one, to another place in the dialplan."""
        cdict = {"Action": "Redirect", "Channel": channel, "Exten": exten, "Priority": priority}
        if context:
            cdict["Context"] = context
        if extra_channel:
            cdict["ExtraChannel"] = extra_channel
        return self.send_action(cdict)

    def originate(
        self,
        channel: str,
        exten: str,
        context: str = "",
        priority: str = "",
        timeout: str | int = "",
        caller_id: str = "",
        run_async: bool = False,
        account: str = "",
        variables: Mapping[str, Any] = {},
        application: str = "",
        data: str = "",
        earlymedia: str = "",
    ) -> ManagerMsg:
        """Call a channel and connect it to a place in the dialplan, or to an application.

        Parameters
        ----------
        channel : str
            Whom to call, such as ``"PJSIP/100"``.
        exten, context, priority : str
            Where in the dialplan the channel goes when it answers.
        timeout : str or int, optional
            Milliseconds to let it ring.
        caller_id : str, optional
            As whom to call.
        run_async : bool, optional
            Whether the response comes at once, the outcome later as an event OriginateResponse.
            Without it the connection is blocked for other actions until the call is answered.
        account : str, optional
            Account code.
        variables : mapping of str to str, optional
            Channel variables. Asterisk splits a value at commas and takes quotes away; with
            `asterisk.actions.Originate` it arrives as it is.
        application, data : str, optional
            An application to run, instead of `exten`, and its arguments.
        earlymedia : str, optional
            ``"true"`` to go on at early media already.

        Returns
        -------
        ManagerMsg
        """
        cdict: dict[str, Any] = {"Action": "Originate", "Channel": channel, "Exten": exten}
        if context:
            cdict["Context"] = context
        if priority:
            cdict["Priority"] = priority
        if timeout:
            cdict["Timeout"] = timeout
        if application:
            cdict["Application"] = application
        if data:
            cdict["Data"] = data
        if caller_id:
            cdict["CallerID"] = caller_id
        if run_async:
            cdict["Async"] = "yes"
        if earlymedia:
            cdict["EarlyMedia"] = earlymedia
        if account:
            cdict["Account"] = account
        if variables:
            cdict["Variable"] = [f"{name}={value}" for name, value in variables.items()]
        return self.send_action(cdict)

    def mailbox_status(self, mailbox: str) -> ManagerMsg:
        """Ask whether a mailbox has messages."""
        return self.send_action({"Action": "MailboxStatus", "Mailbox": mailbox})

    def command(self, command: str) -> ManagerMsg:
        """Run a command of Asterisk's command line; its output is in `data` and `output`."""
        return self.send_action({"Action": "Command", "Command": command})

    def extension_state(self, exten: str, context: str) -> ManagerMsg:
        """Ask for the state of an extension."""
        return self.send_action({"Action": "ExtensionState", "Exten": exten, "Context": context})

    def playdtmf(self, channel: str, digit: str) -> ManagerMsg:
        """Play a DTMF digit on a channel."""
        return self.send_action({"Action": "PlayDTMF", "Channel": channel, "Digit": digit})

    def absolute_timeout(self, channel: str, timeout: str | int) -> ManagerMsg:
        """Hang a channel up after so many seconds."""
        return self.send_action(
            {"Action": "AbsoluteTimeout", "Channel": channel, "Timeout": timeout}
        )

    def mailbox_count(self, mailbox: str) -> ManagerMsg:
        """Ask how many messages a mailbox has."""
        return self.send_action({"Action": "MailboxCount", "Mailbox": mailbox})

    def sippeers(self) -> ManagerMsg:
        """Ask for the peers of chan_sip; they come as events."""
        return self.send_action({"Action": "Sippeers"})

    def sipshowpeer(self, peer: str) -> ManagerMsg:
        """Ask about one peer of chan_sip."""
        return self.send_action({"Action": "SIPshowpeer", "Peer": peer})

    def sipshowregistry(self) -> ManagerMsg:
        """Ask for the registrations of chan_sip; they come as events."""
        return self.send_action({"Action": "SIPShowregistry"})

    def iaxregistry(self) -> ManagerMsg:
        """Ask for the registrations of chan_iax2; they come as events."""
        return self.send_action({"Action": "IAXregistry"})

    def reload(self, module: str) -> ManagerMsg:
        """Load the configuration of a module again."""
        return self.send_action({"Action": "Reload", "Module": module})

    def dbdel(self, family: str, key: str) -> ManagerMsg:
        """Delete an entry of Asterisk's database."""
        return self.send_action({"Action": "DBDel", "Family": family, "Key": key})

    def dbdeltree(self, family: str, key: str) -> ManagerMsg:
        """Delete a tree of Asterisk's database."""
        return self.send_action({"Action": "DBDelTree", "Family": family, "Key": key})

    def dbget(self, family: str, key: str) -> ManagerMsg:
        """Ask for an entry of Asterisk's database; it comes as an event DBGetResponse."""
        return self.send_action({"Action": "DBGet", "Family": family, "Key": key})

    def dbput(self, family: str, key: str, val: str) -> ManagerMsg:
        """Set an entry of Asterisk's database."""
        return self.send_action({"Action": "DBPut", "Family": family, "Key": key, "Val": val})
