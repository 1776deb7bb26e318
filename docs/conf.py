# SPDX-License-Identifier: MIT
"""The documentation site and the man page."""

import logging
import os

project = 'pyst'
author = 'the pyst authors'
copyright = author
version = release = os.environ.get('PYST_VERSION', '')

extensions = ['breathe', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon']
breathe_projects = {'pyst': os.environ.get('PYST_HEADERS_XML', '')}
breathe_default_project = 'pyst'
breathe_domain_by_extension = {'h': 'c'}
autodoc_typehints = 'none'
autodoc_member_order = 'bysource'
napoleon_google_docstring = False

exclude_patterns = ['benchmarks.md', 'meson.build']
html_theme = 'alabaster'
html_theme_options = {'description': 'Asterisk, from C and from Python', 'fixed_sidebar': True}
man_pages = [('pyst', 'pyst', 'talk to the Asterisk PBX', [author], 1)]
man_show_urls = False


def _is_no_duplicate(record: logging.LogRecord) -> bool:
    """C has a namespace for struct and enum tags, Sphinx has one for all: pyst_text is a struct
    and a function."""
    return 'Duplicate C declaration' not in record.getMessage()


def setup(app: object) -> None:
    logging.getLogger('sphinx.sphinx.domains.c').addFilter(_is_no_duplicate)
