/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_H
#define PYST_DIALPLAN_H

/**
 * A dialplan, as Asterisk makes it of extensions.conf: contexts, extensions and their priorities
 * (pbx/pbx_config.c, pbx_load_config), which of them a dialled number finds (main/pbx.c,
 * pbx_find_extension), what is wrong with it, and a picture of it.
 *
 * A dialplan is made from a configuration, which must live as long as it does: its texts are the
 * configuration's. It does not change, but for pyst_dialplan_check(); any thread may read it.
 */

#include <time.h>

#include <pyst/config/config.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_dialplan;

/** The priority of a hint (include/asterisk/pbx.h, PRIORITY_HINT). */
#define PYST_DIALPLAN_HINT (-1)

/** Where something is written. */
struct pyst_dialplan_place {
    const struct pyst_config_document *document;
    const struct pyst_config_line *line;
};

struct pyst_dialplan_priority {
    int number;                   /* from 1; or PYST_DIALPLAN_HINT */
    struct pyst_text label;       /* absent: none */
    struct pyst_text application; /* of a hint what it watches; may be empty */
    struct pyst_text arguments;   /* what stands in the parentheses; absent: no parentheses */
    const struct pyst_dialplan_extension *extension;
    struct pyst_dialplan_place place;
};

/** An extension, with or without a caller ID: all priorities that Asterisk takes for one. */
struct pyst_dialplan_extension {
    struct pyst_text name;      /* as written, without blanks; a pattern begins with "_" */
    struct pyst_text caller_id; /* absent: any caller; empty: callers without a number */
    const struct pyst_dialplan_context *context;
    const struct pyst_dialplan_priority *priorities; /* by number; a hint is the first */
    size_t n_priorities;
    struct pyst_dialplan_place place; /* of the lowest priority */
};

struct pyst_dialplan_include {
    struct pyst_text context;
    struct pyst_text times; /* when it is searched, as written; absent or empty: always */
    struct pyst_dialplan_place place;
};

struct pyst_dialplan_switch {
    struct pyst_text name;
    struct pyst_text data;
    bool is_evaluated; /* eswitch: variables of the call are put in */
    struct pyst_dialplan_place place;
};

struct pyst_dialplan_ignorepat {
    struct pyst_text pattern;
    struct pyst_dialplan_place place;
};

struct pyst_dialplan_context {
    struct pyst_text name;
    const struct pyst_dialplan_extension *const *extensions; /* the one that Asterisk tries first */
    size_t n_extensions;
    const struct pyst_dialplan_include *includes;
    size_t n_includes;
    const struct pyst_dialplan_switch *switches;
    size_t n_switches;
    const struct pyst_dialplan_ignorepat *ignorepats;
    size_t n_ignorepats;
    bool autohints;
    struct pyst_dialplan_place place; /* of its first section */
    size_t index;                     /* among the contexts, from 0 */
};

/** Of [globals]; the value has the variables of those before it put in. */
struct pyst_dialplan_global {
    struct pyst_text name;
    struct pyst_text value;
    struct pyst_dialplan_place place;
};

/**
 * Makes the dialplan of a configuration. Lines that Asterisk would not take are problems, and are
 * left out. Functions and expressions in names (`exten => ${FUNCTION()},1,...`) stay as they are
 * written. Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_dialplan_new(struct pyst_dialplan **dialplanp,
                                  const struct pyst_config *config);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_dialplan *pyst_dialplan_free(struct pyst_dialplan *dialplan);

/** Contexts in the order in which they are first written, `i` from 0. */
PYST_PUBLIC size_t pyst_dialplan_context_count(const struct pyst_dialplan *dialplan);
PYST_PUBLIC const struct pyst_dialplan_context *
pyst_dialplan_context(const struct pyst_dialplan *dialplan, size_t i);

/** The context of that name; upper and lower case differ. NULL: there is none. */
PYST_PUBLIC const struct pyst_dialplan_context *
pyst_dialplan_find_context(const struct pyst_dialplan *dialplan, struct pyst_text name);

