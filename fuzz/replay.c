/* SPDX-License-Identifier: MIT */

/* Gives a target every file of the folders named, in the order of their names. */

#include <dirent.h>

#include "target.h"

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t size = 0;

    CHECK(file);
    for (;;) {
        size_t n;

        bytes = realloc(bytes, size + 65536);
        CHECK(bytes);
        n = fread(bytes + size, 1, 65536, file);
        if (n == 0)
            break;
        size += n;
    }
    CHECK(!ferror(file));
    fclose(file);
    /* Exactly as long as it is, so that a byte read too many is found. */
    if (size > 0) {
        bytes = realloc(bytes, size);
        CHECK(bytes);
    }
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
}

int main(int argc, char **argv)
{
    unsigned long n_files = 0;

    for (int i = 1; i < argc; i++) {
        struct dirent **entries;
        int n = scandir(argv[i], &entries, NULL, alphasort);

        CHECK(n >= 0);
        for (int k = 0; k < n; k++) {
            char path[4096];

            snprintf(path, sizeof(path), "%s/%s", argv[i], entries[k]->d_name);
            if (entries[k]->d_name[0] != '.') {
                replay(path);
                n_files++;
            }
            free(entries[k]);
        }
        free(entries);
    }
    printf("%lu inputs\n", n_files);
    return n_files > 0 ? 0 : 1;
}
