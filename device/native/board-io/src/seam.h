/*
 * The seam between the addon and the kernel. The product links kernel.c; the tests link
 * ../fake/fake-kernel.c instead, so that everything above this line runs without any hardware.
 * The calls follow their system calls, except that they return -errno instead of setting errno.
 */
#ifndef BOARD_IO_SEAM_H
#define BOARD_IO_SEAM_H

#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_calls {
  int (*open)(const char *path, int flags);
  int (*ioctl)(int fd, unsigned long request, void *argument);
  int (*poll)(struct pollfd *fds, unsigned count, int timeout_ms);
  long (*read)(int fd, void *buffer, size_t size);
  /* At the start of the file, as files of sysfs are written. */
  long (*write)(int fd, const void *buffer, size_t size);
  int (*close)(int fd);
  /* CLOCK_MONOTONIC in nanoseconds; the fake may add pauses, or stand still until it is moved. */
  int64_t (*now_ns)(void);
  /* Waits for `wake`, or this time, or no reason; the condition's clock is CLOCK_MONOTONIC. */
  void (*wait_until)(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t at_ns);
  void (*wake)(pthread_cond_t *changed);
  /* Nobody waits for it any more. */
  void (*destroy)(pthread_cond_t *changed);
};

/* A time that never comes. */
#define NEVER_NS INT64_MAX

extern const struct kernel_calls kernel;

#endif
