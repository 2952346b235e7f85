/* The HX711's reader as JavaScript sees it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addon.h"
#include "bus.h"
#include "gpio.h"
#include "handle.h"
#include "hx711-reader.h"
#include "js.h"
#include "native-thread.h"
#include "seam.h"

enum { LINES_OF_A_CHIP = 1024, SPI_HZ_MIN = 20000, SPI_HZ_MAX = 5000000, GAIN_MAX = 128 };

struct hx711_handle {
  struct handle handle;
  struct hx711_reader reader;
  char path[GPIO_PATH_MAX];
  char consumer[GPIO_MAX_NAME_SIZE];
  uint32_t data_line;
  uint32_t clock_line;
  bool has_thread;
  pthread_t thread;
};

static const struct handle_kind hx711_kind;

static napi_value deliver(napi_env env, struct handle *handle, const void *items, unsigned count,
                          uint64_t dropped) {
  static const char *const kinds[] = {"sample", "not-ready", "lost"};
  (void)handle;
  (void)dropped;
  const struct hx711_result *results = items;
  napi_value list;
  napi_create_array(env, &list);
  for (unsigned i = 0; i < count; i++) {
    const struct hx711_result *result = &results[i];
    bool is_lost = result->kind == HX711_RESULT_LOST;
    napi_value object;
    napi_create_object(env, &object);
    js_set(env, object, "kind", js_string(env, kinds[result->kind]));
    js_set(env, object, "counts", js_number(env, is_lost ? 0 : result->counts));
    js_set(env, object, "atMs", js_ms(env, result->at_ns));
    js_set(env, object, "reason",
           js_string(env, is_lost ? js_errno_name(result->counts) : NULL));
    napi_set_element(env, list, i, object);
  }
  return list;
}

static void close_hx711(struct handle *handle) {
  struct hx711_handle *self = (struct hx711_handle *)handle;
  struct hx711_reader *reader = &self->reader;
  if (self->has_thread) {
    pthread_mutex_lock(&reader->lock);
    reader->is_closing = true;
    pthread_mutex_unlock(&reader->lock);
    waker_ring(reader->waker);
    pthread_join(self->thread, NULL);
  }
  waker_close(reader->waker);
  if (reader->chip.data_fd >= 0) kernel.close(reader->chip.data_fd);
  if (reader->chip.clock_fd >= 0) kernel.close(reader->chip.clock_fd);
  reader->chip.data_fd = reader->chip.clock_fd = -1;
}

static void free_hx711(struct handle *handle) {
  pthread_mutex_destroy(&((struct hx711_handle *)handle)->reader.lock);
  free(handle);
}

static struct hx711_handle *self_of(napi_env env, napi_callback_info info, size_t count,
                                    napi_value *arguments) {
  return (struct hx711_handle *)handle_of(env, info, &hx711_kind, count, arguments);
}

/* Tells the thread of a changed wish. */
static void wish(struct hx711_handle *self, int pulses, bool wants_power) {
  if (self->handle.is_closed) return;
  pthread_mutex_lock(&self->reader.lock);
  self->reader.pulses = pulses;
  self->reader.wants_power = wants_power;
  pthread_mutex_unlock(&self->reader.lock);
  waker_ring(self->reader.waker);
}

static bool to_pulses(napi_env env, double gain, int *pulses) {
  if (gain != 128 && gain != 64 && gain != 32)
    return js_refuse(env, "gain must be 128, 64 or 32.");
  *pulses = hx711_pulses((int)gain);
  return true;
}

static napi_value set_gain(napi_env env, napi_callback_info info) {
  napi_value argument;
  double gain = 0;
  int pulses = 0;
  struct hx711_handle *self = self_of(env, info, 1, &argument);
  if (self == NULL) return NULL;
  napi_get_value_double(env, argument, &gain);
  if (!to_pulses(env, gain, &pulses)) return NULL;
  wish(self, pulses, self->reader.wants_power);
  return js_undefined(env);
}

static napi_value set_rate(napi_env env, napi_callback_info info) {
  napi_value argument;
  uint32_t rate = 0;
  struct hx711_handle *self = self_of(env, info, 1, &argument);
  if (self == NULL) return NULL;
  napi_get_value_uint32(env, argument, &rate);
  if (rate != 10 && rate != 80) {
    js_refuse(env, "samplesPerSecond must be 10 or 80.");
    return NULL;
  }
  pthread_mutex_lock(&self->reader.lock);
  self->reader.period_ms = 1000 / (int)rate;
  pthread_mutex_unlock(&self->reader.lock);
  return js_undefined(env);
}

