/* A load client that one core can trust: N followers over graphql-transport-ws in one epoll loop.
 *
 *   load PORT N PAYLOAD MARK
 *
 * Each connection initialises, waits for the acknowledgement and subscribes with PAYLOAD (JSON).
 * Every MARK in a message is one event; the digits after it are its CLOCK_MONOTONIC nanoseconds.
 * A line on standard output tells of every step:
 *
 *   subscribed      all have sent their subscription
 *   heard           everybody has received something
 * and after each line `expect K` on standard input, once K events have come to each, or nothing has
 * for IDLE_SECONDS:
 *   {"events":…,"frames":…,"first":…,"last":…,"p50":…,"p99":…,"least":…}
 * where `first` is the earliest stamp, `last` when the last event came, in nanoseconds, and `least`
 * the events of the connection that got the fewest. Latencies are in milliseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define IDLE_SECONDS 30
#define OPENING 64        /* connections being opened at once */
#define SAMPLES 4000000   /* latencies kept */
#define CHUNK 65536

enum { HANDSHAKE, WAITING, SUBSCRIBED };

struct follower {
  int socket, state;
  char *buffer;
  size_t length, capacity;
  uint64_t events;
};

static struct follower *followers;
static int count, subscribed, heard;
static const char *payload, *mark;
static size_t mark_length;
static uint64_t events, frames, first, last, expected;
static float *latencies;
static size_t samples;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000ull + at.tv_nsec;
}

static void send_frame(struct follower *to, int opcode, const char *text, size_t length) {
  char *frame = malloc(length + 8);
  size_t at = 0;
  frame[at++] = 0x80 | opcode;
  if (length < 126) {
    frame[at++] = 0x80 | length;
  } else {
    frame[at++] = 0x80 | 126;
    frame[at++] = length >> 8;
    frame[at++] = length & 255;
  }
  memset(frame + at, 0, 4); /* a mask that changes nothing */
  memcpy(frame + at + 4, text, length);
  at += 4 + length;
  if (write(to->socket, frame, at) != (ssize_t)at) fail("write");
  free(frame);
}

static void open_follower(int epoll, int number, struct sockaddr_in *server) {
  struct follower *one = &followers[number];
  int yes = 1;
  char request[512];
  struct epoll_event interest = {.events = EPOLLIN, .data.u32 = number};
  one->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(one->socket, (struct sockaddr *)server, sizeof *server)) fail("connect");
  setsockopt(one->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(one->socket, F_SETFL, O_NONBLOCK);
  epoll_ctl(epoll, EPOLL_CTL_ADD, one->socket, &interest);
  int length = snprintf(request, sizeof request,
      "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n", ntohs(server->sin_port));
  if (write(one->socket, request, length) != length) fail("write");
  one->buffer = malloc(one->capacity = CHUNK);
}

static void on_message(struct follower *one, int number, char *text, size_t length) {
  uint64_t at = now();
  if (one->state == WAITING) {
    char *message = malloc(strlen(payload) + 128);
    int written = sprintf(message,
        "{\"id\":\"3f2a9c1e-77b1-4c56-9e0d-%012d\",\"type\":\"subscribe\",\"payload\":%s}",
        number, payload);
    send_frame(one, 1, message, written);
    free(message);
    one->state = SUBSCRIBED;
    if (++subscribed == count) puts("subscribed");
    return;
  }
  uint64_t before = one->events;
  char *end = text + length;
  for (char *found = text; (found = memmem(found, end - found, mark, mark_length));) {
    found += mark_length;
    while (*found < '0' || *found > '9') found++;
    uint64_t stamp = strtoull(found, NULL, 10);
    if (!first || stamp < first) first = stamp;
    if (samples < SAMPLES) latencies[samples++] = (at - stamp) / 1e6f;
    one->events++;
  }
  if (one->events == before) {
    if (!memmem(text, length, "\"pong\"", 6)) fprintf(stderr, "%.*s\n", (int)length, text);
    return;
  }
  if (!before && ++heard == count) puts("heard");
  events += one->events - before;
  frames++;
  last = at;
}

