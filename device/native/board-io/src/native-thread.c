#include "native-thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STACK_BYTES = 128 * 1024, PRIORITY = 10 };

int native_thread_start(pthread_t *thread, const char *name, void *(*body)(void *),
                        void *argument) {
  pthread_attr_t attributes;
  sigset_t all, before;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(thread, &attributes, body, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (error == 0) pthread_setname_np(*thread, name);
  return -error;
}

bool native_thread_hurry(void) {
  struct sched_param wanted = {.sched_priority = PRIORITY};
  return pthread_setschedparam(pthread_self(), SCHED_FIFO, &wanted) == 0;
}

int waker_open(void) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

void waker_ring(int fd) {
  uint64_t one = 1;
  /* It can only fail when the counter is full, and then the poll wakes anyway. */
  (void)!write(fd, &one, sizeof one);
}

void waker_clear(int fd) {
  uint64_t count;
  (void)!read(fd, &count, sizeof count);
}

void waker_close(int fd) {
  if (fd >= 0) close(fd);
}
