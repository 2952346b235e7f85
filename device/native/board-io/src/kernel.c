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

static long real_write(int fd, const void *buffer, size_t size) {
  ssize_t length = pwrite(fd, buffer, size, 0);
  return length < 0 ? -errno : length;
}

static int real_close(int fd) { return close(fd) < 0 ? -errno : 0; }

static int64_t real_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void real_wait_until(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t at_ns) {
  struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
  if (at_ns == NEVER_NS) pthread_cond_wait(changed, lock);
  else pthread_cond_timedwait(changed, lock, &at);
}

static void real_wake(pthread_cond_t *changed) { pthread_cond_signal(changed); }

static void real_destroy(pthread_cond_t *changed) { pthread_cond_destroy(changed); }

const struct kernel_calls kernel = {
    .open = real_open,
    .ioctl = real_ioctl,
    .poll = real_poll,
    .read = real_read,
    .write = real_write,
    .close = real_close,
    .now_ns = real_now_ns,
    .wait_until = real_wait_until,
    .wake = real_wake,
    .destroy = real_destroy,
};