static napi_value set_batch(napi_env env, napi_callback_info info) {
  napi_value argument;
  uint32_t batch = 0;
  struct hx711_handle *self = self_of(env, info, 1, &argument);
  if (self == NULL) return NULL;
  napi_get_value_uint32(env, argument, &batch);
  if (batch < 1 || batch > BACKLOG_MAX / 2) {
    js_refuse(env, "A batch is 1 to 512 samples.");
    return NULL;
  }
  if (!self->handle.is_closed) outbox_set_batch(&self->handle.outbox, batch);
  return js_undefined(env);
}

static napi_value power_down(napi_env env, napi_callback_info info) {
  struct hx711_handle *self = self_of(env, info, 0, NULL);
  if (self == NULL) return NULL;
  if (self->reader.chip.is_spi) return js_bool(env, false);
  wish(self, self->reader.pulses, false);
  return js_bool(env, true);
}

static napi_value power_up(napi_env env, napi_callback_info info) {
  struct hx711_handle *self = self_of(env, info, 0, NULL);
  if (self == NULL) return NULL;
  wish(self, self->reader.pulses, true);
  return js_undefined(env);
}

static napi_value tally_method(napi_env env, napi_callback_info info) {
  struct hx711_handle *self = self_of(env, info, 0, NULL);
  if (self == NULL) return NULL;
  pthread_mutex_lock(&self->reader.lock);
  struct hx711_tally tally = self->reader.tally;
  pthread_mutex_unlock(&self->reader.lock);
  pthread_mutex_lock(&self->handle.outbox.lock);
  uint64_t dropped = self->handle.outbox.dropped;
  pthread_mutex_unlock(&self->handle.outbox.lock);
  double mean_us = tally.reads == 0 ? 0 : (double)tally.read_ns / (double)tally.reads / 1e3;
  napi_value object;
  napi_create_object(env, &object);
  js_set(env, object, "samples", js_number(env, (double)tally.samples));
  js_set(env, object, "settling", js_number(env, (double)tally.settling));
  js_set(env, object, "stretched", js_number(env, (double)tally.stretched));
  js_set(env, object, "unended", js_number(env, (double)tally.unended));
  js_set(env, object, "notReady", js_number(env, (double)tally.not_ready));
  js_set(env, object, "dropped", js_number(env, (double)dropped));
  js_set(env, object, "worstHighUs", js_number(env, (double)tally.worst_high_ns / 1e3));
  js_set(env, object, "meanReadUs", js_number(env, mean_us));
  js_set(env, object, "realTime", js_bool(env, tally.real_time));
  return object;
}

static napi_value close_method(napi_env env, napi_callback_info info) {
  return handle_close_method(env, info, &hx711_kind);
}

static const napi_property_descriptor methods[] = {
    METHOD("setGain", set_gain),     METHOD("setRate", set_rate),
    METHOD("setBatch", set_batch),   METHOD("powerDown", power_down),
    METHOD("powerUp", power_up),     METHOD("tally", tally_method),
    METHOD("close", close_method),
};
static const struct handle_kind hx711_kind = {
    .name = "HX711",
    .tag = {0x9d1c64cf3a0b4c7e, 0x8f7e26f1b5d3a006},
    .close = close_hx711,
    .free = free_hx711,
    .deliver = deliver,
    .methods = methods,
    .method_count = COUNT_OF(methods),
};

