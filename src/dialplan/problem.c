/* SPDX-License-Identifier: MIT */
#include <pyst/dialplan.h>

static const struct {
    enum pyst_config_severity severity;
    const char *text;
} problems[] = {
    [PYST_DIALPLAN_SAME_WITHOUT_EXTEN] = {PYST_CONFIG_ERROR,
                                          "\"same\" has no \"exten\" before it in this section"},
    [PYST_DIALPLAN_EMPTY_EXTENSION] = {PYST_CONFIG_ERROR, "an extension has no name"},
    [PYST_DIALPLAN_LABEL_NOT_CLOSED] = {PYST_CONFIG_ERROR,
                                        "a label has no closing parenthesis; the line is left out"},
    [PYST_DIALPLAN_NEXT_WITHOUT_PRIORITY] =
        {PYST_CONFIG_ERROR, "n and s need a priority before them in this section; the line is "
                            "left out"},
    [PYST_DIALPLAN_NEXT_AFTER_HINT] = {PYST_CONFIG_ERROR,
                                       "n behind a hint is priority 0; the line is left out"},
    [PYST_DIALPLAN_BAD_PRIORITY] =
        {PYST_CONFIG_ERROR, "this is no priority: a number from 1, n, s, hint or a label of the "
                            "extension; the line is left out"},
    [PYST_DIALPLAN_NO_CLOSING_PARENTHESIS] =
        {PYST_CONFIG_WARNING, "an application's arguments have no closing parenthesis"},
    [PYST_DIALPLAN_DUPLICATE_PRIORITY] =
        {PYST_CONFIG_WARNING, "the extension has this priority already; the line is left out"},
    [PYST_DIALPLAN_DUPLICATE_LABEL] =
        {PYST_CONFIG_WARNING, "the extension has this label already; this one is left out"},
    [PYST_DIALPLAN_DUPLICATE_INCLUDE] = {PYST_CONFIG_WARNING, "this is included already"},
    [PYST_DIALPLAN_DUPLICATE_SWITCH] = {PYST_CONFIG_WARNING, "the context has this switch already"},
    [PYST_DIALPLAN_DUPLICATE_IGNOREPAT] = {PYST_CONFIG_WARNING,
                                           "the context has this ignorepat already"},
    [PYST_DIALPLAN_UNKNOWN_SETTING] =
        {PYST_CONFIG_WARNING, "a context knows exten, same, include, switch, lswitch, eswitch, "
                              "ignorepat and autohints; this is ignored"},
    [PYST_DIALPLAN_CATCH_ALL] =
        {PYST_CONFIG_WARNING, "this fits the special extensions h, i, t and their like, too; _X. "
                              "or _X! is likely meant"},
    [PYST_DIALPLAN_BAD_PATTERN] = {PYST_CONFIG_WARNING,
                                   "a set has no closing bracket; the pattern fits nothing"},
    [PYST_DIALPLAN_PATTERN_TAIL] = {PYST_CONFIG_WARNING,
                                    "what follows . or ! in a pattern is never looked at"},
    [PYST_DIALPLAN_NO_UNDERSCORE] =
        {PYST_CONFIG_NOTE, "this looks like a pattern, which would begin with an underscore"},
    [PYST_DIALPLAN_TEXT_BEHIND_APPLICATION] =
        {PYST_CONFIG_WARNING, "what stands behind the closing parenthesis is ignored"},
    [PYST_DIALPLAN_BAD_TIME] = {PYST_CONFIG_ERROR,
                                "this is no time, day or month, and is left out; a field that has "
                                "nothing else never holds"},
    [PYST_DIALPLAN_NO_APPLICATION] = {PYST_CONFIG_ERROR, "a priority has no application"},
    [PYST_DIALPLAN_OLD_ARGUMENTS] =
        {PYST_CONFIG_ERROR, "arguments stand in parentheses, Application(arguments), since "
                            "Asterisk 1.6"},
    [PYST_DIALPLAN_BLANK_BEFORE_PARENTHESIS] =
        {PYST_CONFIG_ERROR, "a blank before the parenthesis is taken for a part of the "
                            "application's name"},
    [PYST_DIALPLAN_UNBALANCED_PARENTHESES] =
        {PYST_CONFIG_WARNING, "parentheses in an application's arguments do not pair up"},
    [PYST_DIALPLAN_UNCLOSED_VARIABLE] = {PYST_CONFIG_WARNING, "${ has no closing brace"},
    [PYST_DIALPLAN_UNCLOSED_EXPRESSION] = {PYST_CONFIG_WARNING, "$[ has no closing bracket"},
    [PYST_DIALPLAN_MISSING_CONTEXT] = {PYST_CONFIG_ERROR,
                                       "this leads to a context that does not exist"},
    [PYST_DIALPLAN_MISSING_EXTENSION] =
        {PYST_CONFIG_ERROR, "this leads to an extension that the context does not have"},
    [PYST_DIALPLAN_MISSING_PRIORITY] =
        {PYST_CONFIG_ERROR, "this leads to a priority that the extension does not have"},
    [PYST_DIALPLAN_MISSING_LABEL] = {PYST_CONFIG_ERROR,
                                     "this leads to a label that the extension does not have"},
    [PYST_DIALPLAN_NO_TARGET] = {PYST_CONFIG_ERROR, "this does not say where it leads to"},
    [PYST_DIALPLAN_MISSING_INCLUDE] = {PYST_CONFIG_WARNING, "an included context does not exist"},
    [PYST_DIALPLAN_INCLUDE_LOOP] = {PYST_CONFIG_WARNING,
                                    "contexts include one another in a circle"},
    [PYST_DIALPLAN_NO_FIRST_PRIORITY] = {PYST_CONFIG_WARNING,
                                         "an extension has no priority 1, where calls begin"},
    [PYST_DIALPLAN_PRIORITY_GAP] = {PYST_CONFIG_WARNING,
                                    "no priority leads here: the one before it is missing"},
    [PYST_DIALPLAN_UNREACHABLE] =
        {PYST_CONFIG_WARNING, "this is never reached: the priority before it always leads away"},
    [PYST_DIALPLAN_UNUSED_CONTEXT] =
        {PYST_CONFIG_NOTE, "nothing in this dialplan includes this context or jumps to it"},
};

enum pyst_config_severity pyst_dialplan_problem_severity(enum pyst_dialplan_problem_kind kind)
{
    return problems[kind].severity;
}

const char *pyst_dialplan_problem_text(enum pyst_dialplan_problem_kind kind)
{
    return problems[kind].text;
}
