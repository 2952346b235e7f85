/* What a test does to the fake kernel: the `fake` object of the test addon (see fake.d.ts). */
#include <node_api.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../src/addon.h"
#include "../src/js.h"
#include "fake.h"

enum { ARGUMENTS_MAX = 4 };

struct call {
  napi_env env;
  napi_value values[ARGUMENTS_MAX];
};

static struct call begin(napi_env env, napi_callback_info info) {
  struct call call = {.env = env};
  size_t count = ARGUMENTS_MAX;
  napi_get_cb_info(env, info, &count, call.values, NULL, NULL);
  pthread_mutex_lock(&fake.lock);
  return call;
}

static napi_value end(const struct call *call, napi_value result) {
  pthread_mutex_unlock(&fake.lock);
  return result == NULL ? js_undefined(call->env) : result;
}

static double number(const struct call *call, int index) {
  double value = 0;
  napi_get_value_double(call->env, call->values[index], &value);
  return value;
}

static void text(const struct call *call, int index, char *to, size_t size) {
  size_t length;
  memset(to, 0, size);
  napi_get_value_string_utf8(call->env, call->values[index], to, size, &length);
}

static struct fake_chip *chip_of(const struct call *call) {
  char path[FAKE_PATH];
  text(call, 0, path, sizeof path);
  struct fake_chip *chip = fake_chip_at(path);
  return chip == NULL ? &fake.chips[0] : chip;
}

static napi_value reset(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  fake_close_all();
  fake_hx711_detach();
  memset(fake.chips, 0, sizeof fake.chips);
  fake.chip_count = fake.changes = fake.device_count = 0;
  fake.spi_path[0] = 0;
  fake.frozen_ns = 0;
  fake.is_bus_gone = fake.keeps_levels = false;
  fake.bus_delay_ms = fake.failure.left = 0;
  return end(&call, NULL);
}

/* addChip(path, name, label, lines) */
static napi_value add_chip(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  if (fake.chip_count < FAKE_CHIPS) {
    struct fake_chip *chip = &fake.chips[fake.chip_count++];
    text(&call, 0, chip->path, sizeof chip->path);
    text(&call, 1, chip->name, sizeof chip->name);
    text(&call, 2, chip->label, sizeof chip->label);
    chip->lines = (unsigned)number(&call, 3);
    if (chip->lines > FAKE_LINES) chip->lines = FAKE_LINES;
  }
  return end(&call, NULL);
}

/* freeze(): from now on the clock only moves by advance(ms). Before anything is opened. */
static napi_value freeze(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  fake.frozen_ns = fake_now();
  return end(&call, NULL);
}

static napi_value advance(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int64_t ns = (int64_t)(number(&call, 0) * 1e6);
  pthread_mutex_unlock(&fake.lock);
  fake_advance(ns);
  return js_undefined(env);
}

/* hold(chip, line, consumer) */
static napi_value hold(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct fake_line *line = &chip_of(&call)->line[(int)number(&call, 1) % FAKE_LINES];
  text(&call, 2, line->other, sizeof line->other);
  return end(&call, NULL);
}

/* put(chip, line, level): the outside drives an input, or pulls a released output. */
static napi_value put(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct fake_chip *chip = chip_of(&call);
  uint32_t offset = (uint32_t)number(&call, 1) % FAKE_LINES;
  struct fake_line *line = &chip->line[offset];
  line->pull = number(&call, 2) != 0;
  bool is_driven = line->owner != NULL && line->owner->flags & GPIO_V2_LINE_FLAG_OUTPUT;
  if (!is_driven) fake_put(chip, offset, line->pull);
  return end(&call, NULL);
}

/* line(chip, line): what is on the wire, and how it was asked for. */
static napi_value line_state(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  const struct fake_line *line = &chip_of(&call)->line[(int)number(&call, 1) % FAKE_LINES];
  napi_value object;
  napi_create_object(env, &object);
  js_set(env, object, "level", js_number(env, line->level));
  js_set(env, object, "held", js_bool(env, line->owner != NULL));
  uint64_t flags = line->owner == NULL ? 0 : line->owner->flags;
  js_set(env, object, "flags", js_number(env, (double)flags));
  uint32_t debounce_us = line->owner == NULL ? 0 : line->owner->debounce_us;
  js_set(env, object, "debounceUs", js_number(env, debounce_us));
  return end(&call, object);
}

/* history(line): the levels that were on the wire, oldest first; at most the last 16384 changes. */
static napi_value history(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  uint32_t line = (uint32_t)number(&call, 0);
  napi_value list;
  uint32_t length = 0;
  napi_create_array(env, &list);
  unsigned first = fake.changes > FAKE_HISTORY ? fake.changes - FAKE_HISTORY : 0;
  for (unsigned i = first; i < fake.changes; i++) {
    const struct fake_change *change = &fake.history[i % FAKE_HISTORY];
    if (change->line != line) continue;
    napi_value object;
    napi_create_object(env, &object);
    js_set(env, object, "level", js_number(env, change->level));
    js_set(env, object, "atMs", js_ms(env, change->at_ns));
    napi_set_element(env, list, length++, object);
  }
  return end(&call, list);
}

