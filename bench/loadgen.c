/*
 * Replays a corpus of gzip envelopes against a server on loopback that speaks the Sentry protocol.
 *
 * One thread, epoll, keep-alive HTTP/1.1. Every request is a new event: its id and time are written over in place, in
 * deflate blocks that are stored uncompressed (see corpus/pack.py), and the CRC-32 at the end is corrected, which is
 * possible without reading the rest because CRC is linear. Nothing is compressed here, so the generator costs some 20 µs
 * an event and leaves the processors to the server.
 *
 * Closed loop: each of C connections sends the next request when its last was answered (saturation).
 * Open loop, --rate: requests are due at fixed or Poisson-distributed times, and latency counts from when one was due.
 *
 * gcc -O2 -o loadgen loadgen.c -lz -lm
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum patch_kind { PATCH_EVENT_ID = 1, PATCH_TIME = 2 };
enum state { IDLE, CONNECTING, SENDING, READING, BACKING_OFF };

struct patch {
    uint32_t body_offset;
    uint16_t length;
    uint16_t kind;
    z_crc_t crc_operator; /* moves a change of the CRC here to the end of the text */
};

struct record {
    uint32_t body_length;
    uint16_t patch_count;
    uint16_t issue;
    struct patch *patches;
    unsigned char *body;
};

struct connection {
    int fd;
    enum state state;
    int reused; /* the socket has carried an answer before, so that a close may be the server's idle timeout */
    int record;
    char event_id[33];
    uint64_t due_us, sent_us, retry_us;
    char *out;
    size_t out_length, out_sent;
    char *in;
    size_t in_length, in_capacity, head_length;
    long body_length; /* of the answer; -1 unknown */
    int chunked, closes, status;
};

static struct {
    const char *url, *project, *key, *corpus, *path, *ids_out;
    long count;
    int connections;
    double rate, duration_s, timeout_s;
    int poisson;
} option = {
    .url = "http://127.0.0.1:8000", .project = "1", .key = "", .corpus = "errors.envc", .path = "/api/%s/envelope/",
    .count = 1000, .connections = 16, .timeout_s = 30,
};

static struct {
    long started, done, accepted, failed, connection_errors, timeouts, stale_retries, codes[1000];
    uint64_t bytes_sent;
    uint32_t *latencies_us;
    long latency_count, latency_capacity;
    char first_refusals[4][600];
    int refusal_count;
} total;

static struct record *records;
static long record_count;
static struct connection *connections;
static struct sockaddr_in server;
static char host[64], url_path[512];
static int epoll_fd;
static FILE *ids_file;
static volatile sig_atomic_t interrupted;

static void start_sending(struct connection *c);

static void die(const char *message) {
    fprintf(stderr, "loadgen: %s\n", message);
    exit(2);
}

static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t random_state[2];

static uint64_t random64(void) { /* xorshift128+ */
    uint64_t a = random_state[0], b = random_state[1];
    random_state[0] = b;
    a ^= a << 23;
    random_state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return random_state[1] + b;
}

/* ------------------------------------------------------------------------------------------------------- the corpus */

static void read_exactly(FILE *file, void *to, size_t length) {
    if (fread(to, 1, length, file) != length) die("the corpus file is cut short");
}

static void load_record(FILE *file, struct record *r) {
    uint32_t raw_length, raw_offset;
    read_exactly(file, &r->body_length, 4);
    read_exactly(file, &raw_length, 4);
    read_exactly(file, &r->patch_count, 2);
    read_exactly(file, &r->issue, 2);
    r->patches = calloc(r->patch_count ? r->patch_count : 1, sizeof *r->patches);
    for (int i = 0; i < r->patch_count; i++) {
        struct patch *p = &r->patches[i];
        read_exactly(file, &p->body_offset, 4);
        read_exactly(file, &raw_offset, 4);
        read_exactly(file, &p->length, 2);
        read_exactly(file, &p->kind, 2);
        p->crc_operator = crc32_combine_gen(raw_length - raw_offset - p->length);
    }
    r->body = malloc(r->body_length);
    read_exactly(file, r->body, r->body_length);
}

