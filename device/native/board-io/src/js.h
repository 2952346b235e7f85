/*
 * Small steps between C and JavaScript. A function returning false has thrown (or left an exception
 * pending), and its caller returns NULL to JavaScript.
 */
#ifndef BOARD_IO_JS_H
#define BOARD_IO_JS_H

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "gpio.h"

/* A BoardIoError; `error` is a positive errno. Returns NULL so that a caller may return it. */
napi_value js_error(napi_env env, int error, const char *what, const char *path);
napi_value js_throw(napi_env env, int error, const char *what, const char *path);
/* EINVAL with a sentence of its own. */
bool js_refuse(napi_env env, const char *sentence);
/* Name of an errno that this addon may meet, or `E<number>`. */
const char *js_errno_name(int error);

bool js_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool js_get(napi_env env, napi_value object, const char *name, napi_value *value);
bool js_has(napi_env env, napi_value object, const char *name);
bool js_get_number(napi_env env, napi_value object, const char *name, double range[2],
                   double *value);
bool js_get_integer(napi_env env, napi_value object, const char *name, int64_t max, int64_t *value);
bool js_get_bool(napi_env env, napi_value object, const char *name, bool *value);
/* Text of 1 to size - 1 bytes. */
bool js_get_text(napi_env env, napi_value object, const char *name, char *text, size_t size);
bool js_text(napi_env env, napi_value value, const char *name, char *text, size_t size);

napi_value js_number(napi_env env, double value);
napi_value js_bool(napi_env env, bool value);
/* A NULL text becomes null. */
napi_value js_string(napi_env env, const char *text);
void js_set(napi_env env, napi_value object, const char *name, napi_value value);
napi_value js_ms(napi_env env, int64_t ns);
napi_value js_undefined(napi_env env);

#endif
