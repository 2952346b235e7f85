/* The drive as JavaScript sees it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "addon.h"
#include "drive.h"
#include "gpio.h"
#include "handle.h"
#include "js.h"
#include "seam.h"

enum { DUTY_NS_MAX = 20000000, DUTY_BITS = 25 };
enum { LINES_OF_A_CHIP = 1024, DEAD_US_MAX = 1000000, PERIOD_US_MAX = 1000000 };

struct drive_handle {
  struct handle handle;
  struct gpio_request request;
  struct drive drive;
};

static const struct handle_kind drive_kind;

static napi_value event_object(napi_env env, const struct drive_event *event) {
  static const char *const kinds[] = {"started", "ended", "ended", "lost"};
  static const char *const reasons[] = {NULL, "deadline", "stop", NULL};
  const char *reason =
      event->kind == DRIVE_LOST ? js_errno_name(event->error) : reasons[event->kind];
  napi_value object;
  napi_create_object(env, &object);
  js_set(env, object, "kind", js_string(env, kinds[event->kind]));
  js_set(env, object, "reason", js_string(env, reason));
  js_set(env, object, "atMs", js_ms(env, event->at_ns));
  js_set(env, object, "pulses", js_number(env, (double)event->pulses));
  return object;
}

static napi_value deliver(napi_env env, struct handle *handle, const void *items, unsigned count,
                          uint64_t dropped) {
  (void)handle;
  (void)dropped;
  const struct drive_event *events = items;
  napi_value list;
  napi_create_array(env, &list);
  for (unsigned i = 0; i < count; i++)
    napi_set_element(env, list, i, event_object(env, &events[i]));
  return list;
}

static void close_drive(struct handle *handle) {
  drive_close(&((struct drive_handle *)handle)->drive);
}

static void free_drive(struct handle *handle) { free(handle); }

static bool read_pulse(napi_env env, napi_value run, const struct drive *drive,
                       struct drive_order *order) {
  uint64_t all = drive->all_mask;
  bool is_pwm = drive->rest_ns != 0;
  napi_value pulse;
  int64_t mask, period_us, inverted_us;
  if (!js_has(env, run, "pulse")) return true;
  if (is_pwm) return js_refuse(env, "A PWM channel has no pulses.");
  bool is_read = js_get(env, run, "pulse", &pulse) &&
                 js_get_integer(env, pulse, "mask", (int64_t)all, &mask) &&
                 js_get_integer(env, pulse, "periodUs", PERIOD_US_MAX, &period_us);
  if (!is_read) return false;
  if (period_us < 100) return js_refuse(env, "periodUs must be 100 or more.");
  order->pulse_mask = (uint64_t)mask;
  inverted_us = period_us / 2;
  if (js_has(env, pulse, "invertedUs") &&
      !js_get_integer(env, pulse, "invertedUs", period_us - 1, &inverted_us))
    return false;
  if (inverted_us < 1) return js_refuse(env, "invertedUs must be 1 or more.");
  order->inverted_ns = inverted_us * 1000;
  order->plain_ns = (period_us - inverted_us) * 1000;
  return true;
}

static int64_t levels_max(const struct drive *drive) {
  return drive->rest_ns == 0 ? (int64_t)drive->all_mask : DUTY_NS_MAX;
}

static napi_value run(napi_env env, napi_callback_info info) {
  int64_t now = kernel.now_ns();
  napi_value argument;
  int64_t levels;
  double ms, range[2] = {0.1, 60000};
  struct drive_order order = {0};
  struct drive_handle *self = (struct drive_handle *)handle_of(env, info, &drive_kind, 1, &argument);
  if (self == NULL) return NULL;
  struct drive *drive = &self->drive;
  bool is_read = js_get_integer(env, argument, "levels", levels_max(drive), &levels) &&
                 js_get_number(env, argument, "ms", range, &ms) &&
                 read_pulse(env, argument, drive, &order);
  if (!is_read) return NULL;
  order.levels = (uint64_t)levels;
  if ((order.levels & drive->power_mask) == 0) {
    js_refuse(env, "levels must set a line of the power mask.");
    return NULL;
  }
  order.deadline_ns = now + (int64_t)(ms * 1e6);
  int lost = self->handle.is_closed ? EBADF : drive_run(drive, &order);
  if (lost != 0) return js_throw(env, lost, "run drive", self->request.path);
  return js_undefined(env);
}

static napi_value stop(napi_env env, napi_callback_info info) {
  struct drive_handle *self = (struct drive_handle *)handle_of(env, info, &drive_kind, 0, NULL);
  if (self == NULL) return NULL;
  if (!self->handle.is_closed) drive_stop(&self->drive);
  return js_undefined(env);
}

static napi_value probe(napi_env env, napi_callback_info info) {
  struct drive_handle *self = (struct drive_handle *)handle_of(env, info, &drive_kind, 0, NULL);
  if (self == NULL) return NULL;
  if (!self->handle.is_closed) drive_probe(&self->drive);
  return js_undefined(env);
}

static napi_value state(napi_env env, napi_callback_info info) {
  struct drive_handle *self = (struct drive_handle *)handle_of(env, info, &drive_kind, 0, NULL);
  if (self == NULL) return NULL;
  struct drive *drive = &self->drive;
  bool is_open = !self->handle.is_closed;
  napi_value object;
  napi_create_object(env, &object);
  if (is_open) pthread_mutex_lock(&drive->lock);
  struct drive_tally tally = drive->tally;
  bool is_running = drive->has_order || drive->is_powered;
  int64_t deadline_ns = drive->order.deadline_ns;
  int lost = drive->lost;
  if (is_open) pthread_mutex_unlock(&drive->lock);
  js_set(env, object, "running", js_bool(env, is_running));
  js_set(env, object, "lost", js_string(env, lost == 0 ? NULL : js_errno_name(lost)));
  js_set(env, object, "deadlineMs", js_ms(env, deadline_ns));
  js_set(env, object, "starts", js_number(env, (double)tally.starts));
  js_set(env, object, "deadlines", js_number(env, (double)tally.deadlines));
  js_set(env, object, "lastLateMs", js_ms(env, tally.last_late_ns));
  js_set(env, object, "worstLateMs", js_ms(env, tally.worst_late_ns));
  js_set(env, object, "realTime", js_bool(env, tally.real_time));
  return object;
}

static napi_value close_method(napi_env env, napi_callback_info info) {
  return handle_close_method(env, info, &drive_kind);
}

static const napi_property_descriptor methods[] = {METHOD("run", run), METHOD("stop", stop),
                                                   METHOD("probe", probe), METHOD("state", state),
                                                   METHOD("close", close_method)};
static const struct handle_kind drive_kind = {
    .name = "feed drive",
    .tag = {0x9d1c64cf3a0b4c7e, 0x8f7e26f1b5d3a003},
    .close = close_drive,
    .free = free_drive,
    .deliver = deliver,
    .methods = methods,
    .method_count = COUNT_OF(methods),
};

static bool read_lines(napi_env env, napi_value object, struct gpio_request *request) {
  napi_value list, item;
  uint32_t count = 0;
  if (!js_get(env, object, "lines", &list)) return false;
  if (napi_get_array_length(env, list, &count) != napi_ok || count < 1 || count > GPIO_LINES_MAX)
    return js_refuse(env, "lines must be a list of 1 to 8 lines.");
  for (uint32_t i = 0; i < count; i++) {
    int64_t line;
    bool is_read = napi_get_element(env, list, i, &item) == napi_ok &&
                   js_get_integer(env, item, "line", LINES_OF_A_CHIP, &line) &&
                   js_get_bool(env, item, "activeLow", &request->lines[i].active_low);
    if (!is_read) return false;
    request->lines[i].offset = (uint32_t)line;
  }
  request->count = count;
  return true;
}

static bool read_pwm(napi_env env, napi_value object, struct drive_handle *self) {
  napi_value pwm;
  bool is_read = js_get(env, object, "pwm", &pwm) &&
                 js_get_text(env, pwm, "path", self->request.path, sizeof self->request.path) &&
                 js_get_integer(env, pwm, "restNs", DUTY_NS_MAX, &self->drive.rest_ns);
  if (!is_read) return false;
  if (self->drive.rest_ns == 0) return js_refuse(env, "restNs must be 1 or more.");
  self->drive.all_mask = self->drive.power_mask = ((uint64_t)1 << DUTY_BITS) - 1;
  return true;
}

static bool read_request(napi_env env, napi_value object, struct drive_handle *self) {
  if (js_has(env, object, "pwm")) return read_pwm(env, object, self);
  struct gpio_request *request = &self->request;
  int64_t power_mask, dead_us;
  request->flags = GPIO_V2_LINE_FLAG_OUTPUT;
  if (!read_lines(env, object, request)) return false;
  self->drive.all_mask = ((uint64_t)1 << request->count) - 1;
  bool is_read =
      js_get_text(env, object, "chip", request->path, sizeof request->path) &&
      js_get_text(env, object, "consumer", request->consumer, sizeof request->consumer) &&
      js_get_integer(env, object, "powerMask", (int64_t)self->drive.all_mask, &power_mask) &&
      js_get_integer(env, object, "deadTimeUs", DEAD_US_MAX, &dead_us);
  if (!is_read) return false;
  if (power_mask == 0) return js_refuse(env, "powerMask must name a line.");
  self->drive.power_mask = (uint64_t)power_mask;
  self->drive.dead_ns = dead_us * 1000;
  return true;
}

napi_value open_drive(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  if (!js_arguments(env, info, 2, arguments)) return NULL;
  struct drive_handle *self = calloc(1, sizeof *self);
  if (self == NULL) return js_throw(env, ENOMEM, "open", "feed drive");
  if (!read_request(env, arguments[0], self)) {
    free(self);
    return NULL;
  }
  bool is_pwm = self->drive.rest_ns != 0;
  int fd = is_pwm ? kernel.open(self->request.path, O_WRONLY) : gpio_request(&self->request);
  int result = fd < 0 ? fd : drive_open(&self->drive, fd, &self->handle.outbox);
  if (result < 0) {
    js_throw(env, -result, fd >= 0 ? "start thread" : is_pwm ? "open" : "request line", self->request.path);
    free(self);
    return NULL;
  }
  napi_value object = handle_create(env, &self->handle, &drive_kind);
  if (object == NULL) return NULL;
  if (!handle_listen(env, &self->handle, arguments[1], sizeof(struct drive_event))) {
    handle_close(&self->handle);
    return NULL;
  }
  return object;
}