/** Global variables, each once, `i` from 0. */
PYST_PUBLIC size_t pyst_dialplan_global_count(const struct pyst_dialplan *dialplan);
PYST_PUBLIC const struct pyst_dialplan_global *
pyst_dialplan_global(const struct pyst_dialplan *dialplan, size_t i);

/** The global variable of that name; upper and lower case differ. NULL: there is none. */
PYST_PUBLIC const struct pyst_dialplan_global *
pyst_dialplan_find_global(const struct pyst_dialplan *dialplan, struct pyst_text name);

/* ---- extensions and numbers ----------------------------------------------------------------- */

/**
 * Which of two extensions Asterisk tries first (main/pbx.c, ast_extension_cmp): negative, the
 * first; positive, the second; 0, they are the same to it, as `_X` and `_[0-9]` are.
 */
PYST_PUBLIC int pyst_dialplan_compare(struct pyst_text a, struct pyst_text b);

/** Whether an extension, a pattern or not, fits a number (main/pbx.c, ast_extension_match). */
PYST_PUBLIC bool pyst_dialplan_fits(struct pyst_text extension, struct pyst_text number);

struct pyst_dialplan_query {
    struct pyst_text context;
    struct pyst_text number;
    struct pyst_text caller_id; /* absent: any; empty: a caller without a number */
    /* Gives the time of the call as it is in a time zone, absent: that of the server; of *local
       its tm_hour, tm_min, tm_wday, tm_mday and tm_mon are read. It is called for each include
       with times. NULL: includes are taken to hold whatever their times. */
    void (*local_time)(void *user, struct pyst_text zone, struct tm *local);
    void *user;
};

/** An extension that fits, or a switch that Asterisk would ask at this point. */
struct pyst_dialplan_match {
    const struct pyst_dialplan_context *context;
    const struct pyst_dialplan_extension *extension; /* NULL: a switch */
    const struct pyst_dialplan_switch *asked;        /* NULL: an extension */
    const struct pyst_dialplan_include *include;     /* the last that led here; NULL: none */
    bool is_timed; /* some include that led here holds at certain times only */
};

/**
 * All extensions that fit a number, in Asterisk's order of preference: those of the context, then
 * its switches, then those of each context that it includes, in order and in the same manner; no
 * context twice, and no more than 512 (main/pbx.c, pbx_find_extension, with extenpatternmatchnew
 * off as by default). What Asterisk executes is the first that has the priority it looks for:
 * pyst_dialplan_find(). Includes with times are searched when those hold (main/pbx_timing.c).
 *
 * *matchesp is to be freed by pyst_dialplan_matches_free(); NULL when there is none.
 * Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_dialplan_match(const struct pyst_dialplan *dialplan,
                                    const struct pyst_dialplan_query *query,
                                    struct pyst_dialplan_match **matchesp, size_t *n_matchesp);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_dialplan_match *
pyst_dialplan_matches_free(struct pyst_dialplan_match *matches);

/**
 * The priority that Asterisk would execute: of that number, or, `label` present, of that label.
 * NULL when there is none, which a switch might still have. *switchedp (may be NULL) tells whether
 * a switch would be asked before, or instead.
 */
PYST_PUBLIC const struct pyst_dialplan_priority *
pyst_dialplan_find(const struct pyst_dialplan *dialplan, const struct pyst_dialplan_query *query,
                   int number, struct pyst_text label, bool *switchedp);

/* ---- variables ------------------------------------------------------------------------------ */

enum pyst_dialplan_reference_kind {
    PYST_DIALPLAN_VARIABLE,  /* ${NAME}, ${NAME:1:2} */
    PYST_DIALPLAN_FUNCTION,  /* ${NAME(...)} */
    PYST_DIALPLAN_EXPRESSION /* $[...] */
};

