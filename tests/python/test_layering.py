# SPDX-License-Identifier: MIT
"""tools/check-layering finds what it is there to find."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

SOUND = {
    "include/pyst/text.h": """\
        #include <stddef.h>
        PYST_PUBLIC int pyst_text_size(void);
        """,
    "include/pyst/ami/action.h": """\
        #include <pyst/text.h>
        PYST_PUBLIC const struct pyst_action *
        pyst_ami_action_of(int (*call)(void), const char *name);
        """,
    "include/pyst/adapters/uv.h": "#include <uv.h>\n#include <pyst/connection.h>",
    "include/pyst/connection.h": "#include <pyst/ami/action.h>\n",
    "src/base/text.h": "#include <stdint.h>\n",
    "src/base/text.c": """\
        #include "base/text.h"
        #include "text.h"
        /* #include "ami/action.h" */
        int pyst_text_size(void)
        {
        }
        """,
    "src/ami/action.c": """\
        #include <pyst/ami/action.h>
        #include "base/text.h"
        #include "generated.h"
        const struct pyst_action *pyst_ami_action_of(int (*call)(void), const char *name)
        {
        }
        """,
    "src/tls/tls.c": '#include <openssl/ssl.h>\n#include <poll.h>\n#include "base/text.h"',
    "src/connection/stream.c": '#include "ami/x.h"\n#include "tls/tls.h"',
    "src/server/server.c": "#include <uv.h>\n#include <pyst/emulator/ami.h>",
    "cli/main.c": '#include "output.h"\n#include <jansson.h>\n#include <pyst/text.h>',
    "cli/output.h": "#include <stdio.h>",
    "python/core/module.c": "#include <Python.h>\n",
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.strip() for line in content.split("\n")), encoding="utf-8")


def check(root: Path, *arguments: str) -> list[str]:
    """Run the check and return its complaints; its exit status says the same."""
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "tools/check-layering"), "--root", str(root), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.returncode == (1 if done.stdout else 0)
    return done.stdout.splitlines()


def test_a_sound_tree_passes(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    assert check(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("src/base/a.c", '#include "ami/x.h"', "src/base may not include from ami"),
        ("src/base/a.c", "#include <pyst/ami/x.h>", "src/base may not include from ami"),
        ("src/base/a.c", '#include "../ami/action.c"', "src/base may not include from ami"),
        ("src/ami/a.c", "\n#include <pyst/agi/x.h>", "a.c:2: src/ami may not include from agi"),
        ("src/ami/a.c", '#include "config/x.h"', "src/ami may not include from config"),
        ("src/agi/a.c", '#include "ami/x.h"', "src/agi may not include from ami"),
        ("src/config/a.c", '#include "agi/x.h"', "src/config may not include from agi"),
        ("src/ami/a.c", '#include "emulator/x.h"', "src/ami may not include from emulator"),
        ("src/ami/a.c", "#include <pyst/connection.h>", "may not include from connection"),
        ("src/emulator/a.c", '#include "connection/x.h"', "may not include from connection"),
        ("src/connection/a.c", '#include "server/x.h"', "may not include from server"),
        ("src/tls/a.c", '#include "connection/x.h"', "may not include from connection"),
        ("src/connection/a.c", "#include <openssl/ssl.h>", "only src/tls may include"),
        ("src/ami/a.c", "#include <sys/socket.h>", "src/ami may not include <sys/socket.h>"),
        ("src/emulator/a.h", "# include <pthread.h>", "src/emulator may not include <pthread.h>"),
        ("src/server/a.c", "#include <openssl/ssl.h>", "only src/tls may include"),
        ("src/connection/a.c", "#include <uv.h>", "only src/server"),
        ("cli/a.c", "#include <openssl/ssl.h>", "only src/tls may include"),
        ("src/connection/a.c", "#include <jansson.h>", "only cli may include <jansson.h>"),
        ("cli/a.c", "#include <Python.h>", "only python/core may include <Python.h>"),
        ("cli/a.c", '#include "ami/session.h"', 'cli may not include "ami/session.h"'),
        ("cli/a.c", '#include "../src/base/text.h"', "cli may not include"),
        ("examples/c/a.c", '#include "base/text.h"', "examples may not include"),
        ("python/core/a.c", '#include "base/text.h"', "python/core may not include"),
        ("include/pyst/a.h", '#include "text.h"', 'may not include "text.h"'),
        ("include/pyst/a.h", "#include <poll.h>", "may not include <poll.h>"),
        ("include/pyst/a.h", "#include <stdatomic.h>", "may not include <stdatomic.h>"),
        ("include/pyst/ami/a.h", "#include <pyst/agi/x.h>", "pyst/ami may not include"),
        ("include/pyst/text.h", "#include <pyst/ami/x.h>", "pyst/base may not include"),
        ("include/pyst/a.h", "PYST_PUBLIC int pyst_a(void);", "pyst_a is declared and not"),
        ("src/ami/util.c", "", "src/ami/util.c: a name that says nothing"),
        ("python/asterisk/helpers.py", "", "helpers.py: a name that says nothing"),
        ("tests/common/a.c", "", "tests/common: a name that says nothing"),
        ("tools/misc", "", "tools/misc: a name that says nothing"),
    ],
)
def test_a_violation_is_found(tmp_path: Path, name: str, content: str, complaint: str) -> None:
    write(tmp_path, {**SOUND, name: content})
    assert any(complaint in line for line in check(tmp_path)), check(tmp_path)


def test_a_static_function_defines_nothing_public(tmp_path: Path) -> None:
    definition = "static int pyst_text_size(void)\n{\n}"
    write(tmp_path, {**SOUND, "src/base/text.c": definition})
    assert check(tmp_path) == ["include: pyst_text_size is declared and not defined in src"]


def test_a_folder_that_meson_made_is_not_looked_at(tmp_path: Path) -> None:
    write(tmp_path, {**SOUND, "out/meson-private/x": "", "out/util.c": ""})
    assert check(tmp_path) == []


def test_a_tree_without_sources_does_not_pass(tmp_path: Path) -> None:
    assert check(tmp_path) == [f"{tmp_path}: no sources"]


@pytest.mark.skipif(not (shutil.which("cc") and shutil.which("nm")), reason="no compiler")
def test_libraries_export_what_the_headers_declare(tmp_path: Path) -> None:
    root, build = tmp_path / "root", tmp_path / "build"
    write(root, SOUND)
    assert check(root, str(build)) == [f"{build}: no library of ours in this folder"]

    def build_library(code: str) -> None:
        (build / "src").mkdir(parents=True, exist_ok=True)
        library = str(build / "src/libpyst.so")
        arguments = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library]
        subprocess.run(arguments, input=code, text=True, check=True, timeout=60)

    build_library("int pyst_text_size, pyst_ami_action_of, unrelated;")
    assert check(root, str(build)) == []
    build_library("int pyst_text_size, pyst_stowaway;")
    assert check(root, str(build)) == [
        "libpyst.so: pyst_stowaway is exported and in no public header",
        "libpyst.so: pyst_ami_action_of is declared and not exported",
    ]
