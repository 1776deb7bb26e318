# SPDX-License-Identifier: MIT
"""Give the phones of one context another, templates considered: move_phones.py FILE FROM TO."""

import sys

from asterisk.config import Document

path, old, new = sys.argv[1:]
document = Document.load(path)
lines = {line.number: line for line in document}

for phone in document.resolve().all():  # as Asterisk would have them
    if phone.get("type") == "endpoint" and phone.get("context") == old:
        context = phone.setting("context")
        if context.file == path:  # and not in a file that is included
            lines[context.line].value = new

document.save()  # lines that did not change are the same bytes
