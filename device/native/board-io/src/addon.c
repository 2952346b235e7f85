#include "addon.h"

#include "js.h"
#include "outbox.h"
#include "seam.h"

#ifndef SOURCE_HASH
#error "The build gives SOURCE_HASH: see scripts/build-native."
#endif

static napi_value monotonic_ms(napi_env env, napi_callback_info info) {
  (void)info;
  return js_ms(env, kernel.now_ns());
}

NAPI_MODULE_INIT() {
  static const napi_property_descriptor functions[] = {
      METHOD("monotonicMs", monotonic_ms), METHOD("listChips", list_chips),
      METHOD("lineInfo", line_info),       METHOD("openInput", open_input),
      METHOD("openOutput", open_output),   METHOD("openDrive", open_drive),
      METHOD("openI2c", open_i2c),         METHOD("openHx711", open_hx711),
  };
  napi_define_properties(env, exports, COUNT_OF(functions), functions);
  js_set(env, exports, "sourceHash", js_string(env, SOURCE_HASH));
  js_set(env, exports, "BACKLOG_MAX", js_number(env, BACKLOG_MAX));
#ifdef BOARD_IO_FAKE
  add_fake_kernel(env, exports);
#endif
  return exports;
}
