/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <pyst/call-file.h>
#include <pyst/error.h>

#include "call-file/keys.h"

struct reading {
    struct pyst_call_file *file;
    struct pyst_call_file_status status;
    int64_t next_try; /* what the last StartRetry says: RetryTime later than it began */
};

/* Takes off comments, escapes and blanks as Asterisk does; `line` is a copy of `size` bytes. */
static size_t clean(char *line, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        if (line[i] == '#' && (i == 0 || opens_comment(line[i - 1]))) {
            size = i;
            break;
        }
    }
    for (size_t i = 0; i < size; i++) {
        if (line[i] == ';') {
            if (n == 0 || line[n - 1] != '\\')
                break;
            n--;
        }
        line[n++] = line[i];
    }
    while (n > 0 && is_trimmed(line[n - 1]))
        n--;
    return n;
}

/* "PID ATTEMPT (TIME)"; what is not there is 0. */
static void read_note(struct pyst_text value, int64_t *pidp, int64_t *timep)
{
    const char *open = value.size ? memchr(value.data, '(', value.size) : NULL;
    size_t n_digits;

    *pidp = leading_number(value, &n_digits);
    *timep = 0;
    if (open) {
        const char *time = open + 1;

        *timep =
            leading_number(pyst_text_of(time, (size_t)(value.data + value.size - time)), &n_digits);
    }
}

static void read_status(struct reading *reading, struct pyst_text value)
{
    if (pyst_text_equal(value, pyst_text("Completed")))
        reading->status.state = PYST_CALL_FILE_COMPLETED;
    else if (pyst_text_equal(value, pyst_text("Expired")))
        reading->status.state = PYST_CALL_FILE_EXPIRED;
    else if (pyst_text_equal(value, pyst_text("Failed")))
        reading->status.state = PYST_CALL_FILE_FAILED;
}

static int read_entry(struct reading *reading, struct pyst_text key, struct pyst_text value)
{
    struct pyst_call_file_status *status = &reading->status;
    int64_t pid, time;
    int r;

    read_note(value, &pid, &time);
    if (pyst_text_equal_nocase(key, pyst_text("StartRetry"))) {
        status->state = PYST_CALL_FILE_CALLING;
        status->attempts++;
        status->pid = pid;
        reading->next_try = time;
    } else if (pyst_text_equal_nocase(key, pyst_text("EndRetry")) ||
               pyst_text_equal_nocase(key, pyst_text("AbortRetry"))) {
        status->state = PYST_CALL_FILE_RETRYING;
        status->ended = time;
    } else if (pyst_text_equal_nocase(key, pyst_text("Status"))) {
        read_status(reading, value);
    } else if (value.size > 0) {
        r = pyst_call_file_set(reading->file, key, value);
        /* Asterisk complains of anything else, and reads on. */
        return r == PYST_ERR_NO_MEMORY ? r : 0;
    }
    return 0;
}

static int read_line(struct reading *reading, struct pyst_text text)
{
    char line[PYST_CALL_FILE_LINE_SIZE];
    const char *colon;
    size_t size;

    if (text.size >= sizeof(line))
        return 0;
    size = strnlen(text.data, text.size);
    memcpy(line, text.data, size);
    size = clean(line, size);
    colon = memchr(line, ':', size);
    if (!colon)
        return 0;

    const char *value = colon + 1, *end = line + size;

    while (value < end && is_trimmed(*value))
        value++;
    return read_entry(reading, pyst_text_of(line, (size_t)(colon - line)),
                      pyst_text_of(value, (size_t)(end - value)));
}

static int64_t retry_time(const struct pyst_call_file *file)
{
    struct pyst_text value = pyst_call_file_get(file, pyst_text("RetryTime"));
    size_t n_digits;

    return value.data ? leading_number(value, &n_digits) : RETRY_TIME_DEFAULT;
}

int pyst_call_file_read(struct pyst_call_file **filep, struct pyst_text text,
                        struct pyst_call_file_status *statusp)
{
    struct reading reading = {0};
    int r = pyst_call_file_new(&reading.file);

    while (r == 0 && text.size > 0) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;

        r = read_line(&reading, pyst_text_of(text.data, size));
        size += end != NULL;
        text.data += size;
        text.size -= size;
    }
    if (r < 0) {
        pyst_call_file_free(reading.file);
        return r;
    }
    if (reading.next_try > 0)
        reading.status.began = reading.next_try - retry_time(reading.file);
    *filep = reading.file;
    if (statusp)
        *statusp = reading.status;
    return 0;
}
