/* SPDX-License-Identifier: MIT */

/* Print what Asterisk would make of a configuration file, and where it stands: settings FILE. */
#include <stdio.h>

#include <pyst/config/file.h>

static void print(const struct pyst_config_section *section, const struct pyst_config_item *item)
{
    struct pyst_text file = pyst_config_document_name(item->document);

    printf("%.*s:%zu: [%.*s] %.*s = %.*s\n", (int)file.size, file.data,
           pyst_config_line_number(item->line), (int)section->name.size, section->name.data,
           (int)item->name.size, item->name.data, (int)item->value.size, item->value.data);
}

int main(int argc, char **argv)
{
    struct pyst_config *config;
    int r;

    if (argc != 2)
        return 2;
    r = pyst_config_load(&config, argv[1], NULL);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], pyst_strerror(r));
        return 1;
    }
    for (size_t i = 0; i < pyst_config_section_count(config); i++) {
        const struct pyst_config_section *section = pyst_config_section(config, i);

        for (size_t j = 0; !section->is_template && j < section->n_items; j++)
            print(section, &section->items[j]);
    }
    for (size_t i = 0; i < pyst_config_problem_count(config); i++) {
        const struct pyst_config_found found = pyst_config_problem(config, i);
        struct pyst_text file = pyst_config_document_name(found.document);

        fprintf(stderr, "%.*s:%zu: %s\n", (int)file.size, file.data, found.problem.line,
                pyst_config_problem_text(found.problem.kind));
    }
    r = !pyst_config_is_valid(config);
    pyst_config_free(config);
    return r;
}
