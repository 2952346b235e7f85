/* A thread of a handle: small stack, real-time priority where the system allows it. */
#ifndef BOARD_IO_NATIVE_THREAD_H
#define BOARD_IO_NATIVE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Returns 0 or -errno. Signals stay with the program's other threads. */
int native_thread_start(pthread_t *thread, const char *name, void *(*body)(void *), void *argument);
/* Called in the thread itself: asks for real-time priority; false when it may not have it. */
bool native_thread_hurry(void);

/* A file that wakes a poll; written by any thread. */
int waker_open(void);
void waker_ring(int fd);
void waker_clear(int fd);
void waker_close(int fd);

#endif
