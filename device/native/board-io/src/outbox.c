#include "outbox.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int outbox_open(struct outbox *box, size_t item_size) {
  memset(box, 0, sizeof *box);
  box->items = malloc(item_size * BACKLOG_MAX);
  if (box->items == NULL) return -ENOMEM;
  box->item_size = item_size;
  box->batch = 1;
  pthread_mutex_init(&box->lock, NULL);
  return 0;
}

void outbox_free(struct outbox *box) {
  if (box->items == NULL) return;
  pthread_mutex_destroy(&box->lock);
  free(box->items);
  box->items = NULL;
}

static void call_listener(struct outbox *box) {
  /* A full queue means that a call is on its way already, and that call will take these items too. */
  napi_call_threadsafe_function(box->wake, NULL, napi_tsfn_nonblocking);
}

/* Returns whether a whole batch waits. */
static bool store(struct outbox *box, const void *item) {
  pthread_mutex_lock(&box->lock);
  if (box->count == BACKLOG_MAX) {
    box->first = (box->first + 1) % BACKLOG_MAX;
    box->count--;
    box->dropped++;
  }
  unsigned place = (box->first + box->count) % BACKLOG_MAX;
  memcpy(box->items + place * box->item_size, item, box->item_size);
  box->count++;
  bool is_batch = box->count >= box->batch;
  pthread_mutex_unlock(&box->lock);
  return is_batch;
}

void outbox_put(struct outbox *box, const void *item) {
  store(box, item);
  call_listener(box);
}

void outbox_add(struct outbox *box, const void *item) {
  if (store(box, item)) call_listener(box);
}

void outbox_set_batch(struct outbox *box, unsigned batch) {
  pthread_mutex_lock(&box->lock);
  box->batch = batch;
  pthread_mutex_unlock(&box->lock);
  call_listener(box);
}

unsigned outbox_take(struct outbox *box, void *items, uint64_t *dropped) {
  pthread_mutex_lock(&box->lock);
  unsigned count = box->count;
  for (unsigned i = 0; i < count; i++) {
    unsigned place = (box->first + i) % BACKLOG_MAX;
    memcpy((char *)items + i * box->item_size, box->items + place * box->item_size, box->item_size);
  }
  box->first = 0;
  box->count = 0;
  *dropped = box->dropped;
  pthread_mutex_unlock(&box->lock);
  return count;
}