static void load_corpus(const char *path) {
    char magic[8];
    uint32_t count;
    FILE *file = fopen(path, "rb");
    if (!file) die("the corpus can't be opened");
    read_exactly(file, magic, 8);
    if (memcmp(magic, "ENVC0001", 8)) die("this is not a corpus file");
    read_exactly(file, &count, 4);
    records = calloc(count, sizeof *records);
    for (record_count = 0; record_count < (long)count; record_count++) load_record(file, &records[record_count]);
    fclose(file);
}

/* ------------------------------------------------------------------------------------------------------ one request */

static const char *time_now(void) {
    static char text[80];
    struct timespec t;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + 19, sizeof text - 19, ".%06ldZ", t.tv_nsec / 1000);
    return text;
}

static void new_event_id(char *id) {
    static const char hex[] = "0123456789abcdef";
    uint64_t high = random64(), low = random64();
    for (int i = 0; i < 16; i++) {
        id[i] = hex[(high >> (4 * i)) & 15];
        id[16 + i] = hex[(low >> (4 * i)) & 15];
    }
    id[12] = '4';
    id[16] = "89ab"[low & 3];
    id[32] = 0;
}

static void patch_body(const struct record *r, unsigned char *body, const char *event_id) {
    uint32_t crc;
    const char *now = time_now();
    memcpy(&crc, body + r->body_length - 8, 4);
    for (int i = 0; i < r->patch_count; i++) {
        const struct patch *p = &r->patches[i];
        const Bytef *text = (const Bytef *)(p->kind == PATCH_EVENT_ID ? event_id : now);
        uint32_t change = (uint32_t)(crc32(0, text, p->length) ^ crc32(0, body + p->body_offset, p->length));
        memcpy(body + p->body_offset, text, p->length);
        crc ^= (uint32_t)crc32_combine_op(change, 0, p->crc_operator);
    }
    memcpy(body + r->body_length - 8, &crc, 4);
}

static void rewind_connection(struct connection *c) {
    c->out_sent = c->in_length = c->head_length = 0;
    c->body_length = -1;
    c->chunked = c->closes = c->status = 0;
}

static void watch(struct connection *c, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event) < 0) epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

static void drop(struct connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->reused = 0;
}

static void fail(struct connection *c, long *counter, uint64_t wait_us) {
    (*counter)++;
    total.failed++;
    total.done++;
    drop(c);
    c->state = BACKING_OFF;
    c->retry_us = now_us() + wait_us;
}

static void open_connection(struct connection *c) {
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("no more sockets");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) {
        fail(c, &total.connection_errors, 100000);
        return;
    }
    c->state = CONNECTING;
    watch(c, EPOLLOUT);
}

static void begin_request(struct connection *c, uint64_t due_us) {
    char head[1024];
    c->record = (int)(random64() % (uint64_t)record_count);
    total.started++;
    const struct record *r = &records[c->record];
    int head_length = snprintf(head, sizeof head,
        "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: sentry.python/2.75.0\r\nContent-Type: application/x-sentry-envelope\r\n"
        "Content-Encoding: gzip\r\nX-Sentry-Auth: Sentry sentry_key=%s, sentry_version=7, sentry_client=sentry.python/2.75.0\r\n"
        "Content-Length: %u\r\n\r\n", url_path, host, option.key, r->body_length);
    c->out_length = (size_t)head_length + r->body_length;
    c->out = realloc(c->out, c->out_length);
    memcpy(c->out, head, (size_t)head_length);
    memcpy(c->out + head_length, r->body, r->body_length);
    new_event_id(c->event_id);
    patch_body(r, (unsigned char *)c->out + head_length, c->event_id);
    rewind_connection(c);
    c->due_us = due_us;
    c->sent_us = now_us();
    if (c->fd < 0) {
        open_connection(c);
    } else {
        c->reused = 1;
        start_sending(c);
    }
}

