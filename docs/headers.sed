# SPDX-License-Identifier: MIT
#
# Doxygen's view of a header: its first comment is about the header, comments of members are theirs,
# a backslash is a backslash, and Asterisk's #include is no link.
0,/^\/\*\*$/s//\/** @file/
s/^    \/\*$/    \/**/
s/^    \/\* /    \/** /
s/^\(    [^/]*[^ /] *\)\/\* /\1\/**< /
s/\\\([nrt"'\\]\)/\\\\\1/g
s/\([ "(]\)#\(include\|tryinclude\|exec\)/\1\\#\2/g
