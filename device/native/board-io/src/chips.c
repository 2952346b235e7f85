/* Which chips there are, and who holds their lines. */
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <string.h>

#include "addon.h"
#include "js.h"
#include "seam.h"

/* Chip numbers are not always dense: a Pi 5 had its header at 4 for a while. */
enum { CHIP_NUMBERS = 32 };

static bool is_listed(char seen[][GPIO_MAX_NAME_SIZE], unsigned count, const char *name) {
  for (unsigned i = 0; i < count; i++)
    if (strncmp(seen[i], name, GPIO_MAX_NAME_SIZE) == 0) return true;
  return false;
}

static napi_value chip_object(napi_env env, const char *path, const struct gpiochip_info *chip) {
  napi_value object;
  napi_create_object(env, &object);
  js_set(env, object, "path", js_string(env, path));
  js_set(env, object, "name", js_string(env, chip->name));
  js_set(env, object, "label", js_string(env, chip->label));
  js_set(env, object, "lines", js_number(env, chip->lines));
  return object;
}

napi_value list_chips(napi_env env, napi_callback_info info) {
  (void)info;
  char seen[CHIP_NUMBERS][GPIO_MAX_NAME_SIZE];
  unsigned count = 0;
  napi_value list;
  napi_create_array(env, &list);
  for (int number = 0; number < CHIP_NUMBERS; number++) {
    char path[GPIO_PATH_MAX];
    struct gpiochip_info chip;
    snprintf(path, sizeof path, "/dev/gpiochip%d", number);
    int fd = kernel.open(path, O_RDWR);
    if (fd < 0) continue;
    memset(&chip, 0, sizeof chip);
    int result = kernel.ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &chip);
    kernel.close(fd);
    chip.name[sizeof chip.name - 1] = chip.label[sizeof chip.label - 1] = 0;
    if (result < 0 || is_listed(seen, count, chip.name)) continue;
    memcpy(seen[count], chip.name, sizeof seen[count]);
    napi_set_element(env, list, count++, chip_object(env, path, &chip));
  }
  return list;
}

static const char *bias_name(uint64_t flags) {
  if (flags & GPIO_V2_LINE_FLAG_BIAS_PULL_UP) return "up";
  if (flags & GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN) return "down";
  return flags & GPIO_V2_LINE_FLAG_BIAS_DISABLED ? "none" : "unknown";
}

napi_value line_info(napi_env env, napi_callback_info info) {
  napi_value arguments[2], object;
  char path[GPIO_PATH_MAX];
  uint32_t offset;
  if (!js_arguments(env, info, 2, arguments)) return NULL;
  if (!js_text(env, arguments[0], "chip", path, sizeof path)) return NULL;
  if (napi_get_value_uint32(env, arguments[1], &offset) != napi_ok) {
    js_refuse(env, "line must be a whole number.");
    return NULL;
  }
  int fd = kernel.open(path, O_RDWR);
  if (fd < 0) return js_throw(env, -fd, "open", path);
  struct gpio_v2_line_info line;
  memset(&line, 0, sizeof line);
  line.offset = offset;
  int result = kernel.ioctl(fd, GPIO_V2_GET_LINEINFO_IOCTL, &line);
  kernel.close(fd);
  if (result < 0) return js_throw(env, -result, "line info", path);
  line.name[sizeof line.name - 1] = line.consumer[sizeof line.consumer - 1] = 0;
  napi_create_object(env, &object);
  js_set(env, object, "line", js_number(env, line.offset));
  js_set(env, object, "name", js_string(env, line.name));
  js_set(env, object, "consumer", js_string(env, line.consumer));
  js_set(env, object, "used", js_bool(env, line.flags & GPIO_V2_LINE_FLAG_USED));
  js_set(env, object, "direction",
         js_string(env, line.flags & GPIO_V2_LINE_FLAG_OUTPUT ? "out" : "in"));
  js_set(env, object, "activeLow", js_bool(env, line.flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW));
  js_set(env, object, "bias", js_string(env, bias_name(line.flags)));
  return object;
}
