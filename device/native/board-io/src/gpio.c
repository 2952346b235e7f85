#include "gpio.h"

#include <fcntl.h>
#include <string.h>

#include "seam.h"

static void add_attribute(struct gpio_v2_line_config *config, struct gpio_v2_line_attribute value,
                          uint64_t mask) {
  struct gpio_v2_line_config_attribute *attribute = &config->attrs[config->num_attrs++];
  attribute->attr = value;
  attribute->mask = mask;
}

static void configure(struct gpio_v2_line_config *config, const struct gpio_request *request) {
  uint64_t all = ((uint64_t)1 << request->count) - 1;
  uint64_t inverted = 0;
  for (unsigned i = 0; i < request->count; i++)
    if (request->lines[i].active_low) inverted |= (uint64_t)1 << i;
  config->flags = request->flags;
  if (inverted == all) {
    config->flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW;
  } else if (inverted != 0) {
    struct gpio_v2_line_attribute flags = {.id = GPIO_V2_LINE_ATTR_ID_FLAGS};
    flags.flags = request->flags | GPIO_V2_LINE_FLAG_ACTIVE_LOW;
    add_attribute(config, flags, inverted);
  }
  if (request->flags & GPIO_V2_LINE_FLAG_OUTPUT) {
    struct gpio_v2_line_attribute values = {.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES};
    values.values = request->levels;
    add_attribute(config, values, all);
  }
  if (request->debounce_us > 0) {
    struct gpio_v2_line_attribute debounce = {.id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE};
    debounce.debounce_period_us = request->debounce_us;
    add_attribute(config, debounce, all);
  }
}

int gpio_request(const struct gpio_request *request) {
  int chip = kernel.open(request->path, O_RDWR);
  if (chip < 0) return chip;
  struct gpio_v2_line_request wanted;
  memset(&wanted, 0, sizeof wanted);
  for (unsigned i = 0; i < request->count; i++) wanted.offsets[i] = request->lines[i].offset;
  memcpy(wanted.consumer, request->consumer, sizeof wanted.consumer);
  wanted.num_lines = request->count;
  wanted.event_buffer_size = request->event_buffer;
  configure(&wanted.config, request);
  int result = kernel.ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &wanted);
  kernel.close(chip);
  return result < 0 ? result : wanted.fd;
}

int gpio_set(int fd, uint64_t mask, uint64_t levels) {
  struct gpio_v2_line_values values = {.bits = levels, .mask = mask};
  return kernel.ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values);
}

int gpio_get(int fd, uint64_t mask, uint64_t *levels) {
  struct gpio_v2_line_values values = {.bits = 0, .mask = mask};
  int result = kernel.ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values);
  if (result < 0) return result;
  *levels = values.bits;
  return 0;
}
