/* One input line: level, and its edges read by a thread of its own, so that none waits in the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addon.h"
#include "gpio.h"
#include "handle.h"
#include "js.h"
#include "native-thread.h"
#include "seam.h"

enum { EVENTS_PER_READ = 16, LINES_OF_A_CHIP = 1024, DEBOUNCE_US_MAX = 1000000 };

struct input_event {
  int lost;
  int level;
  uint32_t sequence;
  int64_t at_ns;
};

struct input {
  struct handle handle;
  struct gpio_request request;
  int fd;
  int waker;
  bool has_thread;
  pthread_t thread;
};

static void *read_edges(void *argument) {
  struct input *input = argument;
  struct gpio_v2_line_event events[EVENTS_PER_READ];
  struct pollfd wanted[2] = {{.fd = input->fd, .events = POLLIN},
                             {.fd = input->waker, .events = POLLIN}};
  native_thread_hurry();
  for (;;) {
    int ready = kernel.poll(wanted, 2, -1);
    if (ready == -EINTR) continue;
    if (wanted[1].revents != 0) return NULL;
    long length = ready < 0 ? ready : kernel.read(input->fd, events, sizeof events);
    if (length <= 0) {
      /* A chip that was unplugged reads as end of file, or as this error. */
      struct input_event lost = {.lost = length < 0 ? (int)-length : ENODEV};
      outbox_put(&input->handle.outbox, &lost);
      return NULL;
    }
    for (size_t i = 0; i < (size_t)length / sizeof *events; i++) {
      struct input_event event = {.level = events[i].id == GPIO_V2_LINE_EVENT_RISING_EDGE,
                                  .sequence = events[i].line_seqno,
                                  .at_ns = (int64_t)events[i].timestamp_ns};
      outbox_put(&input->handle.outbox, &event);
    }
  }
}

static napi_value deliver(napi_env env, struct handle *handle, const void *items, unsigned count,
                          uint64_t dropped) {
  (void)handle;
  const struct input_event *events = items;
  napi_value batch, list;
  const char *lost = NULL;
  unsigned length = 0;
  napi_create_object(env, &batch);
  napi_create_array(env, &list);
  for (unsigned i = 0; i < count; i++) {
    if (events[i].lost != 0) {
      lost = js_errno_name(events[i].lost);
      continue;
    }
    napi_value event;
    napi_create_object(env, &event);
    js_set(env, event, "level", js_number(env, events[i].level));
    js_set(env, event, "atMs", js_ms(env, events[i].at_ns));
    js_set(env, event, "sequence", js_number(env, events[i].sequence));
    napi_set_element(env, list, length++, event);
  }
  js_set(env, batch, "events", list);
  js_set(env, batch, "dropped", js_number(env, (double)dropped));
  js_set(env, batch, "lost", js_string(env, lost));
  return batch;
}

static void close_input(struct handle *handle) {
  struct input *input = (struct input *)handle;
  if (input->has_thread) {
    waker_ring(input->waker);
    pthread_join(input->thread, NULL);
  }
  waker_close(input->waker);
  if (input->fd >= 0) kernel.close(input->fd);
  input->fd = -1;
}

static void free_input(struct handle *handle) { free(handle); }

static const struct handle_kind input_kind;

static napi_value level(napi_env env, napi_callback_info info) {
  struct input *input = (struct input *)handle_of(env, info, &input_kind, 0, NULL);
  if (input == NULL) return NULL;
  uint64_t levels = 0;
  int result = input->fd < 0 ? -EBADF : gpio_get(input->fd, 1, &levels);
  if (result < 0) return js_throw(env, -result, "read line", input->request.path);
  return js_number(env, levels & 1);
}

static napi_value close_method(napi_env env, napi_callback_info info) {
  return handle_close_method(env, info, &input_kind);
}

static const napi_property_descriptor methods[] = {METHOD("level", level),
                                                   METHOD("close", close_method)};
static const struct handle_kind input_kind = {
    .name = "input line",
    .tag = {0x9d1c64cf3a0b4c7e, 0x8f7e26f1b5d3a001},
    .close = close_input,
    .free = free_input,
    .deliver = deliver,
    .methods = methods,
    .method_count = COUNT_OF(methods),
};

static bool choose(napi_env env, napi_value object, const char *field, const char *const names[],
                   const uint64_t flags[], uint64_t *chosen) {
  char text[16], sentence[48] = "";
  if (!js_get_text(env, object, field, text, sizeof text)) return false;
  for (unsigned i = 0; names[i] != NULL; i++) {
    if (strcmp(names[i], text) != 0) continue;
    *chosen |= flags[i];
    return true;
  }
  strcat(strcat(sentence, field), " is not one of its words.");
  return js_refuse(env, sentence);
}

static bool read_request(napi_env env, napi_value object, struct gpio_request *request) {
  static const char *const biases[] = {"none", "up", "down", "as-is", NULL};
  static const uint64_t bias_flags[] = {GPIO_V2_LINE_FLAG_BIAS_DISABLED,
                                        GPIO_V2_LINE_FLAG_BIAS_PULL_UP,
                                        GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN, 0};
  static const char *const edges[] = {"none", "rising", "falling", "both", NULL};
  static const uint64_t edge_flags[] = {
      0, GPIO_V2_LINE_FLAG_EDGE_RISING, GPIO_V2_LINE_FLAG_EDGE_FALLING,
      GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING};
  int64_t line, debounce_us;
  request->count = 1;
  request->flags = GPIO_V2_LINE_FLAG_INPUT;
  bool is_read =
      js_get_text(env, object, "chip", request->path, sizeof request->path) &&
      js_get_text(env, object, "consumer", request->consumer, sizeof request->consumer) &&
      js_get_integer(env, object, "line", LINES_OF_A_CHIP, &line) &&
      js_get_bool(env, object, "activeLow", &request->lines[0].active_low) &&
      choose(env, object, "bias", biases, bias_flags, &request->flags) &&
      choose(env, object, "edges", edges, edge_flags, &request->flags) &&
      js_get_integer(env, object, "debounceUs", DEBOUNCE_US_MAX, &debounce_us);
  if (!is_read) return false;
  request->lines[0].offset = (uint32_t)line;
  request->debounce_us = (uint32_t)debounce_us;
  return true;
}

napi_value open_input(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  if (!js_arguments(env, info, 2, arguments)) return NULL;
  struct input *input = calloc(1, sizeof *input);
  if (input == NULL) return js_throw(env, ENOMEM, "open", "input line");
  input->fd = input->waker = -1;
  if (!read_request(env, arguments[0], &input->request)) {
    free(input);
    return NULL;
  }
  const char *path = input->request.path;
  input->fd = gpio_request(&input->request);
  if (input->fd < 0) {
    js_throw(env, -input->fd, "request line", path);
    free(input);
    return NULL;
  }
  napi_value object = handle_create(env, &input->handle, &input_kind);
  if (object == NULL) return NULL;
  if (!handle_listen(env, &input->handle, arguments[1], sizeof(struct input_event))) {
    handle_close(&input->handle);
    return NULL;
  }
  input->waker = waker_open();
  int result = input->waker < 0
                   ? input->waker
                   : native_thread_start(&input->thread, "feed-input", read_edges, input);
  if (result < 0) {
    js_throw(env, -result, "start thread", path);
    handle_close(&input->handle);
    return NULL;
  }
  input->has_thread = true;
  return object;
}