struct pyst_dialplan_reference {
    enum pyst_dialplan_reference_kind kind;
    struct pyst_text whole;  /* from "$" to the closing brace */
    struct pyst_text name;   /* of a variable or function; may hold references itself */
    struct pyst_text inside; /* of a function its arguments; of a variable what follows ":", absent
                                without; of an expression all between the brackets */
};

/**
 * The next reference at or behind *positionp (bytes, from 0) of a text, those inside others too,
 * after them. *positionp is set for the next call. False: there is none.
 */
PYST_PUBLIC bool pyst_dialplan_next_reference(struct pyst_text text, size_t *positionp,
                                              struct pyst_dialplan_reference *reference);

/* ---- what is wrong -------------------------------------------------------------------------- */

enum pyst_dialplan_problem_kind {
    /* Met while the dialplan was made. */
    PYST_DIALPLAN_SAME_WITHOUT_EXTEN,
    PYST_DIALPLAN_EMPTY_EXTENSION,
    PYST_DIALPLAN_LABEL_NOT_CLOSED,
    PYST_DIALPLAN_NEXT_WITHOUT_PRIORITY, /* n or s, and no priority before it */
    PYST_DIALPLAN_NEXT_AFTER_HINT,
    PYST_DIALPLAN_BAD_PRIORITY,
    PYST_DIALPLAN_NO_CLOSING_PARENTHESIS,
    PYST_DIALPLAN_DUPLICATE_PRIORITY,
    PYST_DIALPLAN_DUPLICATE_LABEL,
    PYST_DIALPLAN_DUPLICATE_INCLUDE,
    PYST_DIALPLAN_DUPLICATE_SWITCH,
    PYST_DIALPLAN_DUPLICATE_IGNOREPAT,
    PYST_DIALPLAN_UNKNOWN_SETTING,
    PYST_DIALPLAN_CATCH_ALL, /* _. or _! */
    PYST_DIALPLAN_BAD_PATTERN,
    PYST_DIALPLAN_PATTERN_TAIL,
    PYST_DIALPLAN_NO_UNDERSCORE,
    PYST_DIALPLAN_TEXT_BEHIND_APPLICATION,
    PYST_DIALPLAN_BAD_TIME, /* of an include, GotoIfTime or ExecIfTime */
    PYST_DIALPLAN_DUPLICATE_GLOBAL,
    /* Found by pyst_dialplan_check(). */
    PYST_DIALPLAN_NO_APPLICATION,
    PYST_DIALPLAN_OLD_ARGUMENTS, /* App,argument */
    PYST_DIALPLAN_BLANK_BEFORE_PARENTHESIS,
    PYST_DIALPLAN_UNBALANCED_PARENTHESES,
    PYST_DIALPLAN_UNCLOSED_VARIABLE,
    PYST_DIALPLAN_UNCLOSED_EXPRESSION,
    PYST_DIALPLAN_UNKNOWN_APPLICATION,
    PYST_DIALPLAN_BLANK_AROUND_APPLICATION, /* in ExecIf and the like */
    PYST_DIALPLAN_TOO_FEW_ARGUMENTS,
    PYST_DIALPLAN_TOO_MANY_ARGUMENTS,
    PYST_DIALPLAN_OLD_DELIMITER, /* App(argument|argument) */
    PYST_DIALPLAN_OPEN_QUOTE,    /* or bracket */
    PYST_DIALPLAN_UNKNOWN_OPTION,
    PYST_DIALPLAN_DUPLICATE_OPTION,
    PYST_DIALPLAN_NO_ASSIGNMENT, /* Set without "=" */
    PYST_DIALPLAN_EMPTY_NAME,    /* Set(=) */
    PYST_DIALPLAN_BLANK_IN_NAME, /* Set(NAME =) */
    PYST_DIALPLAN_EMPTY_CONDITION,
    PYST_DIALPLAN_CONSTANT_CONDITION,
    PYST_DIALPLAN_CONDITION_NOT_COMPUTED, /* no $[...] around it */
    PYST_DIALPLAN_OLD_CONDITION,          /* ExecIf(condition,App,arguments) */
    PYST_DIALPLAN_EMPTY_BRANCH,           /* of ExecIf, and not the last */
    PYST_DIALPLAN_UNKNOWN_FUNCTION,
    PYST_DIALPLAN_FUNCTION_NOT_CLOSED,
    PYST_DIALPLAN_TEXT_BEHIND_FUNCTION,
    PYST_DIALPLAN_ODD_NAME, /* of a variable */
    PYST_DIALPLAN_BAD_SUBSTRING,
    PYST_DIALPLAN_EMPTY_SUBSTRING,
    PYST_DIALPLAN_MISSING_CONTEXT,
    PYST_DIALPLAN_MISSING_MACRO,
    PYST_DIALPLAN_MISSING_EXTENSION,
    PYST_DIALPLAN_MISSING_PRIORITY,
    PYST_DIALPLAN_MISSING_LABEL,
    PYST_DIALPLAN_NO_TARGET, /* Goto() */
    PYST_DIALPLAN_MISSING_INCLUDE,
    PYST_DIALPLAN_INCLUDE_LOOP,
    PYST_DIALPLAN_NO_FIRST_PRIORITY,
    PYST_DIALPLAN_PRIORITY_GAP,
    PYST_DIALPLAN_UNREACHABLE,
    PYST_DIALPLAN_UNUSED_CONTEXT
};

