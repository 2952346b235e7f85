/* GPIO character device, uAPI v2: single lines and sets of lines. All return -errno on failure. */
#ifndef BOARD_IO_GPIO_H
#define BOARD_IO_GPIO_H

#include <linux/gpio.h>
#include <stdbool.h>
#include <stdint.h>

enum { GPIO_LINES_MAX = 8, GPIO_PATH_MAX = 64 };

struct gpio_line {
  uint32_t offset;
  bool active_low;
};

struct gpio_request {
  char path[GPIO_PATH_MAX];
  char consumer[GPIO_MAX_NAME_SIZE];
  struct gpio_line lines[GPIO_LINES_MAX];
  unsigned count;
  /* GPIO_V2_LINE_FLAG_* common to all lines, without ACTIVE_LOW. */
  uint64_t flags;
  /* Logical levels of outputs from the first moment on. */
  uint64_t levels;
  uint32_t debounce_us;
  uint32_t event_buffer;
};

/* Asks for the lines exclusively; returns the request's file. The kernel releases it when it closes. */
int gpio_request(const struct gpio_request *request);
/* Sets the lines of the mask together. */
int gpio_set(int fd, uint64_t mask, uint64_t levels);
/* Logical levels of the lines of the mask. */
int gpio_get(int fd, uint64_t mask, uint64_t *levels);

#endif
