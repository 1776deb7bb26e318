/* SPDX-License-Identifier: MIT */

/* A dialplan as Graphviz text. */

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "dialplan/internal.h"
#include "dialplan/jump.h"

#define LINE_SIZE 60 /* bytes of an application and its arguments that are shown */

/* What stands in no context. In the order in which they are written. */
enum outside_kind {
    OUTSIDE_PROGRAM,
    OUTSIDE_DEVICE,
    OUTSIDE_SWITCH,
    OUTSIDE_MISSING,
    OUTSIDE_OPEN
};

struct outside {
    enum outside_kind kind;
    struct pyst_text name;
    struct pyst_text rest; /* of a switch its data */
};

struct graph {
    const struct pyst_dialplan *dialplan;
    struct buffer out;
    int error; /* the first; nothing is written after it */
    struct outside *outsides;
    size_t n_outsides;
    size_t room_for_outsides;
    bool is_collecting;                        /* what stands outside; else writing */
    const struct pyst_dialplan_priority *from; /* whose jumps are looked at; NULL: a context */
};

/* ---- text ----------------------------------------------------------------------------------- */

static void put(struct graph *graph, struct pyst_text text)
{
    if (graph->error == 0)
        graph->error = buffer_append(&graph->out, text);
}

static void put_string(struct graph *graph, const char *string)
{
    put(graph, pyst_text(string));
}

static void put_number(struct graph *graph, const char *format, size_t number)
{
    char text[64];

    snprintf(text, sizeof(text), format, number);
    put_string(graph, text);
}