/* A kept-alive connection that breaks before a byte of the answer came may have been idle for too long: try anew. */
static void retry_or_fail(struct connection *c) {
    if (!c->reused) {
        fail(c, &total.connection_errors, 20000);
        return;
    }
    drop(c);
    total.stale_retries++;
    rewind_connection(c);
    open_connection(c);
}

static void start_sending(struct connection *c) {
    while (c->out_sent < c->out_length) {
        ssize_t sent = send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            c->state = SENDING;
            watch(c, EPOLLIN | EPOLLOUT);
            return;
        }
        if (sent < 0) {
            retry_or_fail(c);
            return;
        }
        c->out_sent += (size_t)sent;
        total.bytes_sent += (uint64_t)sent;
    }
    c->state = READING;
    watch(c, EPOLLIN);
}

/* ------------------------------------------------------------------------------------------------------- its answer */

static void note_latency(const struct connection *c) {
    uint64_t us = now_us() - c->due_us;
    if (total.latency_count == total.latency_capacity) {
        total.latency_capacity = total.latency_capacity ? total.latency_capacity * 2 : 65536;
        total.latencies_us = realloc(total.latencies_us, (size_t)total.latency_capacity * sizeof *total.latencies_us);
    }
    total.latencies_us[total.latency_count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static void note_refusal(const struct connection *c) {
    if (total.refusal_count == 4) return;
    size_t length = c->in_length < 590 ? c->in_length : 590;
    memcpy(total.first_refusals[total.refusal_count], c->in, length);
    total.first_refusals[total.refusal_count++][length] = 0;
}

static void complete(struct connection *c) {
    total.done++;
    if (c->status >= 100 && c->status < 1000) total.codes[c->status]++;
    if (c->status >= 200 && c->status < 300) {
        total.accepted++;
        note_latency(c);
        if (ids_file) fprintf(ids_file, "%s %d\n", c->event_id, records[c->record].issue);
    } else {
        total.failed++;
        note_refusal(c);
    }
    c->state = IDLE;
    if (c->closes) drop(c);
}

static void read_head(struct connection *c, const char *end) {
    c->head_length = (size_t)(end - c->in) + 4;
    c->status = c->in_length >= 12 && !strncmp(c->in, "HTTP/1.", 7) ? atoi(c->in + 9) : 599;
    c->closes = c->status == 599 || c->in[7] == '0';
    for (const char *line = strstr(c->in, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n")) {
        if (!strncasecmp(line + 2, "content-length:", 15)) c->body_length = atol(line + 17);
        if (!strncasecmp(line + 2, "transfer-encoding: chunked", 26)) c->chunked = 1;
        if (!strncasecmp(line + 2, "connection: close", 17)) c->closes = 1;
    }
    if (c->status == 204 || c->status == 304) c->body_length = 0;
}

static int is_whole(struct connection *c, int at_end) {
    if (!c->head_length) {
        const char *end = memmem(c->in, c->in_length, "\r\n\r\n", 4);
        if (!end) return 0;
        read_head(c, end);
    }
    size_t got = c->in_length - c->head_length;
    if (c->chunked) return got >= 5 && !memcmp(c->in + c->in_length - 5, "0\r\n\r\n", 5);
    if (c->body_length >= 0) return (long)got >= c->body_length;
    c->closes |= at_end;
    return at_end;
}

static void read_answer(struct connection *c) {
    for (;;) {
        if (c->in_capacity - c->in_length < 4096) {
            c->in_capacity = c->in_capacity ? c->in_capacity * 2 : 16384;
            c->in = realloc(c->in, c->in_capacity + 1);
        }
        ssize_t got = recv(c->fd, c->in + c->in_length, c->in_capacity - c->in_length, 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got > 0) {
            c->in_length += (size_t)got;
            c->in[c->in_length] = 0;
            if (is_whole(c, 0)) {
                complete(c);
                return;
            }
            continue;
        }
        if (got == 0 && c->in_length && is_whole(c, 1)) complete(c);
        else if (!c->in_length) retry_or_fail(c);
        else fail(c, &total.connection_errors, 20000);
        return;
    }
}

/* --------------------------------------------------------------------------------------------------------- the loop */

static double next_gap_us(void) {
    double mean = 1e6 / option.rate;
    return option.poisson ? -mean * log(((double)(random64() >> 11) + 1) / 9007199254740993.0) : mean;
}

static int out_of_time(uint64_t start_us) {
    return option.duration_s > 0 && (double)(now_us() - start_us) > option.duration_s * 1e6;
}

static void on_event(struct connection *c, uint32_t events, uint64_t start_us) {
    if (c->fd < 0) return;
    if (c->state == CONNECTING) {
        int error = 0;
        socklen_t length = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error) fail(c, &total.connection_errors, 100000);
        else start_sending(c);
    } else if (c->state == SENDING) {
        if (events & EPOLLOUT) start_sending(c);
        else read_answer(c);
    } else if (c->state == READING) {
        read_answer(c);
    } else {
        drop(c); /* the server closed an idle connection */
    }
    if (c->state == IDLE && option.rate <= 0 && total.started < option.count && !out_of_time(start_us) && !interrupted)
        begin_request(c, now_us());
}

static void begin_what_is_due(double *due_us, uint64_t start_us) {
    uint64_t now = now_us();
    if (out_of_time(start_us)) return;
    for (int i = 0; i < option.connections && total.started < option.count; i++) {
        struct connection *c = &connections[i];
        if (c->state == BACKING_OFF && now >= c->retry_us) c->state = IDLE;
        if (c->state != IDLE) continue;
        if (option.rate > 0) {
            if ((double)now < *due_us) return;
            begin_request(c, (uint64_t)*due_us);
            *due_us += next_gap_us();
        } else {
            begin_request(c, now);
        }
    }
}

static void give_up_the_slow(void) {
    static uint64_t last_us;
    uint64_t now = now_us();
    if (now - last_us < 200000) return;
    last_us = now;
    for (int i = 0; i < option.connections; i++) {
        struct connection *c = &connections[i];
        int waiting = c->state == CONNECTING || c->state == SENDING || c->state == READING;
        if (waiting && (double)(now - c->sent_us) > option.timeout_s * 1e6) fail(c, &total.timeouts, 0);
    }
}

static void run(uint64_t start_us) {
    struct epoll_event events[256];
    double due_us = (double)start_us;
    while (total.done < option.count && !interrupted) {
        if (out_of_time(start_us) && total.done >= total.started) break;
        begin_what_is_due(&due_us, start_us);
        int wait_ms = 5;
        if (option.rate > 0 && due_us - (double)now_us() < 5000) wait_ms = due_us < (double)now_us() ? 0 : 1;
        int count = epoll_wait(epoll_fd, events, 256, wait_ms);
        for (int i = 0; i < count; i++) on_event(events[i].data.ptr, events[i].events, start_us);
        give_up_the_slow();
    }
}

/* ------------------------------------------------------------------------------------------------------- the report */

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double quantile_ms(double share) {
    if (!total.latency_count) return 0;
    long index = (long)(share * (double)total.latency_count);
    return total.latencies_us[index < total.latency_count ? index : total.latency_count - 1] / 1000.0;
}

static void report(double wall_s) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    qsort(total.latencies_us, (size_t)total.latency_count, sizeof *total.latencies_us, by_size);
    printf("{\"started\":%ld,\"done\":%ld,\"accepted\":%ld,\"failed\":%ld,\"wall_s\":%.3f,\"accepted_per_s\":%.1f,\"codes\":{",
        total.started, total.done, total.accepted, total.failed, wall_s, (double)total.accepted / wall_s);
    const char *comma = "";
    for (int code = 0; code < 1000; code++) {
        if (!total.codes[code]) continue;
        printf("%s\"%d\":%ld", comma, code, total.codes[code]);
        comma = ",";
    }
    printf("},\"connection_errors\":%ld,\"stale_retries\":%ld,\"timeouts\":%ld,\"latency_ms\":{\"p50\":%.3f,\"p90\":%.3f,"
        "\"p99\":%.3f,\"max\":%.3f},\"mb_sent\":%.1f,\"generator_cpu_s\":%.3f}\n", total.connection_errors,
        total.stale_retries, total.timeouts, quantile_ms(.5), quantile_ms(.9), quantile_ms(.99), quantile_ms(1),
        (double)total.bytes_sent / 1e6, cpu_s);
    for (int i = 0; i < total.refusal_count; i++) fprintf(stderr, "--- refused %d:\n%s\n", i + 1, total.first_refusals[i]);
}

/* ------------------------------------------------------------------------------------------------------- the options */

static void read_options(int argc, char **argv) {
    static const struct option known[] = {
        {"url", 1, 0, 'u'}, {"project", 1, 0, 'p'}, {"key", 1, 0, 'k'}, {"corpus", 1, 0, 'C'}, {"path", 1, 0, 'P'},
        {"ids-out", 1, 0, 'i'}, {"count", 1, 0, 'n'}, {"connections", 1, 0, 'c'}, {"rate", 1, 0, 'r'},
        {"duration", 1, 0, 'd'}, {"timeout", 1, 0, 't'}, {"poisson", 0, 0, 'o'}, {0, 0, 0, 0},
    };
    for (int name; (name = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (name) {
        case 'u': option.url = optarg; break;
        case 'p': option.project = optarg; break;
        case 'k': option.key = optarg; break;
        case 'C': option.corpus = optarg; break;
        case 'P': option.path = optarg; break;
        case 'i': option.ids_out = optarg; break;
        case 'n': option.count = atol(optarg); break;
        case 'c': option.connections = atoi(optarg); break;
        case 'r': option.rate = atof(optarg); break;
        case 'd': option.duration_s = atof(optarg); break;
        case 't': option.timeout_s = atof(optarg); break;
        case 'o': option.poisson = 1; break;
        default: die("see read_options in loadgen.c for what may be given");
        }
    }
    if (option.count < 1 || option.connections < 1 || option.connections > 4096) die("--count or --connections is out of bounds");
}

static void find_server(void) {
    char name[64];
    int port = 80;
    struct in_addr address;
    if (sscanf(option.url, "http://%63[^:/]:%d", name, &port) < 1) die("--url must be http://127.0.0.1:PORT");
    if (!inet_aton(name, &address) || ntohl(address.s_addr) >> 24 != 127) die("only a server on loopback may be loaded");
    server.sin_family = AF_INET;
    server.sin_port = htons((uint16_t)port);
    server.sin_addr = address;
    snprintf(host, sizeof host, "%.50s:%d", name, port);
    const char *slot = strstr(option.path, "%s");
    if (slot) snprintf(url_path, sizeof url_path, "%.*s%s%s", (int)(slot - option.path), option.path, option.project, slot + 2);
    else snprintf(url_path, sizeof url_path, "%s", option.path);
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    find_server();
    load_corpus(option.corpus);
    if (getrandom(random_state, sizeof random_state, 0) != sizeof random_state) die("no random numbers");
    if (option.ids_out && !(ids_file = fopen(option.ids_out, "w"))) die("--ids-out can't be written");
    if (ids_file) setvbuf(ids_file, NULL, _IOFBF, 1 << 16);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    connections = calloc((size_t)option.connections, sizeof *connections);
    for (int i = 0; i < option.connections; i++) connections[i].fd = -1;
    uint64_t start_us = now_us();
    run(start_us);
    report((double)(now_us() - start_us) / 1e6);
    if (ids_file) fclose(ids_file);
    return total.accepted > 0 ? 0 : 1;
}