/* unplug(chip) */
static napi_value unplug(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct fake_chip *chip = chip_of(&call);
  chip->is_gone = true;
  for (unsigned i = 0; i < FAKE_FILES; i++) {
    struct fake_file *file = &fake.files[i];
    if (file->kind != FAKE_REQUEST || file->chip != chip || file->event_fd < 0) continue;
    close(file->event_fd);
    file->event_fd = -1;
  }
  return end(&call, NULL);
}

/* plug(chip) */
static napi_value plug(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  chip_of(&call)->is_gone = false;
  return end(&call, NULL);
}

/* fail(call, errno, times): open, request, set, get, read, write, i2c, spi. */
static napi_value fail(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  text(&call, 0, fake.failure.call, sizeof fake.failure.call);
  fake.failure.error = (int)number(&call, 1);
  fake.failure.left = (int)number(&call, 2);
  return end(&call, NULL);
}

/* keepLevels(): as a Raspberry Pi's kernel without strict_gpiod does. */
static napi_value keep_levels(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  fake.keeps_levels = true;
  return end(&call, NULL);
}

/* i2cDevice(path, address, registers) */
static napi_value i2c_device(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  void *bytes;
  size_t length = 0;
  if (fake.device_count < FAKE_I2C_DEVICES) {
    struct fake_i2c_device *device = &fake.devices[fake.device_count++];
    memset(device, 0, sizeof *device);
    text(&call, 0, device->path, sizeof device->path);
    device->address = (uint16_t)number(&call, 1);
    napi_get_typedarray_info(env, call.values[2], NULL, &length, &bytes, NULL, NULL);
    memcpy(device->registers, bytes, length < 256 ? length : 256);
  }
  return end(&call, NULL);
}

/* buses(isGone, delayMs) */
static napi_value buses(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  napi_get_value_bool(env, call.values[0], &fake.is_bus_gone);
  fake.bus_delay_ms = (int)number(&call, 1);
  return end(&call, NULL);
}

/* hx711Lines(chip, data, clock) */
static napi_value hx711_lines(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  fake_hx711_attach(chip_of(&call), (uint32_t)number(&call, 1), (uint32_t)number(&call, 2));
  return end(&call, NULL);
}

/* hx711Spi(path) */
static napi_value hx711_spi(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  text(&call, 0, fake.spi_path, sizeof fake.spi_path);
  fake_hx711_attach(NULL, 0, 0);
  return end(&call, NULL);
}

/* hx711Convert(counts, times) */
static napi_value hx711_convert(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  for (int i = (int)number(&call, 1); i > 0; i--) fake_hx711_convert((int32_t)number(&call, 0));
  return end(&call, NULL);
}

/* hx711Stretch(pulse, us) */
static napi_value hx711_stretch(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  fake_hx711_stretch((int)number(&call, 0), (int64_t)(number(&call, 1) * 1000));
  return end(&call, NULL);
}

/* hx711Stick(level): 0, 1, or -1 to let go. */
static napi_value hx711_stick(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  fake_hx711_stick((int)number(&call, 0));
  return end(&call, NULL);
}

static napi_value hx711_report(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct fake_hx711_report report = fake_hx711_report();
  napi_value object;
  napi_create_object(env, &object);
  js_set(env, object, "gainPulses", js_number(env, report.gain_pulses));
  js_set(env, object, "resets", js_number(env, report.resets));
  js_set(env, object, "protocolErrors", js_number(env, report.protocol_errors));
  js_set(env, object, "reads", js_number(env, report.reads));
  js_set(env, object, "waiting", js_number(env, report.waiting));
  js_set(env, object, "isPoweredDown", js_bool(env, report.is_powered_down));
  return end(&call, object);
}

void add_fake_kernel(napi_env env, napi_value exports) {
  static const napi_property_descriptor functions[] = {
      METHOD("reset", reset),
      METHOD("addChip", add_chip),
      METHOD("freeze", freeze),
      METHOD("advance", advance),
      METHOD("hold", hold),
      METHOD("put", put),
      METHOD("line", line_state),
      METHOD("history", history),
      METHOD("unplug", unplug),
      METHOD("plug", plug),
      METHOD("fail", fail),
      METHOD("keepLevels", keep_levels),
      METHOD("i2cDevice", i2c_device),
      METHOD("buses", buses),
      METHOD("hx711Lines", hx711_lines),
      METHOD("hx711Spi", hx711_spi),
      METHOD("hx711Convert", hx711_convert),
      METHOD("hx711Stretch", hx711_stretch),
      METHOD("hx711Stick", hx711_stick),
      METHOD("hx711Report", hx711_report),
  };
  napi_value object;
  napi_create_object(env, &object);
  napi_define_properties(env, object, COUNT_OF(functions), functions);
  js_set(env, exports, "fake", object);
}
