# SPDX-License-Identifier: MIT
#
# Doxygen's view of a header: its first comment is about the header, comments of members are theirs,
# and a backslash is a backslash.
0,/^\/\*\*$/s//\/** @file/
s/^    \/\*$/    \/**/
s/^    \/\* /    \/** /
s/^\(    [^/]*[^ /] *\)\/\* /\1\/**< /
s/\\\([nrt"'\\]\)/\\\\\1/g
