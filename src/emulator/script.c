/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>

#include "emulator/script.h"

#define GREETING "Asterisk Call Manager/11.0.0"

struct block {
    struct block *next;
    _Alignas(max_align_t) char data[];
};

void *script_allocate(struct pyst_emulator_script *script, size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);

    if (!block)
        return NULL;
    block->next = script->blocks;
    script->blocks = block;
    return block->data;
}

int script_copy(struct pyst_emulator_script *script, struct pyst_text text, struct pyst_text *copyp)
{
    char *data = script_allocate(script, text.size + 1);

    if (!data)
        return PYST_ERR_NO_MEMORY;
    if (text.size)
        memcpy(data, text.data, text.size);
    *copyp = pyst_text_of(data, text.size);
    return 0;
}

struct answer *script_add_answer(struct pyst_emulator_script *script, struct pyst_text name)
{
    struct answer *answer = script_allocate(script, sizeof(*answer));

    if (!answer)
        return NULL;
    answer->name = name;
    *script->answers_end = answer;
    script->answers_end = &answer->next;
    return answer;
}

int pyst_emulator_script_new(struct pyst_emulator_script **scriptp)
{
    struct pyst_emulator_script *script = calloc(1, sizeof(*script));

    if (!script)
        return PYST_ERR_NO_MEMORY;
    atomic_init(&script->references, 1);
    script->greeting = pyst_text(GREETING);
    script->answers_end = &script->answers;
    *scriptp = script;
    return 0;
}

struct pyst_emulator_script *pyst_emulator_script_ref(struct pyst_emulator_script *script)
{
    if (script)
        atomic_fetch_add_explicit(&script->references, 1, memory_order_relaxed);
    return script;
}

struct pyst_emulator_script *pyst_emulator_script_unref(struct pyst_emulator_script *script)
{
    struct block *block, *next;

    if (!script || atomic_fetch_sub_explicit(&script->references, 1, memory_order_acq_rel) != 1)
        return NULL;
    for (block = script->blocks; block; block = next) {
        next = block->next;
        free(block);
    }
    free(script);
    return NULL;
}

int pyst_emulator_script_add_user(struct pyst_emulator_script *script, struct pyst_text name,
                                  struct pyst_text secret)
{
    struct user *user;
    int r;

    if (atomic_load(&script->references) != 1)
        return PYST_ERR_STATE;
    user = script_allocate(script, sizeof(*user));
    if (!user)
        return PYST_ERR_NO_MEMORY;
    if ((r = script_copy(script, name, &user->name)) < 0 ||
        (r = script_copy(script, secret, &user->secret)) < 0)
        return r;
    user->next = script->users;
    script->users = user;
    return 0;
}

int pyst_emulator_script_set_greeting(struct pyst_emulator_script *script,
                                      struct pyst_text greeting)
{
    if (atomic_load(&script->references) != 1)
        return PYST_ERR_STATE;
    return script_copy(script, greeting, &script->greeting);
}
