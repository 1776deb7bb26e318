/* SPDX-License-Identifier: MIT */

/*
 * The floor for a client: asks the server for a flood and receives it with a bare recv loop that
 * looks at nothing but the end. Usage: drain PORT COUNT EVENT-SIZE. Prints one line of JSON.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "clock.h"

static char buffer[65536];

static size_t receive(int fd)
{
    ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

    if (n <= 0) {
        perror("recv");
        exit(1);
    }
    return (size_t)n;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    uint64_t count = argc > 3 ? strtoull(argv[2], NULL, 10) : 0;
    uint64_t left = argc > 3 ? count * strtoull(argv[3], NULL, 10) : 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char action[64];
    size_t n;
    double wall;
    double cpu;

    if (left == 0) {
        fprintf(stderr, "usage: drain PORT COUNT EVENT-SIZE\n");
        return 2;
    }
    address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        perror("connect");
        return 1;
    }
    receive(fd); /* the greeting */
    n = (size_t)snprintf(action, sizeof(action), "Action: Flood\r\nCount: %s\r\n\r\n", argv[2]);
    if (send(fd, action, n, 0) != (ssize_t)n) {
        perror("send");
        return 1;
    }
    n = receive(fd);
    wall = bench_wall();
    cpu = bench_cpu();
    while (left > n) { /* the response's few bytes end it as many bytes early */
        left -= n;
        n = receive(fd);
    }
    wall = bench_wall() - wall;
    cpu = bench_cpu() - cpu;
    close(fd);
    printf("{\"count\": %llu, \"wall\": %.6f, \"cpu\": %.6f}\n", (unsigned long long)count, wall,
           cpu);
    return 0;
}
