/*
 * What all objects given to JavaScript have in common: an object with methods, closed exactly once,
 * by close(), or when its thread's environment ends. An open handle is held by itself, so it is
 * never collected while it works. Handles are used by the JavaScript thread that opened them only.
 */
#ifndef BOARD_IO_HANDLE_H
#define BOARD_IO_HANDLE_H

#include <node_api.h>
#include <stdbool.h>

#include "outbox.h"

struct handle;

struct handle_kind {
  const char *name;
  napi_type_tag tag;
  /* Ends the threads and gives up the hardware; called once. */
  void (*close)(struct handle *handle);
  /* Frees the memory; called once, after close, when neither object nor listener is left. */
  void (*free)(struct handle *handle);
  /* One item of the outbox as JavaScript gives it to the listener; NULL for kinds without one. */
  napi_value (*deliver)(napi_env env, struct handle *handle, const void *items, unsigned count,
                        uint64_t dropped);
  const napi_property_descriptor *methods;
  size_t method_count;
};

struct handle {
  const struct handle_kind *kind;
  napi_env env;
  napi_ref self;
  bool is_closed;
  /* The JavaScript object, and the listener's thread-safe function. */
  int owners;
  struct outbox outbox;
};

/*
 * Makes the object; from here on `handle` belongs to it. With a listener, the outbox is ready when
 * this returns. On failure the handle was closed and freed, and an exception is pending.
 */
napi_value handle_create(napi_env env, struct handle *handle, const struct handle_kind *kind);
bool handle_listen(napi_env env, struct handle *handle, napi_value listener, size_t item_size);
/* The handle of a method call, or NULL with an exception pending. */
struct handle *handle_of(napi_env env, napi_callback_info info, const struct handle_kind *kind,
                         size_t argument_count, napi_value *arguments);
void handle_close(struct handle *handle);
/* The method `close` of every kind. */
napi_value handle_close_method(napi_env env, napi_callback_info info,
                               const struct handle_kind *kind);

#endif
