/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* shelf_scale: the firmware's application as a process of the store host, on a simulated or recorded load. */
#define _GNU_SOURCE
#include "host_board.h"
#include "uros_node.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define STEP_MS 10
#define LINE_SIZE 4096

static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

/* The allocator of everything that rcl makes for a session: what is taken must come back when the session ends. */

static long outstanding;

static void *allocate(size_t size, void *state)
{
    void *memory = malloc(size);
    (void)state;
    outstanding += memory != NULL;
    return memory;
}

static void *allocate_zeroed(size_t number, size_t size, void *state)
{
    void *memory = calloc(number, size);
    (void)state;
    outstanding += memory != NULL;
    return memory;
}

static void *reallocate(void *before, size_t size, void *state)
{
    const bool is_new = before == NULL;
    void *memory = realloc(before, size);
    (void)state;
    outstanding += is_new && memory != NULL;
    return memory;
}

static void deallocate(void *memory, void *state)
{
    (void)state;
    outstanding -= memory != NULL;
    free(memory);
}

/* What the line swallows while the agent is away: a best-effort publisher does not notice. */
struct line {
    struct host *host;
    struct uros_node *node;
    unsigned long published;
    unsigned long swallowed;
};

static bool line_open(void *context)
{
    const struct line *line = context;
    line->host->forgotten = false;
    return line->host->agent && UROS_NODE_OPS.open(line->node);
}

static void line_close(void *context, bool lost)
{
    const struct line *line = context;
    UROS_NODE_OPS.close(line->node, lost);
}

static bool line_is_heard(void *context)
{
    const struct line *line = context;
    return UROS_NODE_OPS.is_heard(line->node);
}

static void line_publish_burst(void *context, const struct burst *burst, const struct stamp *stamp)
{
    struct line *line = context;

    if (!line->host->agent || line->host->forgotten) {
        line->swallowed++;
        return;
    }
    line->published++;
    UROS_NODE_OPS.publish_burst(line->node, burst, stamp);
}

static bool line_publish_health(void *context, const struct health *health)
{
    const struct line *line = context;
    return line->host->agent && !line->host->forgotten && UROS_NODE_OPS.publish_health(line->node, health);
}

static bool line_take_command(void *context, struct command *command)
{
    const struct line *line = context;
    return line->host->agent && !line->host->forgotten && UROS_NODE_OPS.take_command(line->node, command);
}

static void line_answer(void *context, const struct answer *answer)
{
    const struct line *line = context;
    UROS_NODE_OPS.answer(line->node, answer);
}

static const struct node_ops LINE_OPS = {
    .open = line_open,
    .close = line_close,
    .is_heard = line_is_heard,
    .publish_burst = line_publish_burst,
    .publish_health = line_publish_health,
    .take_command = line_take_command,
    .answer = line_answer,
};

/* The host's middleware knows who listens; through an agent a board cannot. */
static size_t listeners(const rcl_publisher_t *weights)
{
    size_t number = 0;
    return rcl_publisher_get_subscription_count(weights, &number) == RCL_RET_OK ? number : 0;
}

static bool is_heard(void *context, const rcl_publisher_t *weights)
{
    (void)context;
    return listeners(weights) > 0;
}

static void tell(const struct host *host, const struct line *line)
{
    static const char *const STATES[] = {"waiting", "connecting", "connected", "lost"};
    const struct application *app = &host->application;
    const size_t heard_by = app->link.state == LINK_CONNECTED ? listeners(&line->node->weights) : 0;

    printf("{\"state\": \"%s\", \"sessions\": %u, \"published\": %lu, \"swallowed\": %lu, \"samples\": %u, "
           "\"listeners\": %zu, \"sends\": %s, \"outstanding\": %ld}\n",
           STATES[app->link.state], app->link.sessions, line->published, line->swallowed,
           app->scale.counters.samples, heard_by, heard_by > 0 && app->settled ? "true" : "false", outstanding);
    fflush(stdout);
}

