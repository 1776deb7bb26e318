/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdlib.h>

#include <pyst/agi/environment.h>
#include <pyst/error.h>

#include "agi/environment-internal.h"
#include "base/pieces.h"

/* One allocation: the struct, the variables, the parameters, the bytes, the decoded request. */
struct pyst_agi_environment {
    atomic_size_t references;
    struct pyst_text text;
    struct pyst_text path;
    size_t n_variables;
    size_t n_parameters;
    struct pyst_agi_variable variables[]; /* and behind them the parameters */
};

static size_t count(struct pyst_text text, char c)
{
    size_t n = 0;

    for (size_t i = 0; i < text.size; i++)
        n += text.data[i] == c;
    return n;
}

static size_t longest_line(struct pyst_text lines)
{
    size_t longest = 0, size = 0;

    for (size_t i = 0; i < lines.size; i++) {
        size = lines.data[i] == '\n' ? 0 : size + 1;
        longest = size > longest ? size : longest;
    }
    return longest;
}

static struct pyst_agi_variable read_line(struct pyst_text line)
{
    struct pyst_agi_variable variable;

    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    variable.value = line;
    variable.name = text_cut(&variable.value, ':');
    if (variable.value.size > 0 && variable.value.data[0] == ' ')
        variable.value = pyst_text_of(variable.value.data + 1, variable.value.size - 1);
    return variable;
}

static int hexadecimal(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes to *outp, which has room, and moves it on. What is no escape stays, and %00 as well. */
static struct pyst_text decode(struct pyst_text text, bool plus, char **outp)
{
    char *begin = *outp, *out = begin;

    if (!text.data)
        return text;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        int high, low;

        if (c == '%' && text.size - i > 2 && (high = hexadecimal(text.data[i + 1])) >= 0 &&
            (low = hexadecimal(text.data[i + 2])) >= 0 && (high || low)) {
            *out++ = (char)(high << 4 | low);
            i += 2;
        } else {
            if (plus && c == '+')
                c = ' ';
            *out++ = c;
        }
    }
    *outp = out;
    return pyst_text_of(begin, (size_t)(out - begin));
}

/*
 * What a FastAGI call asks for; Asterisk says nothing when there is no path at all. AsyncAGI has no
 * path, so that its first argument is taken for one.
 */
static struct pyst_text request(const struct pyst_agi_environment *environment)
{
    struct pyst_text script = pyst_agi_environment_get(environment, "agi_network_script");

    if (!script.data &&
        pyst_text_equal(pyst_agi_environment_get(environment, "agi_request"), pyst_text("async")))
        script = pyst_agi_environment_argument(environment, 1);
    while (script.data && script.size > 0 && script.data[0] == '/')
        script = pyst_text_of(script.data + 1, script.size - 1);
    return script;
}

static size_t count_parameters(struct pyst_text query)
{
    return query.size > 0 ? count(query, '&') + 1 : 0;
}

int pyst_agi_environment_new(struct pyst_agi_environment **environmentp, struct pyst_text lines)
{
    struct pyst_agi_environment *environment;
    struct pyst_text rest, line, path, query;
    size_t n_variables = count(lines, '\n');
    /* More than there can be: any line might become the request. */
    size_t n_parameters = count(lines, '&') + 1;
    char *bytes;

    environment = malloc(sizeof(*environment) +
                         (n_variables + n_parameters) * sizeof(environment->variables[0]) +
                         lines.size + longest_line(lines));
    if (!environment)
        return PYST_ERR_NO_MEMORY;
    bytes = (char *)&environment->variables[n_variables + n_parameters];
    if (lines.size > 0)
        memcpy(bytes, lines.data, lines.size);
    atomic_init(&environment->references, 1);
    environment->text = pyst_text_of(bytes, lines.size);
    bytes += lines.size;

    environment->n_variables = 0;
    for (rest = environment->text; environment->n_variables < n_variables;) {
        line = text_cut(&rest, '\n');
        environment->variables[environment->n_variables++] = read_line(line);
    }

    query = request(environment);
    path = text_cut(&query, '?');
    environment->path = path.data ? decode(path, false, &bytes) : pyst_text_of("", 0);
    environment->n_parameters = 0;
    for (size_t n = count_parameters(query); n > 0; n--) {
        struct pyst_agi_variable parameter;

        parameter.value = text_cut(&query, '&');
        parameter.name = text_cut(&parameter.value, '=');
        if (parameter.name.size == 0 && !parameter.value.data)
            continue;
        parameter.name = decode(parameter.name, true, &bytes);
        parameter.value = decode(parameter.value, true, &bytes);
        environment->variables[n_variables + environment->n_parameters++] = parameter;
    }
    *environmentp = environment;
    return 0;
}