/** How many kinds there are. */
#define PYST_DIALPLAN_PROBLEM_KINDS (PYST_DIALPLAN_UNUSED_CONTEXT + 1)

/**
 * An error: a call that comes there fails, or Asterisk leaves out what was written. A warning:
 * Asterisk warns, or it is hardly meant.
 */
PYST_PUBLIC enum pyst_config_severity
pyst_dialplan_problem_severity(enum pyst_dialplan_problem_kind kind);

/** Its name for programs, such as "missing-context"; static. */
PYST_PUBLIC const char *pyst_dialplan_problem_name(enum pyst_dialplan_problem_kind kind);

/** A sentence for whoever writes dialplans, without a full stop; static. */
PYST_PUBLIC const char *pyst_dialplan_problem_text(enum pyst_dialplan_problem_kind kind);

struct pyst_dialplan_problem {
    enum pyst_dialplan_problem_kind kind;
    const struct pyst_config_document *document;
    size_t line;                 /* from 1 */
    size_t column;               /* in bytes, from 1 */
    struct pyst_text what;       /* the name or target it is about; or absent */
    struct pyst_text suggestion; /* what is likely meant instead; absent: nothing is known */
};

/**
 * Says that there is an application or function which is not Asterisk's own; "*" in the name stands
 * for any characters, as in "ODBC_*". To be called before pyst_dialplan_check(). The name is
 * copied. Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_dialplan_know(struct pyst_dialplan *dialplan, struct pyst_text name);

/**
 * Looks for jumps to nowhere, priorities that are never reached, applications and functions that
 * neither Asterisk 16 nor 22 has, arguments that they do not take, and the like. What depends on
 * variables is not judged. Problems are in the order of files and lines then. To be called once.
 * Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_dialplan_check(struct pyst_dialplan *dialplan);

/** Problem `i`, from 0. */
PYST_PUBLIC size_t pyst_dialplan_problem_count(const struct pyst_dialplan *dialplan);
PYST_PUBLIC struct pyst_dialplan_problem pyst_dialplan_problem(const struct pyst_dialplan *dialplan,
                                                               size_t i);

/* ---- picture -------------------------------------------------------------------------------- */

/**
 * The dialplan as Graphviz text (dot): contexts as clusters, extensions as nodes that list their
 * priorities; jumps, subroutines, includes, AGI programs and dialled devices as edges. The same
 * dialplan gives the same text. *textp has *sizep bytes and a NUL behind them, and is to be freed
 * by free(). Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_dialplan_graph(const struct pyst_dialplan *dialplan, char **textp,
                                    size_t *sizep);

#ifdef __cplusplus
}
#endif

#endif
