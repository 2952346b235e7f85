/*
 * Results on their way from a native thread to a listener in JavaScript: a ring of at most
 * BACKLOG_MAX items. When the event loop is busy the oldest item is dropped and counted.
 */
#ifndef BOARD_IO_OUTBOX_H
#define BOARD_IO_OUTBOX_H

#include <node_api.h>
#include <pthread.h>

enum { BACKLOG_MAX = 1024 };

struct outbox {
  pthread_mutex_t lock;
  napi_threadsafe_function wake;
  char *items;
  size_t item_size;
  unsigned first;
  unsigned count;
  uint64_t dropped;
  /* So many items wait before `outbox_add` calls the listener; at least 1. */
  unsigned batch;
};

/* Returns 0, or -ENOMEM. */
int outbox_open(struct outbox *box, size_t item_size);
void outbox_free(struct outbox *box);
/* Any thread, until the thread-safe function is released. */
void outbox_put(struct outbox *box, const void *item);
/* The same for an item that may wait for others. */
void outbox_add(struct outbox *box, const void *item);
/* From now on; what waits is told at once. */
void outbox_set_batch(struct outbox *box, unsigned batch);
/* Moves up to BACKLOG_MAX items to `items`; returns how many. */
unsigned outbox_take(struct outbox *box, void *items, uint64_t *dropped);

#endif
