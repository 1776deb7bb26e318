#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An IVR: 1 tells what a customer's account holds, 2 takes a message.

AGI(/path/to/ivr.py,/folder/for/messages) in the dialplan runs it; or AGI(agi://host/ivr) where
``ivr.py serve`` runs.
"""

import sys

from asterisk.agi import AGI, AGIDBError, AGIHangup, AGIResultHangup


def tell_account(agi: AGI) -> None:
    number = agi.get_data("vm-extension", timeout=5000, max_digits=4)
    try:
        # Asterisk's own database has the accounts: database put account 4711 250
        agi.say_digits(agi.database_get("account", number), "#")
    except AGIDBError:
        agi.stream_file("pbx-invalid")


def take_message(agi: AGI, folder: str) -> None:
    call = agi.env["agi_uniqueid"]
    agi.stream_file("vm-intro", "#")
    try:
        length = agi.record_file(f"{folder}/message-{call}", "wav", silence=5).end_position
    except AGIResultHangup as hangup:  # the recording is kept, and the database still works
        length = hangup.reply.end_position if hangup.reply else -1
        agi.raise_on_hangup = False
    agi.database_put("message", call, length)


def ivr(agi: AGI) -> None:
    try:
        agi.answer()
        agi.stream_file("hello-world")
        while choice := agi.get_option("vm-options", "12", timeout=5000):
            if choice == "1":
                tell_account(agi)
            else:
                take_message(agi, (agi.arguments or sys.argv[1:] or ["/tmp"])[0])
        agi.stream_file("vm-goodbye")
        agi.hangup()
    except AGIHangup:
        agi.raise_on_hangup = False
        agi.verbose("The caller has hung up")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        from asterisk.fastagi import Server

        server = Server("0.0.0.0")
        server.add_route("ivr", ivr)
        server.serve_forever()
    else:
        with AGI(debug=False) as agi:
            ivr(agi)
