/*
 * Waiting in real or virtual time. A thread that waits is entered in a list; one that was woken, by a
 * signal or because its time has come, counts as busy until it waits again or has ended its wait.
 */
#include "fake-time.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "../src/seam.h"
#include "fake.h"

enum { WAITERS_MAX = 16 };

static struct waiter {
  pthread_cond_t *changed;
  pthread_mutex_t *lock;
  int64_t at_ns;
  bool is_awake;
} waiters[WAITERS_MAX];

static pthread_cond_t settled = PTHREAD_COND_INITIALIZER;

static struct waiter *waiter_of(const pthread_cond_t *changed) {
  for (int i = 0; i < WAITERS_MAX; i++)
    if (waiters[i].changed == changed) return &waiters[i];
  return NULL;
}

static struct waiter *enter(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t at_ns) {
  struct waiter *waiter = waiter_of(changed);
  if (waiter == NULL) waiter = waiter_of(NULL);
  if (waiter != NULL) *waiter = (struct waiter){changed, lock, at_ns, false};
  pthread_cond_broadcast(&settled);
  return waiter;
}

static void wait_really(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t at_ns) {
  struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
  if (at_ns == NEVER_NS) pthread_cond_wait(changed, lock);
  else pthread_cond_timedwait(changed, lock, &at);
}

void fake_wait_until(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t at_ns) {
  pthread_mutex_lock(&fake.lock);
  bool is_frozen = fake.frozen_ns != 0;
  bool is_over = is_frozen && at_ns <= fake.frozen_ns;
  if (!is_over) enter(changed, lock, at_ns);
  pthread_mutex_unlock(&fake.lock);
  if (is_over) return;
  wait_really(changed, lock, is_frozen ? NEVER_NS : at_ns);
  pthread_mutex_lock(&fake.lock);
  struct waiter *waiter = waiter_of(changed);
  if (waiter != NULL) waiter->is_awake = true;
  pthread_mutex_unlock(&fake.lock);
}

void fake_wake(pthread_cond_t *changed) {
  pthread_mutex_lock(&fake.lock);
  struct waiter *waiter = waiter_of(changed);
  /* A thread that has not come to its first wait yet is busy too. */
  if (waiter == NULL) waiter = enter(changed, NULL, NEVER_NS);
  if (waiter != NULL) waiter->is_awake = true;
  pthread_mutex_unlock(&fake.lock);
  pthread_cond_signal(changed);
}

/* The waiter whose time comes first, not after `limit_ns`. */
static struct waiter *next_waiter(int64_t limit_ns) {
  struct waiter *next = NULL;
  for (int i = 0; i < WAITERS_MAX; i++) {
    struct waiter *waiter = &waiters[i];
    bool is_due = waiter->changed != NULL && waiter->at_ns <= limit_ns;
    if (is_due && (next == NULL || waiter->at_ns < next->at_ns)) next = waiter;
  }
  return next;
}

static bool is_settled(void) {
  for (int i = 0; i < WAITERS_MAX; i++)
    if (waiters[i].changed != NULL && waiters[i].is_awake) return false;
  return true;
}

static void await_settled(void) {
  while (!is_settled()) pthread_cond_wait(&settled, &fake.lock);
}

void fake_destroy(pthread_cond_t *changed) {
  pthread_mutex_lock(&fake.lock);
  struct waiter *waiter = waiter_of(changed);
  if (waiter != NULL) waiter->changed = NULL;
  pthread_cond_broadcast(&settled);
  pthread_mutex_unlock(&fake.lock);
  pthread_cond_destroy(changed);
}

void fake_advance(int64_t ns) {
  pthread_mutex_lock(&fake.lock);
  await_settled();
  int64_t end_ns = fake.frozen_ns + ns;
  for (;;) {
    struct waiter *next = next_waiter(end_ns);
    if (next == NULL) break;
    if (next->at_ns > fake.frozen_ns) fake.frozen_ns = next->at_ns;
    next->is_awake = true;
    pthread_cond_t *changed = next->changed;
    pthread_mutex_t *lock = next->lock;
    pthread_mutex_unlock(&fake.lock);
    /* Whoever waits holds its lock until it truly waits. */
    pthread_mutex_lock(lock);
    pthread_cond_broadcast(changed);
    pthread_mutex_unlock(lock);
    pthread_mutex_lock(&fake.lock);
    await_settled();
  }
  fake.frozen_ns = end_ns;
  pthread_mutex_unlock(&fake.lock);
}
