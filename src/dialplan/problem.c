/* SPDX-License-Identifier: MIT */
#include <pyst/dialplan.h>

static const struct {
    const char *name;
    enum pyst_config_severity severity;
    const char *text;
} problems[] = {
    [PYST_DIALPLAN_SAME_WITHOUT_EXTEN] = {"same-without-exten", PYST_CONFIG_ERROR,
                                          "\"same\" has no \"exten\" before it in this section"},
    [PYST_DIALPLAN_EMPTY_EXTENSION] = {"empty-extension", PYST_CONFIG_ERROR,
                                       "an extension has no name"},
    [PYST_DIALPLAN_LABEL_NOT_CLOSED] = {"label-not-closed", PYST_CONFIG_ERROR,
                                        "a label has no closing parenthesis; the line is left out"},
    [PYST_DIALPLAN_NEXT_WITHOUT_PRIORITY] =
        {"next-without-priority", PYST_CONFIG_ERROR,
         "n and s need a priority before them in this section; the line is "
         "left out"},
    [PYST_DIALPLAN_NEXT_AFTER_HINT] = {"next-after-hint", PYST_CONFIG_ERROR,
                                       "n behind a hint is priority 0; the line is left out"},
    [PYST_DIALPLAN_BAD_PRIORITY] =
        {"bad-priority", PYST_CONFIG_ERROR,
         "this is no priority: a number from 1, n, s, hint or a label of the "
         "extension; the line is left out"},
    [PYST_DIALPLAN_NO_CLOSING_PARENTHESIS] =
        {"no-closing-parenthesis", PYST_CONFIG_WARNING,
         "an application's arguments have no closing parenthesis"},
    [PYST_DIALPLAN_DUPLICATE_PRIORITY] =
        {"duplicate-priority", PYST_CONFIG_WARNING,
         "the extension has this priority already; the line is left out"},
    [PYST_DIALPLAN_DUPLICATE_LABEL] =
        {"duplicate-label", PYST_CONFIG_WARNING,
         "the extension has this label already; this one is left out"},
    [PYST_DIALPLAN_DUPLICATE_INCLUDE] = {"duplicate-include", PYST_CONFIG_WARNING,
                                         "this is included already"},
    [PYST_DIALPLAN_DUPLICATE_SWITCH] = {"duplicate-switch", PYST_CONFIG_WARNING,
                                        "the context has this switch already"},
    [PYST_DIALPLAN_DUPLICATE_IGNOREPAT] = {"duplicate-ignorepat", PYST_CONFIG_WARNING,
                                           "the context has this ignorepat already"},
    [PYST_DIALPLAN_UNKNOWN_SETTING] =
        {"unknown-setting", PYST_CONFIG_WARNING,
         "a context knows exten, same, include, switch, lswitch, eswitch, "
         "ignorepat and autohints; this is ignored"},
    [PYST_DIALPLAN_CATCH_ALL] =
        {"catch-all", PYST_CONFIG_WARNING,
         "this fits the special extensions h, i, t and their like, too; _X. "
         "or _X! is likely meant"},
    [PYST_DIALPLAN_BAD_PATTERN] = {"bad-pattern", PYST_CONFIG_WARNING,
                                   "a set has no closing bracket; the pattern fits nothing"},
    [PYST_DIALPLAN_PATTERN_TAIL] = {"pattern-tail", PYST_CONFIG_WARNING,
                                    "what follows . or ! in a pattern is never looked at"},
    [PYST_DIALPLAN_NO_UNDERSCORE] =
        {"no-underscore", PYST_CONFIG_NOTE,
         "this looks like a pattern, which would begin with an underscore"},
    [PYST_DIALPLAN_TEXT_BEHIND_APPLICATION] =
        {"text-behind-application", PYST_CONFIG_WARNING,
         "what stands behind the closing parenthesis is ignored"},
    [PYST_DIALPLAN_BAD_TIME] = {"bad-time", PYST_CONFIG_ERROR,
                                "this is no time, day or month, and is left out; a field that has "
                                "nothing else never holds"},
    [PYST_DIALPLAN_DUPLICATE_GLOBAL] = {"duplicate-global", PYST_CONFIG_NOTE,
                                        "this variable is set again; its last value counts"},
    [PYST_DIALPLAN_UNKNOWN_APPLICATION] = {"unknown-application", PYST_CONFIG_WARNING,
                                           "Asterisk has no such application of its own; without a "
                                           "module that has it, a call ends here"},
    [PYST_DIALPLAN_BLANK_AROUND_APPLICATION] =
        {"blank-around-application", PYST_CONFIG_ERROR,
         "blanks are taken for a part of the application's name here"},
    [PYST_DIALPLAN_TOO_FEW_ARGUMENTS] = {"too-few-arguments", PYST_CONFIG_WARNING,
                                         "the application needs more arguments than these"},
    [PYST_DIALPLAN_TOO_MANY_ARGUMENTS] =
        {"too-many-arguments", PYST_CONFIG_WARNING,
         "the application takes no more arguments than those before"},
    [PYST_DIALPLAN_OLD_DELIMITER] =
        {"old-delimiter", PYST_CONFIG_WARNING,
         "arguments have commas between them since Asterisk 1.6; this is one"},
    [PYST_DIALPLAN_OPEN_QUOTE] =
        {"open-quote", PYST_CONFIG_WARNING,
         "a quote or bracket is not closed, and the commas behind it are taken for text"},
    [PYST_DIALPLAN_UNKNOWN_OPTION] = {"unknown-option", PYST_CONFIG_WARNING,
                                      "the application has no such option"},
    [PYST_DIALPLAN_DUPLICATE_OPTION] = {"duplicate-option", PYST_CONFIG_NOTE,
                                        "this option is there already"},
    [PYST_DIALPLAN_NO_ASSIGNMENT] = {"no-assignment", PYST_CONFIG_WARNING,
                                     "without = nothing is set"},
    [PYST_DIALPLAN_EMPTY_NAME] = {"empty-name", PYST_CONFIG_WARNING,
                                  "a variable without a name is set"},
    [PYST_DIALPLAN_BLANK_IN_NAME] = {"blank-in-name", PYST_CONFIG_WARNING,
                                     "blanks before = are taken for a part of the variable's name"},
    [PYST_DIALPLAN_EMPTY_CONDITION] = {"empty-condition", PYST_CONFIG_WARNING,
                                       "a condition is empty and never holds"},
    [PYST_DIALPLAN_CONSTANT_CONDITION] = {"constant-condition", PYST_CONFIG_NOTE,
                                          "a condition does not depend on anything"},
    [PYST_DIALPLAN_CONDITION_NOT_COMPUTED] =
        {"condition-not-computed", PYST_CONFIG_WARNING,
         "a condition is computed in $[...] only; as it is, the number that it begins with counts, "
         "and without one it always holds"},
    [PYST_DIALPLAN_OLD_CONDITION] =
        {"old-condition", PYST_CONFIG_WARNING,
         "this is to be written ExecIf(condition?Application(arguments))"},
    [PYST_DIALPLAN_EMPTY_BRANCH] = {"empty-branch", PYST_CONFIG_ERROR,
                                    "a call that would run no application here ends"},
    [PYST_DIALPLAN_UNKNOWN_FUNCTION] =
        {"unknown-function", PYST_CONFIG_WARNING,
         "Asterisk has no such function of its own; upper and lower case differ"},
    [PYST_DIALPLAN_FUNCTION_NOT_CLOSED] = {"function-not-closed", PYST_CONFIG_WARNING,
                                           "a function has no closing parenthesis"},
    [PYST_DIALPLAN_TEXT_BEHIND_FUNCTION] =
        {"text-behind-function", PYST_CONFIG_WARNING,
         "what stands behind the function's closing parenthesis is ignored"},
    [PYST_DIALPLAN_ODD_NAME] = {"odd-name", PYST_CONFIG_NOTE,
                                "all of this is taken for a variable's name"},
    [PYST_DIALPLAN_BAD_SUBSTRING] =
        {"bad-substring", PYST_CONFIG_WARNING,
         "a part of a value is ${NAME:offset:length}, with numbers; what is none is ignored"},
    [PYST_DIALPLAN_EMPTY_SUBSTRING] = {"empty-substring", PYST_CONFIG_WARNING,
                                       "this part of a value is always empty"},
    [PYST_DIALPLAN_NO_APPLICATION] = {"no-application", PYST_CONFIG_ERROR,
                                      "a priority has no application"},
    [PYST_DIALPLAN_OLD_ARGUMENTS] =
        {"old-arguments", PYST_CONFIG_ERROR,
         "arguments stand in parentheses, Application(arguments), since "
         "Asterisk 1.6"},
    [PYST_DIALPLAN_BLANK_BEFORE_PARENTHESIS] =
        {"blank-before-parenthesis", PYST_CONFIG_ERROR,
         "a blank before the parenthesis is taken for a part of the "
         "application's name"},
    [PYST_DIALPLAN_UNBALANCED_PARENTHESES] =
        {"unbalanced-parentheses", PYST_CONFIG_WARNING,
         "parentheses in an application's arguments do not pair up"},
    [PYST_DIALPLAN_UNCLOSED_VARIABLE] = {"unclosed-variable", PYST_CONFIG_WARNING,
                                         "${ has no closing brace"},
    [PYST_DIALPLAN_UNCLOSED_EXPRESSION] = {"unclosed-expression", PYST_CONFIG_WARNING,
                                           "$[ has no closing bracket"},
    [PYST_DIALPLAN_MISSING_CONTEXT] = {"missing-context", PYST_CONFIG_ERROR,
                                       "this leads to a context that does not exist"},
    [PYST_DIALPLAN_MISSING_MACRO] =
        {"missing-macro", PYST_CONFIG_ERROR,
         "a macro does not exist: its context has the macro's name with \"macro-\" before it"},
    [PYST_DIALPLAN_MISSING_EXTENSION] =
        {"missing-extension", PYST_CONFIG_ERROR,
         "this leads to an extension that the context does not have"},
    [PYST_DIALPLAN_MISSING_PRIORITY] =
        {"missing-priority", PYST_CONFIG_ERROR,
         "this leads to a priority that the extension does not have"},
    [PYST_DIALPLAN_MISSING_LABEL] = {"missing-label", PYST_CONFIG_ERROR,
                                     "this leads to a label that the extension does not have"},
    [PYST_DIALPLAN_NO_TARGET] = {"no-target", PYST_CONFIG_ERROR,
                                 "this does not say where it leads to"},
    [PYST_DIALPLAN_MISSING_INCLUDE] = {"missing-include", PYST_CONFIG_WARNING,
                                       "an included context does not exist"},
    [PYST_DIALPLAN_INCLUDE_LOOP] = {"include-loop", PYST_CONFIG_WARNING,
                                    "contexts include one another in a circle"},
    [PYST_DIALPLAN_NO_FIRST_PRIORITY] = {"no-first-priority", PYST_CONFIG_WARNING,
                                         "an extension has no priority 1, where calls begin"},
    [PYST_DIALPLAN_PRIORITY_GAP] = {"priority-gap", PYST_CONFIG_WARNING,
                                    "no priority leads here: the one before it is missing"},
    [PYST_DIALPLAN_UNREACHABLE] =
        {"unreachable", PYST_CONFIG_WARNING,
         "this is never reached: the priority before it always leads away"},
    [PYST_DIALPLAN_UNUSED_CONTEXT] =
        {"unused-context", PYST_CONFIG_NOTE,
         "nothing in this dialplan includes this context or jumps to it"},
};

enum pyst_config_severity pyst_dialplan_problem_severity(enum pyst_dialplan_problem_kind kind)
{
    return problems[kind].severity;
}

const char *pyst_dialplan_problem_name(enum pyst_dialplan_problem_kind kind)
{
    return problems[kind].name;
}

const char *pyst_dialplan_problem_text(enum pyst_dialplan_problem_kind kind)
{
    return problems[kind].text;
}
