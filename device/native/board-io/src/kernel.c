/* The seam's product side: the system calls themselves. */
#include "seam.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static int real_open(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

static int real_ioctl(int fd, unsigned long request, void *argument) {
  int result;
  do {
    result = ioctl(fd, request, argument);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

static int real_poll(struct pollfd *fds, unsigned count, int timeout_ms) {
  int ready = poll(fds, count, timeout_ms);
  return ready < 0 ? -errno : ready;
}

static long real_read(int fd, void *buffer, size_t size) {
  ssize_t length = read(fd, buffer, size);
  return length < 0 ? -errno : length;
}

static int real_close(int fd) { return close(fd) < 0 ? -errno : 0; }

static int64_t real_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const struct kernel_calls kernel = {
    .open = real_open,
    .ioctl = real_ioctl,
    .poll = real_poll,
    .read = real_read,
    .close = real_close,
    .now_ns = real_now_ns,
};
