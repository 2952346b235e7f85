/* One output line without a time limit, for lamps and sounders. Motors are drives. */
#include <errno.h>
#include <stdlib.h>

#include "addon.h"
#include "gpio.h"
#include "handle.h"
#include "js.h"
#include "seam.h"

enum { LINES_OF_A_CHIP = 1024 };

struct output {
  struct handle handle;
  struct gpio_request request;
  int fd;
};

static void close_output(struct handle *handle) {
  struct output *output = (struct output *)handle;
  /* The line goes to 0 first: some boards' kernels keep the last level after a release. */
  gpio_set(output->fd, 1, 0);
  kernel.close(output->fd);
  output->fd = -1;
}

static void free_output(struct handle *handle) { free(handle); }

static const struct handle_kind output_kind;

static napi_value set(napi_env env, napi_callback_info info) {
  napi_value argument;
  uint32_t level;
  struct output *output = (struct output *)handle_of(env, info, &output_kind, 1, &argument);
  if (output == NULL) return NULL;
  if (napi_get_value_uint32(env, argument, &level) != napi_ok || level > 1) {
    js_refuse(env, "level must be 0 or 1.");
    return NULL;
  }
  int result = output->fd < 0 ? -EBADF : gpio_set(output->fd, 1, level);
  if (result < 0) return js_throw(env, -result, "set line", output->request.path);
  return js_undefined(env);
}

static napi_value close_method(napi_env env, napi_callback_info info) {
  return handle_close_method(env, info, &output_kind);
}

static const napi_property_descriptor methods[] = {METHOD("set", set),
                                                   METHOD("close", close_method)};
static const struct handle_kind output_kind = {
    .name = "output line",
    .tag = {0x9d1c64cf3a0b4c7e, 0x8f7e26f1b5d3a002},
    .close = close_output,
    .free = free_output,
    .methods = methods,
    .method_count = COUNT_OF(methods),
};

static bool read_request(napi_env env, napi_value object, struct gpio_request *request) {
  int64_t line, level;
  request->count = 1;
  request->flags = GPIO_V2_LINE_FLAG_OUTPUT;
  bool is_read =
      js_get_text(env, object, "chip", request->path, sizeof request->path) &&
      js_get_text(env, object, "consumer", request->consumer, sizeof request->consumer) &&
      js_get_integer(env, object, "line", LINES_OF_A_CHIP, &line) &&
      js_get_bool(env, object, "activeLow", &request->lines[0].active_low) &&
      js_get_integer(env, object, "level", 1, &level);
  if (!is_read) return false;
  request->lines[0].offset = (uint32_t)line;
  request->levels = (uint64_t)level;
  return true;
}

napi_value open_output(napi_env env, napi_callback_info info) {
  napi_value argument;
  if (!js_arguments(env, info, 1, &argument)) return NULL;
  struct output *output = calloc(1, sizeof *output);
  if (output == NULL) return js_throw(env, ENOMEM, "open", "output line");
  if (!read_request(env, argument, &output->request)) {
    free(output);
    return NULL;
  }
  output->fd = gpio_request(&output->request);
  if (output->fd < 0) {
    js_throw(env, -output->fd, "request line", output->request.path);
    free(output);
    return NULL;
  }
  return handle_create(env, &output->handle, &output_kind);
}
