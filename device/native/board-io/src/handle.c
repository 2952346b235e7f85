#include "handle.h"

#include <errno.h>
#include <stdlib.h>

#include "js.h"

static void disown(struct handle *handle) {
  if (--handle->owners > 0) return;
  outbox_free(&handle->outbox);
  handle->kind->free(handle);
}

static void on_environment_end(void *data) {
  struct handle *handle = data;
  if (handle->is_closed) return;
  handle->is_closed = true;
  /* No thread of ours may be left when the environment takes its thread-safe functions down. */
  handle->kind->close(handle);
}

void handle_close(struct handle *handle) {
  if (handle->is_closed) return;
  handle->is_closed = true;
  handle->kind->close(handle);
  napi_remove_env_cleanup_hook(handle->env, on_environment_end, handle);
  if (handle->outbox.wake != NULL)
    napi_release_threadsafe_function(handle->outbox.wake, napi_tsfn_abort);
  if (handle->self != NULL) napi_delete_reference(handle->env, handle->self);
  handle->self = NULL;
}

static void on_object_collected(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct handle *handle = data;
  handle_close(handle);
  disown(handle);
}

static void on_listener_gone(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  disown(data);
}

static void deliver(napi_env env, napi_value listener, void *context, void *data) {
  (void)data;
  struct handle *handle = context;
  if (env == NULL || listener == NULL || handle->is_closed) return;
  void *items = malloc(handle->outbox.item_size * BACKLOG_MAX);
  if (items == NULL) return;
  uint64_t dropped;
  unsigned count = outbox_take(&handle->outbox, items, &dropped);
  if (count > 0) {
    napi_value batch = handle->kind->deliver(env, handle, items, count, dropped);
    napi_call_function(env, js_undefined(env), listener, 1, &batch, NULL);
  }
  free(items);
}

napi_value handle_create(napi_env env, struct handle *handle, const struct handle_kind *kind) {
  napi_value object;
  handle->kind = kind;
  handle->env = env;
  handle->owners = 1;
  bool is_made =
      napi_create_object(env, &object) == napi_ok &&
      napi_define_properties(env, object, kind->method_count, kind->methods) == napi_ok &&
      napi_type_tag_object(env, object, &kind->tag) == napi_ok &&
      napi_wrap(env, object, handle, on_object_collected, NULL, NULL) == napi_ok;
  if (!is_made) {
    kind->close(handle);
    kind->free(handle);
    js_refuse(env, "The object could not be made.");
    return NULL;
  }
  napi_create_reference(env, object, 1, &handle->self);
  napi_add_env_cleanup_hook(env, on_environment_end, handle);
  return object;
}

bool handle_listen(napi_env env, struct handle *handle, napi_value listener, size_t item_size) {
  napi_valuetype type;
  if (napi_typeof(env, listener, &type) != napi_ok || type != napi_function)
    return js_refuse(env, "The listener must be a function.");
  if (outbox_open(&handle->outbox, item_size) < 0) {
    js_throw(env, ENOMEM, "make backlog", handle->kind->name);
    return false;
  }
  /* A queue of one: it only says that there is something in the outbox. */
  napi_status made = napi_create_threadsafe_function(
      env, listener, NULL, js_string(env, handle->kind->name), 1, 1, handle, on_listener_gone,
      handle, deliver, &handle->outbox.wake);
  if (made != napi_ok) return js_refuse(env, "The listener could not be bound.");
  handle->owners++;
  napi_unref_threadsafe_function(env, handle->outbox.wake);
  /* Hooks run in reverse order: ours has to come before the thread-safe function's own. */
  napi_remove_env_cleanup_hook(env, on_environment_end, handle);
  napi_add_env_cleanup_hook(env, on_environment_end, handle);
  return true;
}

struct handle *handle_of(napi_env env, napi_callback_info info, const struct handle_kind *kind,
                         size_t argument_count, napi_value *arguments) {
  napi_value self;
  size_t given = argument_count;
  void *handle = NULL;
  bool is_ours = false;
  if (napi_get_cb_info(env, info, &given, arguments, &self, NULL) != napi_ok) return NULL;
  if (napi_check_object_type_tag(env, self, &kind->tag, &is_ours) != napi_ok || !is_ours ||
      napi_unwrap(env, self, &handle) != napi_ok) {
    js_refuse(env, "The method was called on another object.");
    return NULL;
  }
  if (given < argument_count) {
    js_refuse(env, "An argument is missing.");
    return NULL;
  }
  return handle;
}

napi_value handle_close_method(napi_env env, napi_callback_info info,
                               const struct handle_kind *kind) {
  struct handle *handle = handle_of(env, info, kind, 0, NULL);
  if (handle == NULL) return NULL;
  handle_close(handle);
  return js_undefined(env);
}
