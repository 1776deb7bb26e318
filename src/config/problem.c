/* SPDX-License-Identifier: MIT */
#include <pyst/config/document.h>

static const struct {
    const char *name;
    enum pyst_config_severity severity;
    const char *text;
} problems[] = {
    [PYST_CONFIG_NO_CLOSING_BRACKET] = {"no-closing-bracket", PYST_CONFIG_ERROR,
                                        "a section's name has no closing bracket"},
    [PYST_CONFIG_NO_CLOSING_PARENTHESIS] = {"no-closing-parenthesis", PYST_CONFIG_ERROR,
                                            "a section's templates have no closing parenthesis"},
    [PYST_CONFIG_BAD_ESCAPE] = {"bad-escape", PYST_CONFIG_ERROR,
                                "a backslash has nothing behind it"},
    [PYST_CONFIG_NO_SECTION] = {"no-section", PYST_CONFIG_ERROR,
                                "a setting stands before any [section]"},
    [PYST_CONFIG_UNKNOWN_TEMPLATE] = {"unknown-template", PYST_CONFIG_ERROR,
                                      "a section inherits from one that is not defined before it"},
    [PYST_CONFIG_UNKNOWN_ADDITION] =
        {"unknown-addition", PYST_CONFIG_ERROR,
         "a section with (+) adds to one that is not defined before it"},
    [PYST_CONFIG_MISSING_FILE] = {"missing-file", PYST_CONFIG_ERROR,
                                  "an included file does not exist (#tryinclude allows that)"},
    [PYST_CONFIG_BAD_FILTER] =
        {"bad-filter", PYST_CONFIG_ERROR,
         "the filter of a section with (+) is no regular expression, or too large a one"},
    [PYST_CONFIG_NO_EQUAL_SIGN] = {"no-equal-sign", PYST_CONFIG_WARNING,
                                   "a setting has no equal sign and is ignored"},
    [PYST_CONFIG_NO_NAME] = {"no-name", PYST_CONFIG_WARNING,
                             "a setting has no name before its equal sign and is ignored"},
    [PYST_CONFIG_UNKNOWN_DIRECTIVE] =
        {"unknown-directive", PYST_CONFIG_WARNING,
         "only #include, #tryinclude and #exec are known; this is ignored"},
    [PYST_CONFIG_NO_ARGUMENT] = {"no-argument", PYST_CONFIG_WARNING,
                                 "a directive needs a file's name"},
    [PYST_CONFIG_LINE_TOO_LONG] = {"line-too-long", PYST_CONFIG_WARNING,
                                   "a line is longer than 8190 bytes and is ignored"},
    [PYST_CONFIG_COMMENT_NOT_ENDED] = {"comment-not-ended", PYST_CONFIG_WARNING,
                                       "a block comment (;--) is not ended by --;"},
    [PYST_CONFIG_COMMENT_TOO_DEEP] = {"comment-too-deep", PYST_CONFIG_WARNING,
                                      "block comments are nested deeper than 128"},
    [PYST_CONFIG_INCLUDE_TOO_DEEP] =
        {"include-too-deep", PYST_CONFIG_ERROR,
         "files include one another deeper than 10, perhaps in a circle"},
    [PYST_CONFIG_EXEC_OFF] = {"exec-off", PYST_CONFIG_WARNING,
                              "#exec is not allowed and is ignored"},
    [PYST_CONFIG_SECTION_NAME_CUT] = {"section-name-cut", PYST_CONFIG_NOTE,
                                      "a section's name is cut after 79 bytes"},
    [PYST_CONFIG_TEXT_BEHIND_SECTION] = {"text-behind-section", PYST_CONFIG_NOTE,
                                         "what stands behind a section's name is ignored"},
};

enum pyst_config_severity pyst_config_problem_severity(enum pyst_config_problem_kind kind)
{
    return problems[kind].severity;
}

const char *pyst_config_problem_name(enum pyst_config_problem_kind kind)
{
    return problems[kind].name;
}

const char *pyst_config_problem_text(enum pyst_config_problem_kind kind)
{
    return problems[kind].text;
}
