/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <pyst/error.h>

#include "server/agi.h"

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool parse_prefix(const char *text, unsigned max, unsigned *prefixp)
{
    unsigned prefix = 0;
    size_t size = strlen(text);

    if (size == 0 || size > 3)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        prefix = prefix * 10 + (unsigned)(text[i] - '0');
    }
    *prefixp = prefix;
    return prefix <= max;
}

int access_parse(struct access_entry *entry, const char *text)
{
    const char *slash = strchr(text, '/');
    const size_t size = slash ? (size_t)(slash - text) : strlen(text);
    char address[INET6_ADDRSTRLEN];

    memset(entry, 0, sizeof(*entry));
    if (size >= sizeof(address))
        return PYST_ERR_INVALID;
    memcpy(address, text, size);
    address[size] = '\0';
    if (inet_pton(AF_INET, address, entry->address) == 1) {
        entry->family = AF_INET;
        entry->prefix = 32;
    } else if (inet_pton(AF_INET6, address, entry->address) == 1) {
        entry->family = AF_INET6;
        entry->prefix = 128;
    } else
        return PYST_ERR_INVALID;
    if (slash && !parse_prefix(slash + 1, entry->prefix, &entry->prefix))
        return PYST_ERR_INVALID;
    if (entry->family == AF_INET6 && entry->prefix >= 96 &&
        memcmp(entry->address, mapped, sizeof(mapped)) == 0) {
        entry->family = AF_INET;
        entry->prefix -= 96;
        memmove(entry->address, entry->address + sizeof(mapped), 4);
    }
    return 0;
}

static bool matches(const struct access_entry *entry, int family, const unsigned char *address)
{
    const unsigned whole = entry->prefix / 8, rest = entry->prefix % 8;

    if (entry->family != family || memcmp(entry->address, address, whole) != 0)
        return false;
    return rest == 0 || (entry->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool access_allows(const struct access_entry *entries, size_t n,
                   const struct sockaddr_storage *peer)
{
    const unsigned char *address;
    int family = peer->ss_family;

    if (family == AF_INET)
        address = (const unsigned char *)&((const struct sockaddr_in *)peer)->sin_addr;
    else if (family == AF_INET6) {
        address = ((const struct sockaddr_in6 *)peer)->sin6_addr.s6_addr;
        if (memcmp(address, mapped, sizeof(mapped)) == 0) {
            family = AF_INET;
            address += sizeof(mapped);
        }
    } else
        return true;
    for (size_t i = 0; i < n; i++)
        if (matches(&entries[i], family, address))
            return true;
    return n == 0;
}