struct pyst_agi_environment *pyst_agi_environment_ref(struct pyst_agi_environment *environment)
{
    if (environment)
        atomic_fetch_add_explicit(&environment->references, 1, memory_order_relaxed);
    return environment;
}

struct pyst_agi_environment *pyst_agi_environment_unref(struct pyst_agi_environment *environment)
{
    if (environment &&
        atomic_fetch_sub_explicit(&environment->references, 1, memory_order_acq_rel) == 1)
        free(environment);
    return NULL;
}

size_t pyst_agi_environment_count(const struct pyst_agi_environment *environment)
{
    return environment->n_variables;
}

static struct pyst_agi_variable at(const struct pyst_agi_variable *variables, size_t n, size_t i)
{
    struct pyst_agi_variable none = {{NULL, 0}, {NULL, 0}};

    return i < n ? variables[i] : none;
}

/* The last counts. */
static struct pyst_text find(const struct pyst_agi_variable *variables, size_t n,
                             struct pyst_text name)
{
    while (n-- > 0)
        if (pyst_text_equal(variables[n].name, name) && variables[n].value.data)
            return variables[n].value;
    return pyst_text_none();
}

struct pyst_agi_variable pyst_agi_environment_at(const struct pyst_agi_environment *environment,
                                                 size_t i)
{
    return at(environment->variables, environment->n_variables, i);
}

struct pyst_text pyst_agi_environment_get(const struct pyst_agi_environment *environment,
                                          const char *name)
{
    struct pyst_text wanted = pyst_text(name);

    if (wanted.size >= 4 && memcmp(name, "agi_", 4) == 0)
        return find(environment->variables, environment->n_variables, wanted);
    for (size_t n = environment->n_variables; n-- > 0;) {
        struct pyst_text found = environment->variables[n].name;

        if (found.size == wanted.size + 4 && memcmp(found.data, "agi_", 4) == 0 &&
            memcmp(found.data + 4, name, wanted.size) == 0 && environment->variables[n].value.data)
            return environment->variables[n].value;
    }
    return pyst_text_none();
}

struct pyst_text pyst_agi_environment_argument(const struct pyst_agi_environment *environment,
                                               size_t n)
{
    char name[sizeof("agi_arg_") + 20] = "agi_arg_";
    char digits[20];
    size_t size = sizeof("agi_arg_") - 1, n_digits = 0;

    do {
        digits[n_digits++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (n_digits > 0)
        name[size++] = digits[--n_digits];
    return find(environment->variables, environment->n_variables, pyst_text_of(name, size));
}

struct pyst_text pyst_agi_environment_path(const struct pyst_agi_environment *environment)
{
    return environment->path;
}

size_t pyst_agi_environment_parameter_count(const struct pyst_agi_environment *environment)
{
    return environment->n_parameters;
}

struct pyst_agi_variable
pyst_agi_environment_parameter_at(const struct pyst_agi_environment *environment, size_t i)
{
    return at(environment->variables + environment->n_variables, environment->n_parameters, i);
}

struct pyst_text pyst_agi_environment_parameter(const struct pyst_agi_environment *environment,
                                                const char *name)
{
    return find(environment->variables + environment->n_variables, environment->n_parameters,
                pyst_text(name));
}

struct pyst_text pyst_agi_environment_text(const struct pyst_agi_environment *environment)
{
    return environment->text;
}