/* The size of the UTF-8 character that a text begins with; 0: it begins with none. */
static size_t character(struct pyst_text text)
{
    const unsigned char c = (unsigned char)text.data[0];
    const size_t size = c < 0x80   ? 1
                        : c < 0xc2 ? 0
                        : c < 0xe0 ? 2
                        : c < 0xf0 ? 3
                        : c < 0xf5 ? 4
                                   : 0;

    if (size > text.size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if (((unsigned char)text.data[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* Inside of quotes. What is no UTF-8 is taken for Latin-1, control characters for blanks. */
static void put_quoted(struct graph *graph, struct pyst_text text, size_t limit)
{
    size_t done = 0;

    while (text.size > 0 && done < limit) {
        const unsigned char c = (unsigned char)text.data[0];
        const size_t size = character(text);
        char latin[3] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f)), '\0'};

        if (size == 0)
            put_string(graph, latin);
        else if (c == '"' || c == '\\')
            put_string(graph, c == '"' ? "\\\"" : "\\\\");
        else if (c < 0x20 || c == 0x7f)
            put_string(graph, " ");
        else
            put(graph, pyst_text_of(text.data, size));
        done += size ? size : 1;
        text = pyst_text_of(text.data + (size ? size : 1), text.size - (size ? size : 1));
    }
    if (text.size > 0)
        put_string(graph, "...");
}

static void put_all(struct graph *graph, struct pyst_text text)
{
    put_quoted(graph, text, SIZE_MAX);
}

/* ---- what stands outside -------------------------------------------------------------------- */

static int compare_texts(struct pyst_text a, struct pyst_text b)
{
    const size_t size = a.size < b.size ? a.size : b.size;
    const int r = size ? memcmp(a.data, b.data, size) : 0;

    return r ? r : a.size < b.size ? -1 : a.size > b.size;
}

static int compare_outsides(const void *a, const void *b)
{
    const struct outside *left = a, *right = b;
    int r = (int)left->kind - (int)right->kind;

    if (r == 0)
        r = compare_texts(left->name, right->name);
    return r ? r : compare_texts(left->rest, right->rest);
}

/* Collects one, or writes the node's name. */
static void meet(struct graph *graph, struct outside outside)
{
    const struct outside *found;

    if (!graph->is_collecting) {
        found = bsearch(&outside, graph->outsides, graph->n_outsides, sizeof(outside),
                        compare_outsides);
        put_number(graph, "o%zu", (size_t)(found - graph->outsides));
        return;
    }
    if (graph->error == 0)
        graph->error = array_grow((void **)&graph->outsides, &graph->room_for_outsides,
                                  graph->n_outsides, sizeof(outside));
    if (graph->error == 0)
        graph->outsides[graph->n_outsides++] = outside;
}

static void sort_outsides(struct graph *graph)
{
    size_t n = 0;

    if (graph->n_outsides == 0)
        return;
    qsort(graph->outsides, graph->n_outsides, sizeof(*graph->outsides), compare_outsides);
    for (size_t i = 0; i < graph->n_outsides; i++)
        if (n == 0 || compare_outsides(&graph->outsides[n - 1], &graph->outsides[i]) != 0)
            graph->outsides[n++] = graph->outsides[i];
    graph->n_outsides = n;
}

static void put_outsides(struct graph *graph)
{
    static const char *const attributes[] = {
        [OUTSIDE_PROGRAM] = "shape=component",
        [OUTSIDE_DEVICE] = "shape=ellipse",
        [OUTSIDE_SWITCH] = "shape=hexagon",
        [OUTSIDE_MISSING] = "shape=box, style=dashed, color=red",
        [OUTSIDE_OPEN] = "shape=plaintext",
    };

    for (size_t i = 0; i < graph->n_outsides; i++) {
        const struct outside *outside = &graph->outsides[i];

        put_number(graph, "    o%zu [label=\"", i);
        put_all(graph, outside->name);
        if (outside->rest.data) {
            put_string(graph, "/");
            put_all(graph, outside->rest);
        }
        put_string(graph, "\", ");
        put_string(graph, attributes[outside->kind]);
        put_string(graph, "];\n");
    }
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static void put_context_node(struct graph *graph, const struct pyst_dialplan_context *context)
{
    put_number(graph, "c%zu", context->index);
}

static void put_extension_node(struct graph *graph, const struct pyst_dialplan_extension *extension)
{
    const struct context *context = graph->dialplan->contexts[extension->context->index];
    size_t low = 0, high = context->public.n_extensions;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (dialplan_compare_extensions(&context->extensions[middle]->public, extension) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    put_context_node(graph, extension->context);
    put_number(graph, "e%zu", low);
}

static void put_priority(struct graph *graph, const struct pyst_dialplan_priority *priority)
{
    if (priority->number == PYST_DIALPLAN_HINT)
        put_string(graph, "hint");
    else
        put_number(graph, "%zu", (size_t)priority->number);
    if (priority->label.data) {
        put_string(graph, " (");
        put_all(graph, priority->label);
        put_string(graph, ")");
    }
    put_string(graph, " ");
    put_quoted(graph, priority->application, LINE_SIZE);
    if (priority->arguments.data) {
        put_string(graph, "(");
        put_quoted(graph, priority->arguments, LINE_SIZE);
        put_string(graph, ")");
    }
    put_string(graph, "\\l");
}

static void put_extension(struct graph *graph, const struct pyst_dialplan_extension *extension)
{
    put_string(graph, "        ");
    put_extension_node(graph, extension);
    put_string(graph, " [label=\"");
    put_all(graph, extension->name);
    if (extension->caller_id.data) {
        put_string(graph, " / ");
        put_all(graph, extension->caller_id);
    }
    put_string(graph, "\\n");
    for (size_t i = 0; i < extension->n_priorities; i++)
        put_priority(graph, &extension->priorities[i]);
    put_string(graph, "\"];\n");
}

/* A cluster, in which a node of the context itself is what includes lead to. */
static void put_context(struct graph *graph, const struct pyst_dialplan_context *context)
{
    put_number(graph, "    subgraph cluster_%zu {\n        label=\"", context->index);
    put_all(graph, context->name);
    put_string(graph, "\";\n        ");
    put_context_node(graph, context);
    put_string(graph, " [shape=point, label=\"\"];\n");
    for (size_t i = 0; i < context->n_extensions; i++)
        put_extension(graph, context->extensions[i]);
    put_string(graph, "    }\n");
}

/* ---- edges ---------------------------------------------------------------------------------- */

static void begin_edge(struct graph *graph)
{
    if (graph->is_collecting)
        return;
    put_string(graph, "    ");
    if (graph->from)
        put_extension_node(graph, graph->from->extension);
}

static void end_edge(struct graph *graph, const char *label, const char *attributes)
{
    if (graph->is_collecting)
        return;
    put_string(graph, " [");
    if (graph->from || *label) {
        put_string(graph, "label=\"");
        if (graph->from)
            put_number(graph, "%zu ", (size_t)graph->from->number);
        if (*label)
            put_string(graph, label);
        else
            put_quoted(graph, graph->from->application, LINE_SIZE);
        put_string(graph, *attributes ? "\", " : "\"");
    }
    put_string(graph, attributes);
    put_string(graph, "];\n");
}

static void put_arrow(struct graph *graph)
{
    if (!graph->is_collecting)
        put_string(graph, " -> ");
}

/* An edge from the priority that is looked at to something outside. */
static void put_edge_outside(struct graph *graph, enum outside_kind kind, struct pyst_text name,
                             const char *attributes)
{
    begin_edge(graph);
    put_arrow(graph);
    meet(graph, (struct outside){kind, name, pyst_text_none()});
    end_edge(graph, "", attributes);
}

static void put_edge_to_context(struct graph *graph, const struct pyst_dialplan_context *context,
                                const char *attributes)
{
    if (graph->is_collecting)
        return;
    begin_edge(graph);
    put_arrow(graph);
    put_context_node(graph, context);
    end_edge(graph, "", attributes);
}

static struct pyst_text macro_context(struct pyst_text name, char *text, size_t size)
{
    const int n = snprintf(text, size, "macro-%.*s", name.size < size ? (int)name.size : 0,
                           name.size ? name.data : "");

    return pyst_text_of(text, n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1);
}

/* The priority that an address leads to, as far as it says so. */
static const struct pyst_dialplan_priority *
find_target(struct graph *graph, const struct jump *jump, struct pyst_text context)
{
    const struct pyst_text priority = jump->priority;
    struct pyst_dialplan_query query = {.context = context, .number = jump->extension};
    char digits[24];
    char *end;
    long number;

    if (!jump->extension.data)
        query.number = graph->from->extension->name;
    if (dialplan_is_variable(query.number) || dialplan_is_variable(priority) ||
        priority.size == 0 || priority.size >= sizeof(digits))
        return NULL;
    memcpy(digits, priority.data, priority.size);
    digits[priority.size] = '\0';
    number = strtol(digits, &end, 10);
    if (*end)
        return pyst_dialplan_find(graph->dialplan, &query, 0, priority, NULL);
    if (digits[0] == '+' || digits[0] == '-')
        number += graph->from->number;
    if (number < 1 || number > 0x7fffffff)
        return NULL;
    return pyst_dialplan_find(graph->dialplan, &query, (int)number, pyst_text_none(), NULL);
}

static void put_address(struct graph *graph, const struct jump *jump)
{
    const char *attributes = jump->kind == JUMP_GOTO ? "" : "style=bold";
    const struct pyst_dialplan_priority *target;
    const struct pyst_dialplan_context *context;
    struct jump address = *jump;
    char text[256];

    if (jump->kind == JUMP_MACRO && !dialplan_is_variable(jump->context)) {
        address.context = macro_context(jump->context, text, sizeof(text));
        address.extension = pyst_text("s");
        address.priority = pyst_text("1");
    } else if (!jump->context.data) {
        address.context = graph->from->extension->context->name;
    }
    if (dialplan_is_variable(address.context)) {
        put_edge_outside(graph, OUTSIDE_OPEN, jump->target, attributes);
        return;
    }
    context = pyst_dialplan_find_context(graph->dialplan, address.context);
    if (!context) {
        put_edge_outside(graph, OUTSIDE_MISSING,
                         jump->kind == JUMP_MACRO ? jump->target : address.context, attributes);
        return;
    }
    target = find_target(graph, &address, context->name);
    if (!target) {
        put_edge_to_context(graph, context, attributes);
    } else if (!graph->is_collecting) {
        begin_edge(graph);
        put_arrow(graph);
        put_extension_node(graph, target->extension);
        end_edge(graph, "", attributes);
    }
}

static int take_jump(void *user, const struct jump *jump)
{
    struct graph *graph = user;

    if (jump->is_empty)
        return 0;
    if (jump->kind == JUMP_AGI)
        put_edge_outside(graph, OUTSIDE_PROGRAM, jump->target, "arrowhead=vee");
    else if (jump->kind == JUMP_DIAL && !jump->priority.data)
        put_edge_outside(graph, OUTSIDE_DEVICE, jump->target, "arrowhead=vee");
    else
        put_address(graph, jump);
    return 0;
}

static void put_includes(struct graph *graph, const struct pyst_dialplan_context *context)
{
    for (size_t i = 0; i < context->n_includes; i++) {
        const struct pyst_dialplan_include *include = &context->includes[i];
        const struct pyst_dialplan_context *found =
            pyst_dialplan_find_context(graph->dialplan, include->context);

        if (!graph->is_collecting) {
            put_string(graph, "    ");
            put_context_node(graph, context);
            put_string(graph, " -> ");
        }
        if (!found)
            meet(graph, (struct outside){OUTSIDE_MISSING, include->context, pyst_text_none()});
        else if (!graph->is_collecting)
            put_context_node(graph, found);
        if (!graph->is_collecting) {
            char heads[96] = "";

            put_string(graph, " [label=\"include");
            if (include->times.data) {
                put_string(graph, " ");
                put_all(graph, include->times);
            }
            if (found)
                snprintf(heads, sizeof(heads), ", ltail=cluster_%zu, lhead=cluster_%zu",
                         context->index, found->index);
            put_string(graph, "\", style=dashed");
            /* From a cluster to itself Graphviz draws nothing. */
            if (found != context)
                put_string(graph, heads);
            put_string(graph, "];\n");
        }
    }
}

static void put_switches(struct graph *graph, const struct pyst_dialplan_context *context)
{
    for (size_t i = 0; i < context->n_switches; i++) {
        if (!graph->is_collecting) {
            put_string(graph, "    ");
            put_context_node(graph, context);
        }
        put_arrow(graph);
        meet(graph, (struct outside){OUTSIDE_SWITCH, context->switches[i].name,
                                     context->switches[i].data});
        end_edge(graph, "switch", "style=dotted");
    }
}

static void put_edges(struct graph *graph)
{
    for (size_t i = 0; i < graph->dialplan->n_contexts && graph->error == 0; i++) {
        const struct pyst_dialplan_context *context = &graph->dialplan->contexts[i]->public;

        graph->from = NULL;
        put_includes(graph, context);
        put_switches(graph, context);
        for (size_t j = 0; j < context->n_extensions; j++) {
            for (size_t k = 0; k < context->extensions[j]->n_priorities; k++) {
                graph->from = &context->extensions[j]->priorities[k];
                dialplan_each_jump(graph->from, take_jump, graph);
            }
        }
    }
}

int pyst_dialplan_graph(const struct pyst_dialplan *dialplan, char **textp, size_t *sizep)
{
    struct graph graph = {.dialplan = dialplan, .is_collecting = true};

    put_edges(&graph);
    sort_outsides(&graph);
    graph.is_collecting = false;
    put_string(&graph, "digraph dialplan {\n"
                       "    compound=true;\n"
                       "    rankdir=LR;\n"
                       "    node [shape=box, fontname=\"Helvetica\", fontsize=10];\n"
                       "    edge [fontname=\"Helvetica\", fontsize=8];\n");
    for (size_t i = 0; i < dialplan->n_contexts; i++)
        put_context(&graph, &dialplan->contexts[i]->public);
    put_outsides(&graph);
    put_edges(&graph);
    put_string(&graph, "}\n");
    put(&graph, pyst_text_of("", 1));
    free(graph.outsides);
    if (graph.error < 0) {
        buffer_deinit(&graph.out);
        return graph.error;
    }
    *textp = graph.out.data;
    *sizep = graph.out.end - 1;
    return 0;
}
