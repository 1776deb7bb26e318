/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <pyst/text.h>

#include "cli.h"
#include "interrupt.h"

/* Frees `size` bytes that may hold a secret. */
static void erase(char *text, size_t size)
{
    if (text)
        explicit_bzero(text, size);
    free(text);
}

void settings_deinit(struct settings *settings)
{
    free(settings->host);
    free(settings->user);
    erase(settings->secret, settings->secret ? strlen(settings->secret) : 0);
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
        return out_of_memory();
    free(*textp);
    *textp = copy;
    return 0;
}

static int set_secret(struct settings *settings, const char *value)
{
    char *copy = strdup(value);

    if (!copy)
        return out_of_memory();
    erase(settings->secret, settings->secret ? strlen(settings->secret) : 0);
    settings->secret = copy;
    return 0;
}

int settings_number(const char *what, const char *value, unsigned long max, unsigned long *number)
{
    char *end;

    errno = 0;
    *number = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || *number == 0 || *number > max)
        return usage_error("%s: %s is no number from 1 to %lu", what, value, max);
    return 0;
}

int settings_seconds(const char *what, const char *value, double *seconds)
{
    char *end;

    *seconds = strtod(value, &end);
    if (end == value || *end || !(*seconds >= 0.001) || *seconds > 1e9)
        return usage_error("%s: %s is no number of seconds from 0.001 to 1e9", what, value);
    return 0;
}

static int set_port(unsigned *portp, const char *value)
{
    unsigned long port;
    int r = settings_number("port", value, 65535, &port);

    if (r == 0)
        *portp = (unsigned)port;
    return r;
}

/*
 * "host", "host:port", "[address]", "[address]:port", or an IPv6 address as it is. A port given
 * here replaces one that was set by itself before; a host without one leaves that alone.
 */
static int set_host(struct settings *settings, const char *value)
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
    if (size == 0)
        return usage_error("host: there is none in \"%s\"", value);
    settings->host_port = 0;
    if (colon) {
        settings->port = 0;
        r = set_port(&settings->host_port, colon + 1);
    }
    if (r)
        return r;
    copy = strndup(host, size);
    if (!copy)
        return out_of_memory();
    free(settings->host);
    settings->host = copy;
    return 0;
}

static int set_tls(struct settings *settings, const char *value)
{
    static const char *const no[] = {"no", "false", "off", "0"};

    settings->tls = pyst_text_is_true(pyst_text(value));
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (pyst_text_equal_nocase(pyst_text(value), pyst_text(no[i])))
            return 0;
    return settings->tls ? 0 : usage_error("tls: %s is neither yes nor no", value);
}

int settings_set(struct settings *settings, const char *key, const char *value)
{
    if (!strcmp(key, "host"))
        return set_host(settings, value);
    if (!strcmp(key, "port"))
        return set_port(&settings->port, value);
    if (!strcmp(key, "user"))
        return set_text(&settings->user, value);
    if (!strcmp(key, "secret"))
        return set_secret(settings, value);
    if (!strcmp(key, "timeout"))
        return settings_seconds("timeout", value, &settings->timeout);
    if (!strcmp(key, "tls"))
        return set_tls(settings, value);
    if (!strcmp(key, "ca-file"))
        return set_text(&settings->ca_file, value);
    if (!strcmp(key, "server-name"))
        return set_text(&settings->server_name, value);
    if (!strcmp(key, "certificate"))
        return set_text(&settings->certificate_file, value);
    if (!strcmp(key, "key"))
        return set_text(&settings->key_file, value);
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
    if (r == 0 && ferror(file))
        r = usage_error("%s: %s", path, strerror(errno));
    erase(line, size);
    return r;
}

/* Writes the path of the usual settings file; false when there is no place for one. */
static bool find_usual_file(char *path, size_t size)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    if (base && *base)
        return (size_t)snprintf(path, size, "%s/pyst/ami.conf", base) < size;
    if (home && *home)
        return (size_t)snprintf(path, size, "%s/.config/pyst/ami.conf", home) < size;
    return false;
}

int settings_read_file(struct settings *settings, const char *path)
{
    const bool is_usual = !path;
    char usual[4096];
    struct stat status;
    FILE *file;
    int r;

    if (is_usual) {
        if (!find_usual_file(usual, sizeof(usual)))
            return 0;
        path = usual;
    }
    file = fopen(path, "re");
    if (!file)
        return is_usual && (errno == ENOENT || errno == ENOTDIR)
                   ? 0
                   : usage_error("%s: %s", path, strerror(errno));
    r = read_lines(settings, file, path);
    if (r == 0 && settings->secret &&
        (fstat(fileno(file), &status) < 0 || (status.st_mode & (S_IRWXG | S_IRWXO))))
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

/* Takes the first line of a file: 0, an exit code, or -1 when there is none and errno or 0. */
static int read_secret_line(struct settings *settings, FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    int r = -1;

    errno = 0;
    if (getline(&line, &size, file) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        r = set_secret(settings, line);
    }
    erase(line, size);
    return r;
}

int settings_read_secret(struct settings *settings, const char *path)
{
    FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
    int r;

    if (!file)
        return usage_error("%s: %s", path, strerror(errno));
    r = read_secret_line(settings, file);
    if (r < 0)
        r = usage_error("%s: %s", path, errno ? strerror(errno) : "there is no secret in it");
    if (file != stdin)
        fclose(file);
    return r;
}

static int ask_for_secret(struct settings *settings)
{
    struct pollfd watched[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = interrupt_fd(), .events = POLLIN},
    };
    struct termios usual, silent;
    int r;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &usual) < 0)
        return usage_error("no secret: ASTERISK_SECRET, --secret-file or a settings file says it");
    silent = usual;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    fprintf(stderr, "Secret of %s: ", settings->user);
    while (poll(watched, 2, -1) < 0 && errno == EINTR)
        continue;
    r = interrupt_came() ? EXIT_INTERRUPTED : read_secret_line(settings, stdin);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
    fputc('\n', stderr);
    return r < 0 ? usage_error("no secret was given") : r;
}

int settings_complete(struct settings *settings)
{
    if (!settings->tls &&
        (settings->ca_file || settings->server_name || settings->certificate_file ||
         settings->key_file || settings->skip_verification))
        return usage_error("there are settings for TLS, but not --tls itself");
    if (!settings->user)
        return usage_error("no user: --user, ASTERISK_USER or a settings file says it");
    return settings->secret ? 0 : ask_for_secret(settings);
}
