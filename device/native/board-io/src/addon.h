/* The parts of the addon, as addon.c puts them together. */
#ifndef BOARD_IO_ADDON_H
#define BOARD_IO_ADDON_H

#include <node_api.h>

napi_value list_chips(napi_env env, napi_callback_info info);
napi_value line_info(napi_env env, napi_callback_info info);
napi_value open_input(napi_env env, napi_callback_info info);
napi_value open_output(napi_env env, napi_callback_info info);
napi_value open_drive(napi_env env, napi_callback_info info);
napi_value open_i2c(napi_env env, napi_callback_info info);
napi_value open_hx711(napi_env env, napi_callback_info info);

/* Only in the test addon. */
void add_fake_kernel(napi_env env, napi_value exports);

#define METHOD(text, function) \
  { .utf8name = text, .method = function, .attributes = napi_enumerable }
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
