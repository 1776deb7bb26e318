/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pyst/error.h>

#include "cli.h"
#include "config.h"

static const char help[] =
    "Usage: pyst config COMMAND [OPTION...] FILE [ARGUMENT...]\n"
    "\n"
    "  match FILE CONTEXT NUMBER...   what a dialled number finds in a dialplan\n"
    "\n"
    "Each tells its options: pyst config COMMAND --help.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"match", command_config_match},
};

int load_dialplan(struct loaded_dialplan *loaded, const char *path, const char *directory)
{
    const struct pyst_config_load_options options = {.directory = directory};
    int r = pyst_config_load(&loaded->config, path, &options);

    if (r == PYST_ERR_SYSTEM) {
        fprintf(stderr, "pyst: %s: %s\n", path, strerror(errno));
        return EXIT_USAGE;
    }
    if (r == 0)
        r = pyst_dialplan_new(&loaded->dialplan, loaded->config);
    if (r < 0) {
        loaded_dialplan_deinit(loaded);
        fprintf(stderr, "pyst: %s: %s\n", path, pyst_strerror(r));
        return EXIT_FAILED;
    }
    return 0;
}

void loaded_dialplan_deinit(struct loaded_dialplan *loaded)
{
    loaded->dialplan = pyst_dialplan_free(loaded->dialplan);
    loaded->config = pyst_config_free(loaded->config);
}

int command_config(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    return usage_error("%s is no command; pyst config --help lists them", argv[1]);
}
