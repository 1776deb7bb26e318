/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "settings.h"

static void erase(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void settings_deinit(struct settings *settings)
{
    free(settings->host);
    free(settings->user);
    erase(settings->secret);
    free(settings->ca_file);
    free(settings->server_name);
    free(settings->certificate_file);
    free(settings->key_file);
    memset(settings, 0, sizeof(*settings));
}

static int set_text(char **textp, const char *value)
{
    char *copy = strdup(value);

    if (!copy)
        return usage_error("out of memory");
    erase(*textp);
    *textp = copy;
    return 0;
}

static int set_port(struct settings *settings, const char *value)
{
    char *end;
    unsigned long port = strtoul(value, &end, 10);

    if (end == value || *end || port == 0 || port > 65535)
        return usage_error("port: %s is no number from 1 to 65535", value);
    settings->port = (unsigned)port;
    return 0;
}

/* "host", "host:port", "[address]:port", or an IPv6 address as it is. */
static int set_address(struct settings *settings, const char *value)
{
    const char *colon = strrchr(value, ':');
    const char *host = value;
    size_t size = strlen(value);
    char *copy;
    int r = 0;

    if (*value == '[') {
        const char *close = strchr(value, ']');

        if (!close || (close[1] && close[1] != ':'))
            return usage_error("host: %s is not [address] or [address]:port", value);
        host = value + 1;
        size = (size_t)(close - host);
        colon = close[1] ? close + 1 : NULL;
    } else if (colon && strchr(value, ':') == colon) {
        size = (size_t)(colon - value);
    } else {
        colon = NULL;
    }
    if (colon)
        r = set_port(settings, colon + 1);
    if (r)
        return r;
    copy = strndup(host, size);
    if (!copy)
        return usage_error("out of memory");
    free(settings->host);
    settings->host = copy;
    return 0;
}

int settings_set(struct settings *settings, const char *key, const char *value)
{
    if (!strcmp(key, "host"))
        return set_address(settings, value);
    if (!strcmp(key, "port"))
        return set_port(settings, value);
    if (!strcmp(key, "user"))
        return set_text(&settings->user, value);
    if (!strcmp(key, "secret"))
        return set_text(&settings->secret, value);
    if (!strcmp(key, "ca-file"))
        return set_text(&settings->ca_file, value);
    if (!strcmp(key, "server-name"))
        return set_text(&settings->server_name, value);
    if (!strcmp(key, "certificate"))
        return set_text(&settings->certificate_file, value);
    if (!strcmp(key, "key"))
        return set_text(&settings->key_file, value);
    if (!strcmp(key, "tls")) {
        settings->tls.enabled = pyst_text_is_true(pyst_text(value));
        return 0;
    }
    if (!strcmp(key, "timeout")) {
        char *end;

        settings->timeout = strtod(value, &end);
        if (end == value || *end || !(settings->timeout > 0) || settings->timeout > 1e9)
            return usage_error("timeout: %s is no number of seconds", value);
        return 0;
    }
    return usage_error("%s is no setting", key);
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (*text == ' ' || *text == '\t')
        text++;
    while (end > text && strchr(" \t\r\n", end[-1]))
        *--end = '\0';
    return text;
}

static int read_lines(struct settings *settings, FILE *file, const char *path)
{
    char *line = NULL;
    size_t size = 0;
    int r = 0;

    for (unsigned number = 1; r == 0 && getline(&line, &size, file) >= 0; number++) {
        char *key = trim(line);
        char *equals = strchr(key, '=');

        if (*key == '\0' || *key == '#' || *key == ';')
            continue;
        if (!equals) {
            r = usage_error("%s:%u: expected key = value", path, number);
            break;
        }
        *equals = '\0';
        r = settings_set(settings, trim(key), trim(equals + 1));
    }
    erase(line);
    return r;
}

int settings_read_file(struct settings *settings, const char *path)
{
    char usual[4096];
    struct stat status;
    FILE *file;
    int r;

    if (!path) {
        const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

        if (base && *base)
            snprintf(usual, sizeof(usual), "%s/pyst/ami.conf", base);
        else if (home && *home)
            snprintf(usual, sizeof(usual), "%s/.config/pyst/ami.conf", home);
        else
            return 0;
    }
    file = fopen(path ? path : usual, "re");
    if (!file)
        return path || errno != ENOENT ? usage_error("%s: %s", path ? path : usual, strerror(errno))
                                       : 0;
    path = path ? path : usual;
    r = read_lines(settings, file, path);
    if (r == 0 && settings->secret && fstat(fileno(file), &status) == 0 &&
        (status.st_mode & (S_IRWXG | S_IRWXO)))
        r = usage_error("%s holds a secret and others may read it: chmod 600 %s", path, path);
    fclose(file);
    return r;
}

int settings_read_environment(struct settings *settings)
{
    static const char *const names[][2] = {
        {"ASTERISK", "host"}, {"ASTERISK_USER", "user"}, {"ASTERISK_SECRET", "secret"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i][0]);
        int r = value && *value ? settings_set(settings, names[i][1], value) : 0;

        if (r)
            return r;
    }
    return 0;
}

int settings_read_secret(struct settings *settings, const char *path)
{
    FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
    char *line = NULL;
    size_t size = 0;
    int r;

    if (!file)
        return usage_error("%s: %s", path, strerror(errno));
    if (getline(&line, &size, file) < 0) {
        r = usage_error("%s has no secret in its first line", path);
    } else {
        line[strcspn(line, "\r\n")] = '\0';
        r = set_text(&settings->secret, line);
    }
    erase(line);
    if (file != stdin)
        fclose(file);
    return r;
}

int settings_complete(struct settings *settings)
{
    struct termios usual, silent;
    char *line = NULL;
    size_t size = 0;
    int r = 0;

    if (!settings->user)
        return usage_error("no user: --user, ASTERISK_USER or a settings file says it");
    if (settings->secret)
        return 0;
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &usual) < 0)
        return usage_error("no secret: ASTERISK_SECRET, --secret-file or a settings file says it");
    fprintf(stderr, "Secret of %s: ", settings->user);
    silent = usual;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    if (getline(&line, &size, stdin) < 0) {
        r = usage_error("no secret was given");
    } else {
        line[strcspn(line, "\r\n")] = '\0';
        r = set_text(&settings->secret, line);
    }
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
    fputc('\n', stderr);
    erase(line);
    return r;
}