static void on_data(struct follower *one, int number) {
  for (;;) {
    if (one->capacity - one->length < CHUNK / 2)
      one->buffer = realloc(one->buffer, one->capacity *= 2);
    ssize_t got = read(one->socket, one->buffer + one->length, one->capacity - one->length);
    if (got == 0) {
      fprintf(stderr, "connection %d was closed\n", number);
      exit(1);
    }
    if (got < 0) break;
    one->length += got;
    if (got < CHUNK / 2) break;
  }
  size_t at = 0;
  if (one->state == HANDSHAKE) {
    char *end = memmem(one->buffer, one->length, "\r\n\r\n", 4);
    if (!end) return;
    if (memcmp(one->buffer, "HTTP/1.1 101", 12)) {
      fprintf(stderr, "%.*s\n", (int)one->length, one->buffer);
      exit(1);
    }
    at = end + 4 - one->buffer;
    one->state = WAITING;
    send_frame(one, 1, "{\"type\":\"connection_init\"}", 26);
  }
  while (one->length - at >= 2) {
    unsigned char *frame = (unsigned char *)one->buffer + at;
    size_t size = frame[1] & 127, header = 2;
    if (size > 125) header = size == 126 ? 4 : 10;
    if (one->length - at < header) break;
    if (header > 2) {
      size = 0;
      for (size_t i = 2; i < header; i++) size = size << 8 | frame[i];
    }
    if (one->length - at < header + size) break;
    if ((frame[0] & 15) == 1) on_message(one, number, (char *)frame + header, size);
    if ((frame[0] & 15) == 9) send_frame(one, 10, (char *)frame + header, size);
    at += header + size;
  }
  memmove(one->buffer, one->buffer + at, one->length -= at);
}

static int by_size(const void *one, const void *other) {
  float a = *(const float *)one, b = *(const float *)other;
  return (a > b) - (a < b);
}

static void report(void) {
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < count; i++)
    if (followers[i].events < least) least = followers[i].events;
  qsort(latencies, samples, sizeof *latencies, by_size);
  float p50 = samples ? latencies[samples / 2] : 0, p99 = samples ? latencies[samples * 99 / 100] : 0;
  printf("{\"events\":%lu,\"frames\":%lu,\"first\":%lu,\"last\":%lu,\"p50\":%.3f,\"p99\":%.3f,\"least\":%lu}\n",
      events, frames, first, last, p50, p99, least);
  expected = 0;
}

static void on_command(void) {
  unsigned long wanted;
  char line[64];
  if (!fgets(line, sizeof line, stdin) || sscanf(line, "expect %lu", &wanted) != 1) exit(0);
  expected = wanted * count;
  events = frames = first = samples = 0;
  last = now();
  for (int i = 0; i < count; i++) followers[i].events = 0;
  puts("expecting");
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  struct rlimit files = {65536, 65536};
  struct epoll_event ready[1024], input = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  count = atoi(argv[2]), payload = argv[3], mark = argv[4], mark_length = strlen(mark);
  setrlimit(RLIMIT_NOFILE, &files);
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0);
  followers = calloc(count, sizeof *followers);
  latencies = malloc(SAMPLES * sizeof *latencies);
  int epoll = epoll_create1(0), opened = 0;
  epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
  for (;;) {
    while (opened < count && opened - subscribed < OPENING) open_follower(epoll, opened++, &server);
    int found = epoll_wait(epoll, ready, 1024, 100);
    for (int i = 0; i < found; i++) {
      if (ready[i].data.u32 == UINT32_MAX) on_command();
      else on_data(&followers[ready[i].data.u32], ready[i].data.u32);
    }
    if (expected && (events >= expected || now() - last > IDLE_SECONDS * 1000000000ull)) report();
  }
}
