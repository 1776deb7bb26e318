#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Extracts the facts of dialplan applications and functions from Asterisk's own documentation.

    tools/catalogue/extract-dialplan.py 16=FILE 22=FILE > src/dialplan/applications.json

FILE is the core-en_US.xml of that version (documentation.py). Only facts are taken: names, how
many arguments there are and must be, and the letters of options.

What the documentation lacks or has wrong stands in the lists below. tests/asterisk/
test_dialplan_names.py compares the table with real servers.
"""

from __future__ import annotations

import json
import re
import sys
from xml.etree.ElementTree import Element

from documentation import Documentation, Facts, documentations

# Registered without documentation (addons, channels/chan_misdn.c).
UNDOCUMENTED = {
    "MYSQL": [16],
    "MobileSendSMS": [16, 22],
    "MobileStatus": [16, 22],
    "misdn_check_l2l1": [16],
    "misdn_command": [16],
    "misdn_facility": [16],
    "misdn_set_opt": [16],
}

# Letters that the sources know and the documentation does not.
MORE_LETTERS = {
    "Directory": "v",
    "JACK": "n",
    "MinivmGreet": "g",
    "MinivmRecord": "bsu",
    "Park": "m",
    "ParkAndAnnounce": "m",
    "ReceiveFAX": "ac",
    "ReceiveMF": "p",
    "SendFAX": "ac",
}

# Documented as required; without it the application does something of sense.
OPTIONAL = {
    "Bridge",
    "Else",
    "ElseIf",
    "If",
    "MinivmDelete",
    "MusicOnHold",
    "QueueUpdate",
    "StartMusicOnHold",
    "VMAuthenticate",
    "Verbose",
    "VoiceMail",
    "VoiceMailMain",
    "VoiceMailPlayMsg",
    "While",
    "Zapateller",
}

# Commas may stand in their last argument: it is text, a list, or what something else reads.
OPEN = {
    "AELSub",
    "AGI",
    "Broadcast",
    "CELGenUserEvent",
    "DateTime",
    "DeadAGI",
    "EAGI",
    "Else",
    "ElseIf",
    "Exec",
    "ExternalIVR",
    "HangupCauseClear",
    "If",
    "JabberSend",
    "JabberSendGroup",
    "Log",
    "MP3Player",
    "MSet",
    "Macro",
    "MacroExclusive",
    "MixMonitor",
    "Morsecode",
    "NoOp",
    "OSPNext",
    "PJSIPNotify",
    "PlayTones",
    "Playback",
    "QueueLog",
    "QueueUpdate",
    "RaiseException",
    "RetryDial",
    "Return",
    "SIPRemoveHeader",
    "SIPSendCustomINFO",
    "SMS",
    "SayAlpha",
    "SayPhonetic",
    "SendText",
    "Signal",
    "Stasis",
    "StasisBroadcast",
    "System",
    "Transfer",
    "TryExec",
    "TrySystem",
    "UserEvent",
    "Verbose",
    "WaitForCondition",
    "While",
    "Zapateller",
}


def letters_of(documentation: Documentation, parameter: Element) -> str:
    """The letters of a parameter's options; none where options are words."""
    names = [
        option.get("name", "")
        for child in documentation.children(parameter)
        if child.tag == "optionlist"
        for option in documentation.children(child)
        if option.tag == "option"
    ]
    # L(x[:y][:z]) documents an argument in its name.
    letters = [name[0] for name in names if re.fullmatch(r".(?:[(\[].*)?", name)]
    return "".join(letters) if len(letters) == len(names) else ""


def extract(documentations: dict[int, Documentation]) -> Facts:
    applications: dict[str, Facts] = {}
    functions: dict[str, list[int]] = {}
    for version in sorted(documentations, reverse=True):
        documentation = documentations[version]
        for element in documentation.docs.findall("application"):
            add_application(applications, version, documentation, element)
        for element in documentation.docs.findall("function"):
            versions = functions.setdefault(element.get("name", ""), [])
            if version not in versions:
                versions.append(version)
    for name, versions in UNDOCUMENTED.items():
        assert name not in applications, f"{name} is documented"
        applications[name] = {"versions": list(versions), "open": True}
    for name, letters in MORE_LETTERS.items():
        known = applications[name]["letters"]
        assert not set(letters) & set(known), f"{name}: {letters} are documented"
        applications[name]["letters"] = "".join(sorted(known + letters))
    unknown = OPTIONAL - set(applications) | OPEN - set(applications)
    assert not unknown, f"not documented: {unknown}"
    return {
        "versions": sorted(documentations),
        "applications": {
            name: applications[name] for name in sorted(applications, key=str.lower)
        },
        "functions": {name: sorted(functions[name]) for name in sorted(functions)},
    }


def add_application(
    applications: dict[str, Facts], version: int, documentation: Documentation, element: Element
) -> None:
    """Add what a version says of an application; where versions differ, all that one takes."""
    name = element.get("name", "")
    first = name not in applications
    entry = applications.setdefault(name, {"versions": []})
    if version not in entry["versions"]:
        entry["versions"].append(version)
    syntax = element.find("syntax")
    separator = "," if syntax is None else syntax.get("argsep", ",")
    parameters = [
        child
        for child in (documentation.children(syntax) if syntax is not None else ())
        if child.tag == "parameter"
    ]
    required = [each.get("required") in ("true", "yes") for each in parameters]
    least = 0 if separator != "," or name in OPTIONAL else sum(required)
    entry["least"] = least if first else min(least, entry["least"])
    if separator != "," or name in OPEN or any(each.get("multiple") for each in parameters):
        entry["open"] = True
    # With another separator they are one to what parts arguments.
    entry["most"] = max(len(parameters) if separator == "," else 1, entry.get("most", 0))
    for position, parameter in enumerate(parameters, 1):
        letters = letters_of(documentation, parameter)
        if letters:
            assert entry.setdefault("options", position) == position, f"{name}: options move"
            entry["letters"] = "".join(sorted(set(letters + entry.get("letters", ""))))


def write(facts: Facts) -> str:
    """JSON with a line for each name, so that changes between versions read well."""

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    def entry(name: str, application: Facts) -> str:
        application["versions"].sort()
        keys = ("versions", "least", "most", "open", "options", "letters")
        return f'  {line(name)}: {line({key: application[key] for key in keys if key in application})}'

    applications = ",\n".join(entry(*each) for each in facts["applications"].items())
    functions = ",\n".join(f"  {line(name)}: {line(v)}" for name, v in facts["functions"].items())
    return (
        f'{{\n"versions": {line(facts["versions"])},\n'
        f'"applications": {{\n{applications}}},\n"functions": {{\n{functions}}}\n}}\n'
    )


def main() -> None:
    facts = extract(documentations("src/dialplan/applications.json"))
    sys.stdout.write(write(facts))


if __name__ == "__main__":
    main()
