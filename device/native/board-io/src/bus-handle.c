/*
 * I2C as JavaScript sees it. A transfer runs on a worker of Node's pool; the callers queue
 * theirs, so that one bus never takes more than one worker. A transfer under way keeps the bus open.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "addon.h"
#include "bus.h"
#include "handle.h"
#include "js.h"
#include "seam.h"

struct bus {
  struct handle handle;
  char path[GPIO_PATH_MAX];
  /* One transfer at a time; close waits for it, at most the adapter's own timeout. */
  pthread_mutex_t lock;
  int fd;
  /* Transfers that still refer to this. */
  unsigned pending;
  bool is_free;
};

struct transfer {
  struct bus *bus;
  napi_async_work work;
  napi_deferred deferred;
  uint16_t address;
  uint32_t write_length;
  uint32_t read_length;
  int result;
  uint8_t *read;
  uint8_t write[];
};

static void close_bus(struct handle *handle) {
  struct bus *bus = (struct bus *)handle;
  pthread_mutex_lock(&bus->lock);
  kernel.close(bus->fd);
  bus->fd = -1;
  pthread_mutex_unlock(&bus->lock);
}

static void forget_bus(struct bus *bus) {
  if (!bus->is_free || bus->pending > 0) return;
  pthread_mutex_destroy(&bus->lock);
  free(bus);
}

static void free_bus(struct handle *handle) {
  struct bus *bus = (struct bus *)handle;
  bus->is_free = true;
  forget_bus(bus);
}

static void execute(napi_env env, void *data) {
  (void)env;
  struct transfer *transfer = data;
  struct bus *bus = transfer->bus;
  pthread_mutex_lock(&bus->lock);
  if (bus->fd < 0)
    transfer->result = -ECANCELED;
  else
    transfer->result =
        i2c_transfer(bus->fd, transfer->address, transfer->write,
                     (uint16_t)transfer->write_length, transfer->read,
                     (uint16_t)transfer->read_length);
  pthread_mutex_unlock(&bus->lock);
}

static void complete(napi_env env, napi_status status, void *data) {
  struct transfer *transfer = data;
  struct bus *bus = transfer->bus;
  int error = status != napi_ok ? ECANCELED : -transfer->result;
  napi_value buffer, array;
  void *bytes = NULL;
  if (error != 0) {
    napi_reject_deferred(env, transfer->deferred,
                         js_error(env, error, "i2c transfer", bus->path));
  } else {
    napi_create_arraybuffer(env, transfer->read_length, &bytes, &buffer);
    if (transfer->read_length > 0) memcpy(bytes, transfer->read, transfer->read_length);
    napi_create_typedarray(env, napi_uint8_array, transfer->read_length, buffer, 0, &array);
    napi_resolve_deferred(env, transfer->deferred, array);
  }
  napi_delete_async_work(env, transfer->work);
  bus->pending--;
  forget_bus(bus);
  free(transfer);
}

static napi_value begin(napi_env env, struct bus *bus, struct transfer *transfer) {
  napi_value promise;
  transfer->bus = bus;
  transfer->read = transfer->write + transfer->write_length;
  napi_create_promise(env, &transfer->deferred, &promise);
  napi_create_async_work(env, NULL, js_string(env, "bus transfer"), execute, complete, transfer,
                         &transfer->work);
  bus->pending++;
  napi_queue_async_work(env, transfer->work);
  return promise;
}

/* Copies the bytes to write. */
static struct transfer *new_transfer(napi_env env, napi_value write, size_t read_length) {
  napi_typedarray_type type;
  size_t length;
  void *bytes;
  bool is_array = false;
  napi_is_typedarray(env, write, &is_array);
  if (!is_array ||
      napi_get_typedarray_info(env, write, &type, &length, &bytes, NULL, NULL) != napi_ok ||
      type != napi_uint8_array || length > I2C_BYTES_MAX) {
    js_refuse(env, "The bytes to write must be a Uint8Array of the bus's length at most.");
    return NULL;
  }
  struct transfer *transfer = calloc(1, sizeof *transfer + length + read_length);
  if (transfer == NULL) {
    js_throw(env, ENOMEM, "transfer", "bus");
    return NULL;
  }
  transfer->write_length = (uint32_t)length;
  transfer->read_length = (uint32_t)read_length;
  if (length > 0) memcpy(transfer->write, bytes, length);
  return transfer;
}

static const struct handle_kind i2c_kind;

static napi_value i2c_method(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  uint32_t address, read_length;
  struct bus *bus = (struct bus *)handle_of(env, info, &i2c_kind, 3, arguments);
  if (bus == NULL) return NULL;
  if (napi_get_value_uint32(env, arguments[0], &address) != napi_ok || address > 0x7f ||
      napi_get_value_uint32(env, arguments[2], &read_length) != napi_ok ||
      read_length > I2C_BYTES_MAX) {
    js_refuse(env, "An address is 0 to 127, a length 0 to 256.");
    return NULL;
  }
  struct transfer *transfer = new_transfer(env, arguments[1], read_length);
  if (transfer == NULL) return NULL;
  transfer->address = (uint16_t)address;
  return begin(env, bus, transfer);
}

static napi_value close_i2c(napi_env env, napi_callback_info info) {
  return handle_close_method(env, info, &i2c_kind);
}

static const napi_property_descriptor i2c_methods[] = {METHOD("transfer", i2c_method),
                                                       METHOD("close", close_i2c)};
static const struct handle_kind i2c_kind = {
    .name = "I2C bus",
    .tag = {0x9d1c64cf3a0b4c7e, 0x8f7e26f1b5d3a004},
    .close = close_bus,
    .free = free_bus,
    .methods = i2c_methods,
    .method_count = COUNT_OF(i2c_methods),
};

static struct bus *new_bus(napi_env env) {
  struct bus *bus = calloc(1, sizeof *bus);
  if (bus == NULL) js_throw(env, ENOMEM, "open", "bus");
  else pthread_mutex_init(&bus->lock, NULL);
  return bus;
}

static napi_value finish(napi_env env, struct bus *bus, const struct handle_kind *kind) {
  if (bus->fd >= 0) return handle_create(env, &bus->handle, kind);
  js_throw(env, -bus->fd, "open", bus->path);
  free(bus);
  return NULL;
}

napi_value open_i2c(napi_env env, napi_callback_info info) {
  napi_value argument;
  char path[GPIO_PATH_MAX];
  if (!js_arguments(env, info, 1, &argument)) return NULL;
  if (!js_text(env, argument, "path", path, sizeof path)) return NULL;
  struct bus *bus = new_bus(env);
  if (bus == NULL) return NULL;
  memcpy(bus->path, path, sizeof path);
  bus->fd = i2c_open(path);
  return finish(env, bus, &i2c_kind);
}
