/* SPDX-License-Identifier: MIT */

/*
 * originate [CHANNEL]: calls a channel, Local/100@default unless told, lets it listen to some
 * music, and prints what happens until everybody has hung up. asterisk.h says which Asterisk.
 */

#include "asterisk.h"

#include <unistd.h>

#define SECOND UINT64_C(1000000)

/* How to tell a person of an event: {Header} stands for its value. */
static const struct {
    const char *event;
    const char *words;
} stories[] = {
    {"Newchannel", "{Channel} is there ({ChannelStateDesc})"},
    {"Newstate", "{Channel} is now {ChannelStateDesc}"},
    {"Newexten", "{Channel} runs {Application}({AppData})"},
    {"NewCallerid", "{Channel} calls itself {CallerIDName} <{CallerIDNum}>"},
    {"NewConnectedLine", "{Channel} talks to {ConnectedLineName} <{ConnectedLineNum}>"},
    {"LocalBridge", "{LocalOneChannel} and its other half are one"},
    {"DialBegin", "{DestChannel} is being called"},
    {"DialState", "{DestChannel} says {DialStatus}"},
    {"DialEnd", "{DestChannel}: {DialStatus}"},
    {"BridgeCreate", "a bridge is made"},
    {"BridgeEnter", "{Channel} enters the bridge, {BridgeNumChannels} in it now"},
    {"BridgeLeave", "{Channel} leaves the bridge, {BridgeNumChannels} in it now"},
    {"BridgeDestroy", "the bridge is gone"},
    {"MusicOnHoldStart", "{Channel} hears music ({Class})"},
    {"MusicOnHoldStop", "{Channel} hears no music any more"},
    {"VarSet", "{Channel} has {Variable} = {Value}"},
    {"UserEvent", "{UserEvent}, says the dialplan"},
    {"HangupRequest", "{Channel} is asked to hang up"},
    {"SoftHangupRequest", "{Channel} is asked to hang up"},
    {"Hangup", "{Channel} hung up: {Cause-txt}"},
};

static void print_words(const struct pyst_ami_message *event, const char *words)
{
    while (*words) {
        const char *end = *words == '{' ? strchr(words, '}') : NULL;

        if (end) {
            struct pyst_text value =
                pyst_ami_message_get(event, pyst_text_of(words + 1, (size_t)(end - words - 1)));

            fwrite(value.data ? value.data : "", 1, value.size, stdout);
            words = end + 1;
        } else {
            putchar(*words++);
        }
    }
}

static void tell(const struct pyst_ami_message *event, uint64_t since)
{
    const struct pyst_text name = pyst_ami_message_name(event);
    const char *dim = isatty(STDOUT_FILENO) ? "\033[2m" : "";
    const char *bold = isatty(STDOUT_FILENO) ? "\033[1m" : "";
    const char *plain = isatty(STDOUT_FILENO) ? "\033[0m" : "";

    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        if (!pyst_text_equal(name, pyst_text(stories[i].event)))
            continue;
        printf("%s%7.3f s%s  %s%-18s%s ", dim, (double)(pyst_ami_connection_now() - since) / 1e6,
               plain, bold, stories[i].event, plain);
        print_words(event, stories[i].words);
        putchar('\n');
        fflush(stdout);
    }
}

/* Asks for the call. Its end is the event OriginateResponse, which tells how it went. */
static int call(struct pyst_ami_connection *connection, const char *channel)
{
    const struct pyst_ami_submission how = {.final_event = pyst_text("OriginateResponse")};
    const char *const headers[][2] = {
        {"Channel", channel},
        {"Application", "MusicOnHold"},
        {"CallerID", "\"pyst\" <1234>"},
        {"Timeout", "20000"},
        {"Async", "true"},
    };
    struct pyst_ami_action *action;
    int r = pyst_ami_action_new(&action, pyst_text("Originate"));

    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < sizeof(headers) / sizeof(headers[0]); i++)
        r = pyst_ami_action_add(action, pyst_text(headers[i][0]), pyst_text(headers[i][1]));
    if (r == 0)
        r = pyst_ami_connection_submit(connection, action, &how, NULL);
    pyst_ami_action_free(action);
    return r;
}

/* What OriginateResponse, the last event of the action, says: Success or Failure. */
static struct pyst_text outcome(const struct pyst_ami_notice *done)
{
    if (done->n_items == 0)
        return pyst_text_none();
    return pyst_ami_message_get(done->items[done->n_items - 1], pyst_text("Response"));
}

/* Follows the call to its end, or for a while. */
static int follow(struct pyst_ami_connection *connection)
{
    const uint64_t since = pyst_ami_connection_now();
    struct pyst_ami_notice notice;
    bool answered = false;
    int channels = 0;
    int r;

    while ((r = pyst_ami_connection_wait(connection, since + 30 * SECOND, &notice)) > 0) {
        if (notice.type == PYST_AMI_NOTICE_CLOSED)
            return notice.error;
        if (notice.type == PYST_AMI_NOTICE_DONE) {
            if (notice.error < 0)
                return notice.error;
            if (pyst_text_equal(outcome(&notice), pyst_text("Failure")))
                printf("The call could not be made.\n");
            answered = true;
        }
        if (notice.type == PYST_AMI_NOTICE_EVENT) {
            const struct pyst_text name = pyst_ami_message_name(notice.message);

            tell(notice.message, since);
            if (pyst_text_equal(name, pyst_text("Newchannel")))
                channels++;
            if (pyst_text_equal(name, pyst_text("Hangup")))
                channels--;
        }
        if (answered && channels <= 0)
            return 0;
    }
    return r;
}

int main(int argc, char **argv)
{
    const char *channel = argc > 1 ? argv[1] : "Local/100@default";
    char host[256];
    struct pyst_ami_connection_options options = settings(host);
    struct pyst_ami_connection *connection = NULL;
    int r;

    options.session.events = pyst_text("call,dialplan,user");
    r = pyst_ami_connection_new(&connection, &options);
    if (r == 0)
        r = pyst_ami_connection_open(connection, pyst_ami_connection_now() + 10 * SECOND);
    if (r == 0) {
        printf("Calling %s\n", channel);
        r = call(connection, channel);
    }
    if (r == 0)
        r = follow(connection);
    if (r == 0)
        printf("Everybody has hung up.\n");
    else
        print_error(connection, r);
    pyst_ami_connection_free(connection);
    return r < 0;
}
