/* The seam's waiting side in the tests. */
#ifndef BOARD_IO_FAKE_TIME_H
#define BOARD_IO_FAKE_TIME_H

#include <pthread.h>
#include <stdint.h>

void fake_wait_until(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t at_ns);
void fake_wake(pthread_cond_t *changed);
void fake_destroy(pthread_cond_t *changed);

#endif