static bool read_source(napi_env env, napi_value source, struct hx711_handle *self) {
  char kind[8];
  int64_t data_line, clock_line;
  if (!js_get_text(env, source, "kind", kind, sizeof kind)) return false;
  self->reader.chip.is_spi = strcmp(kind, "spi") == 0;
  if (self->reader.chip.is_spi) {
    double speed_hz, range[2] = {SPI_HZ_MIN, SPI_HZ_MAX};
    if (!js_get_text(env, source, "path", self->path, sizeof self->path) ||
        !js_get_number(env, source, "speedHz", range, &speed_hz))
      return false;
    self->reader.chip.speed_hz = (uint32_t)speed_hz;
    return true;
  }
  if (strcmp(kind, "lines") != 0) return js_refuse(env, "kind must be spi or lines.");
  bool is_read = js_get_text(env, source, "chip", self->path, sizeof self->path) &&
                 js_get_text(env, source, "consumer", self->consumer, sizeof self->consumer) &&
                 js_get_integer(env, source, "dataLine", LINES_OF_A_CHIP, &data_line) &&
                 js_get_integer(env, source, "clockLine", LINES_OF_A_CHIP, &clock_line);
  if (!is_read) return false;
  self->data_line = (uint32_t)data_line;
  self->clock_line = (uint32_t)clock_line;
  return true;
}

static bool read_request(napi_env env, napi_value object, struct hx711_handle *self) {
  napi_value source;
  int64_t gain, rate, not_ready_ms;
  bool is_read = js_get(env, object, "source", &source) && read_source(env, source, self) &&
                 js_get_integer(env, object, "gain", GAIN_MAX, &gain) &&
                 to_pulses(env, (double)gain, &self->reader.pulses) &&
                 js_get_integer(env, object, "samplesPerSecond", 80, &rate) &&
                 js_get_integer(env, object, "notReadyMs", 60000, &not_ready_ms);
  if (!is_read) return false;
  if (rate != 10 && rate != 80) return js_refuse(env, "samplesPerSecond must be 10 or 80.");
  if (not_ready_ms < 10) return js_refuse(env, "notReadyMs must be 10 or more.");
  self->reader.period_ms = 1000 / (int)rate;
  self->reader.not_ready_ms = (int)not_ready_ms;
  return true;
}

static int request_line(const struct hx711_handle *self, uint32_t line, uint64_t flags) {
  struct gpio_request request = {.count = 1, .flags = flags};
  memcpy(request.path, self->path, sizeof request.path);
  memcpy(request.consumer, self->consumer, sizeof request.consumer);
  request.lines[0].offset = line;
  return gpio_request(&request);
}

/* Opens the bus or both lines; 0 or -errno. What was opened is closed with the handle. */
static int open_chip(struct hx711_handle *self) {
  struct hx711 *chip = &self->reader.chip;
  if (chip->is_spi) {
    chip->data_fd = spi_open(self->path, 0, chip->speed_hz);
    return chip->data_fd < 0 ? chip->data_fd : 0;
  }
  /* Pulled up, a chip that is not there is never ready. */
  chip->data_fd = request_line(self, self->data_line,
                               GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_FALLING |
                                   GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
  if (chip->data_fd < 0) return chip->data_fd;
  chip->clock_fd = request_line(self, self->clock_line, GPIO_V2_LINE_FLAG_OUTPUT);
  return chip->clock_fd < 0 ? chip->clock_fd : 0;
}

static int start(struct hx711_handle *self) {
  struct hx711_reader *reader = &self->reader;
  reader->waker = waker_open();
  if (reader->waker < 0) return reader->waker;
  int result = native_thread_start(&self->thread, "feed-hx711", hx711_reader_body, reader);
  self->has_thread = result == 0;
  return result;
}

napi_value open_hx711(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  if (!js_arguments(env, info, 2, arguments)) return NULL;
  struct hx711_handle *self = calloc(1, sizeof *self);
  if (self == NULL) return js_throw(env, ENOMEM, "open", "HX711");
  struct hx711_reader *reader = &self->reader;
  reader->waker = reader->chip.data_fd = reader->chip.clock_fd = -1;
  reader->wants_power = true;
  reader->outbox = &self->handle.outbox;
  pthread_mutex_init(&reader->lock, NULL);
  if (!read_request(env, arguments[0], self)) {
    free_hx711(&self->handle);
    return NULL;
  }
  napi_value object = handle_create(env, &self->handle, &hx711_kind);
  if (object == NULL) return NULL;
  if (!handle_listen(env, &self->handle, arguments[1], sizeof(struct hx711_result))) {
    handle_close(&self->handle);
    return NULL;
  }
  int result = open_chip(self);
  if (result < 0) js_throw(env, -result, "open HX711", self->path);
  else if ((result = start(self)) < 0) js_throw(env, -result, "start thread", self->path);
  if (result >= 0) return object;
  handle_close(&self->handle);
  return NULL;
}