/* A socket that takes lines from other processes, @NAME as Linux keeps it without a file; -1 when it cannot be made. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t length = strlen(name);
    const int feed = socket(AF_UNIX, SOCK_DGRAM, 0);

    if (feed < 0 || length < 2 || length >= sizeof address.sun_path || name[0] != '@') {
        return -1;
    }
    memcpy(address.sun_path + 1, name + 1, length - 1);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return bind(feed, (const struct sockaddr *)&address, size) == 0 ? feed : -1;
}

/* Takes the lines that have come; false when the feed has ended. */
static bool read_lines(int feed, struct host *host, const struct line *line)
{
    static char text[LINE_SIZE];
    static size_t filled;
    const ssize_t got = read(feed, text + filled, sizeof text - 1 - filled);

    if (got <= 0) {
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    filled += (size_t)got;
    text[filled] = '\0';
    char *begin = text;
    for (char *end; (end = strchr(begin, '\n')) != NULL; begin = end + 1) {
        *end = '\0';
        if (strcmp(begin, "tell") == 0) {
            tell(host, line);
        } else if (*begin != '\0' && !host_obey(host, begin)) {
            fprintf(stderr, "shelf_scale: not understood: %.60s\n", begin);
        }
        application_step(&host->application);
    }
    filled = strlen(begin);
    memmove(text, begin, filled + 1);
    if (filled == sizeof text - 1) {
        fprintf(stderr, "shelf_scale: a line is longer than %d characters\n", LINE_SIZE - 1);
        return false;
    }
    return true;
}

static void run(int feed, struct host *host, const struct line *line)
{
    struct pollfd input = {.fd = feed, .events = POLLIN};

    fcntl(feed, F_SETFL, fcntl(feed, F_GETFL) | O_NONBLOCK);
    while (!stopping) {
        if (poll(&input, 1, STEP_MS) > 0 && !read_lines(feed, host, line)) {
            break;
        }
        application_step(&host->application);
    }
}

static void usage(FILE *to)
{
    fprintf(to,
            "usage: shelf_scale --scale-id ID [options]\n"
            "The firmware of a scale on a simulated HX711. Loads come on standard input, as lines\n"
            "'load STAMP_NS PERIOD_NS GRAMS...' (see host_board.h for the other lines).\n"
            "  --socket @NAME           lines come as datagrams to this address instead\n"
            "  --store FILE             calibration is kept there; a new scale is not calibrated\n"
            "  --calibrated             begin with the right calibration\n"
            "  --rate HZ                conversions per second, 10 or 80 (80)\n"
            "  --counts-per-gram X      of the simulated cell (100)\n"
            "  --noise-counts X         its noise, standard deviation (0)\n"
            "  --ping-ms N, --settle-ms N  pace of the link (1000, 2000)\n"
            "  --start-ms N             where the link's clock begins (0)\n"
            "  --boot-id N              number of this start (random)\n");
}

struct options {
    struct host_config config;
    const char *socket;
    bool calibrated;
};

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

/* What the command line says; ends the process where it makes no sense. */
static struct options read_options(int argc, char **argv)
{
    static const struct option NAMES[] = {
        {"scale-id", required_argument, NULL, 'i'},
        {"socket", required_argument, NULL, 'f'},
        {"store", required_argument, NULL, 's'},
        {"calibrated", no_argument, NULL, 'c'},
        {"rate", required_argument, NULL, 'r'},
        {"counts-per-gram", required_argument, NULL, 'g'},
        {"noise-counts", required_argument, NULL, 'n'},
        {"ping-ms", required_argument, NULL, 'p'},
        {"settle-ms", required_argument, NULL, 'w'},
        {"start-ms", required_argument, NULL, 'm'},
        {"boot-id", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct options options = {
        .config = {.scale_id = "", .store_path = "", .zero_counts = 80000.0, .counts_per_gram = 100.0}};
    struct host_config *config = &options.config;
    uint32_t rate_hz = 80;
    uint32_t ping_ms = 1000;
    uint32_t settle_ms = 2000;

    if (getrandom(&config->boot_id, sizeof config->boot_id, 0) != sizeof config->boot_id) {
        perror("shelf_scale: getrandom");
        exit(1);
    }
    /* What follows it is for nodes that take parameters and remaps. */
    for (int i = 1; i < argc; i++) {
        argc = strcmp(argv[i], "--ros-args") == 0 ? i : argc;
    }
    for (int option; (option = getopt_long(argc, argv, "", NAMES, NULL)) != -1;) {
        switch (option) {
        case 'i': config->scale_id = optarg; break;
        case 'f': options.socket = optarg; break;
        case 's': config->store_path = optarg; break;
        case 'c': options.calibrated = true; break;
        case 'r': rate_hz = number(optarg); break;
        case 'g': config->counts_per_gram = strtod(optarg, NULL); break;
        case 'n': config->noise_counts = strtod(optarg, NULL); break;
        case 'p': ping_ms = number(optarg); break;
        case 'w': settle_ms = number(optarg); break;
        case 'm': config->start_ms = number(optarg); break;
        case 'b': config->boot_id = number(optarg); break;
        case 'h': usage(stdout); exit(0);
        default: usage(stderr); exit(2);
        }
    }
    const size_t length = strlen(config->scale_id);
    if (length == 0 || length >= SCALE_ID_SIZE || (rate_hz != 80 && rate_hz != 10) || optind != argc) {
        usage(stderr);
        exit(2);
    }
    config->application = application_defaults((uint16_t)rate_hz, 125, config->boot_id);
    config->application.settle_ms = settle_ms;
    config->application.link.ping_ms = ping_ms;
    if (ping_ms < config->application.link.retry_first_ms) {
        config->application.link.retry_first_ms = ping_ms;
    }
    return options;
}

int main(int argc, char **argv)
{
    static struct host host;
    static struct uros_node node;
    static struct line line = {.host = &host, .node = &node};
    static const struct uros_ops uros_ops = {.is_heard = is_heard};
    const struct options options = read_options(argc, argv);
    const struct uros_node_config node_config = {
        .scale_id = options.config.scale_id,
        .boot_id = options.config.boot_id,
        .allocator = {allocate, deallocate, reallocate, allocate_zeroed, NULL},
        .ops = &uros_ops,
    };
    const int feed = options.socket == NULL ? STDIN_FILENO : listen_at(options.socket);

    if (feed < 0) {
        fprintf(stderr, "shelf_scale: the socket must be @NAME, not in use, of at most 100 characters\n");
        return 1;
    }
    /* Weights are small: no need of the 64 MB of shared memory that the profile of the cameras gives each process. */
    unsetenv("FASTRTPS_DEFAULT_PROFILES_FILE");
    if (!uros_node_init(&node, &node_config)) {
        fprintf(stderr, "shelf_scale: no memory\n");
        return 1;
    }
    host_init(&host, &options.config, &LINE_OPS, &line);
    if (options.calibrated) {
        const struct calibration right = {
            .zero = (int32_t)options.config.zero_counts,
            .counts_per_gram = (float)options.config.counts_per_gram,
        };
        scale_calibrated(&host.application.scale, &right);
    }
    const struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    run(feed, &host, &line);
    UROS_NODE_OPS.close(&node, false);
    return 0;
}
