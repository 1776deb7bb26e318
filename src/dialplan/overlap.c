/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "dialplan/overlap.h"
#include "dialplan/pattern.h"

#include "base/array.h"

/*
 * A position, shared by all extensions that have it behind the same ones. A search
 * goes down where a position of the name meets one of the tree. So it looks at those that fit the
 * beginning of the name, and never at all others.
 */
struct node {
    struct position position;
    uint64_t priorities; /* of all extensions below: a bit for each number, modulo 64 */
    size_t child;        /* the first; 0: none, for 0 is the root */
    size_t sibling;      /* the next; 0: none */
    size_t leaf;         /* the first extension that ends here, + 1; 0: none */
};

struct leaf {
    const struct pyst_dialplan_extension *extension;
    size_t next; /* + 1; 0: none */
};

struct overlap_tree {
    struct node *nodes;
    size_t n_nodes;
    size_t room_for_nodes;
    struct leaf *leaves;
    size_t n_leaves;
};

static uint64_t bit_of(int priority)
{
    return UINT64_C(1) << ((unsigned)priority & 63);
}

/* ---- making --------------------------------------------------------------------------------- */

static int add_node(struct overlap_tree *tree, size_t parent, const struct position *position,
                    size_t *nodep)
{
    int r = array_grow((void **)&tree->nodes, &tree->room_for_nodes, tree->n_nodes,
                       sizeof(*tree->nodes));

    if (r < 0)
        return r;
    tree->nodes[tree->n_nodes] = (struct node){
        .position = *position,
        .sibling = tree->n_nodes ? tree->nodes[parent].child : 0,
    };
    if (tree->n_nodes)
        tree->nodes[parent].child = tree->n_nodes;
    *nodep = tree->n_nodes++;
    return 0;
}

static int find_or_add(struct overlap_tree *tree, size_t parent, const struct position *position,
                       size_t *nodep)
{
    for (size_t i = tree->nodes[parent].child; i; i = tree->nodes[i].sibling) {
        const struct position *other = &tree->nodes[i].position;

        if (other->rank == position->rank &&
            memcmp(other->characters, position->characters, sizeof(other->characters)) == 0) {
            *nodep = i;
            return 0;
        }
    }
    return add_node(tree, parent, position, nodep);
}

static int add_extension(struct overlap_tree *tree, const struct pyst_dialplan_extension *extension)
{
    struct position position = {0};
    uint64_t priorities = 0;
    size_t at = 0, node = 0;
    int r = 0;

    for (size_t i = 0; i < extension->n_priorities; i++)
        priorities |= bit_of(extension->priorities[i].number);
    tree->nodes[0].priorities |= priorities;
    /* What stands behind a wildcard is never looked at. */
    while (r == 0 && position.rank < DIALPLAN_ONE_OR_MORE) {
        dialplan_next_position(extension->name, &at, &position);
        r = find_or_add(tree, node, &position, &node);
        if (r == 0)
            tree->nodes[node].priorities |= priorities;
    }
    if (r < 0)
        return r;
    tree->leaves[tree->n_leaves] = (struct leaf){extension, tree->nodes[node].leaf};
    tree->nodes[node].leaf = ++tree->n_leaves;
    return 0;
}

int overlap_tree_new(struct overlap_tree **treep, const struct pyst_dialplan_context *context)
{
    struct overlap_tree *tree = calloc(1, sizeof(*tree));
    const struct position none = {0};
    size_t root;
    int r;

    if (!tree)
        return PYST_ERR_NO_MEMORY;
    tree->leaves = calloc(context->n_extensions + 1, sizeof(*tree->leaves));
    r = tree->leaves ? add_node(tree, 0, &none, &root) : PYST_ERR_NO_MEMORY;
    for (size_t i = 0; r == 0 && i < context->n_extensions; i++)
        r = add_extension(tree, context->extensions[i]);
    if (r < 0) {
        overlap_tree_free(tree);
        return r;
    }
    *treep = tree;
    return 0;
}

struct overlap_tree *overlap_tree_free(struct overlap_tree *tree)
{
    if (!tree)
        return NULL;
    free(tree->nodes);
    free(tree->leaves);
    free(tree);
    return NULL;
}

/* ---- searching ------------------------------------------------------------------------------ */

struct overlap_search {
    const struct overlap_tree *tree;
    struct pyst_text name;
    uint64_t priorities; /* one of them is wanted */
    int (*take)(void *user, const struct pyst_dialplan_extension *extension);
    void *user;
};

static int take_leaves(const struct overlap_search *search, const struct node *node)
{
    int r = 0;

    for (size_t i = node->leaf; r == 0 && i; i = search->tree->leaves[i - 1].next)
        r = search->take(search->user, search->tree->leaves[i - 1].extension);
    return r;
}

/* All below. The depth is that of a name, which has at most 255 bytes. */
static int take_all(const struct overlap_search *search, const struct node *node)
{
    int r;

    if (!(node->priorities & search->priorities))
        return 0;
    r = take_leaves(search, node);
    for (size_t i = node->child; r == 0 && i; i = search->tree->nodes[i].sibling)
        r = take_all(search, &search->tree->nodes[i]);
    return r;
}

/* Of the children of `parent`, those that fit the name from `at` on. */
static int search_children(const struct overlap_search *search, const struct node *parent,
                           size_t at)
{
    struct position wanted;
    int r = 0;

    dialplan_next_position(search->name, &at, &wanted);
    if (wanted.rank == DIALPLAN_NOT_CLOSED)
        return 0;
    for (size_t i = parent->child; r == 0 && i; i = search->tree->nodes[i].sibling) {
        const struct node *node = &search->tree->nodes[i];
        const uint32_t rank = node->position.rank;

        if (rank == DIALPLAN_NOT_CLOSED || !(node->priorities & search->priorities))
            continue;
        /* "!" goes with an end, "." does not. */
        if (rank == DIALPLAN_END && wanted.rank == DIALPLAN_END)
            r = take_leaves(search, node);
        else if (rank == DIALPLAN_NONE_OR_MORE || wanted.rank == DIALPLAN_NONE_OR_MORE ||
                 (rank == DIALPLAN_ONE_OR_MORE && wanted.rank != DIALPLAN_END) ||
                 (wanted.rank == DIALPLAN_ONE_OR_MORE && rank != DIALPLAN_END))
            r = take_all(search, node);
        else if (rank < DIALPLAN_ONE_OR_MORE && wanted.rank < DIALPLAN_ONE_OR_MORE &&
                 dialplan_positions_meet(&node->position, &wanted))
            r = search_children(search, node, at);
    }
    return r;
}

int overlap_tree_search(const struct overlap_tree *tree, struct pyst_text name, int priority,
                        int (*take)(void *user, const struct pyst_dialplan_extension *extension),
                        void *user)
{
    const struct overlap_search search = {
        .tree = tree,
        .name = name,
        .priorities = priority == OVERLAP_ANY ? UINT64_MAX : bit_of(priority),
        .take = take,
        .user = user,
    };

    return search_children(&search, &tree->nodes[0], 0);
}
