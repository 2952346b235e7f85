/*
 * The seam between the addon and the kernel. The product links kernel.c; the tests link
 * ../fake/fake-kernel.c instead, so that everything above this line runs without any hardware.
 * The calls follow their system calls, except that they return -errno instead of setting errno.
 */
#ifndef BOARD_IO_SEAM_H
#define BOARD_IO_SEAM_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_calls {
  int (*open)(const char *path, int flags);
  int (*ioctl)(int fd, unsigned long request, void *argument);
  int (*poll)(struct pollfd *fds, unsigned count, int timeout_ms);
  long (*read)(int fd, void *buffer, size_t size);
  int (*close)(int fd);
  /* CLOCK_MONOTONIC in nanoseconds; the fake adds the pauses that a test asks for. */
  int64_t (*now_ns)(void);
};

extern const struct kernel_calls kernel;

#endif
