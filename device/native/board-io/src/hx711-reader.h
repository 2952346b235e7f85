/* What the thread that reads an HX711 shares with its handle. */
#ifndef BOARD_IO_HX711_READER_H
#define BOARD_IO_HX711_READER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "hx711.h"
#include "outbox.h"

enum hx711_result_kind { HX711_RESULT_SAMPLE, HX711_RESULT_NOT_READY, HX711_RESULT_LOST };

struct hx711_result {
  enum hx711_result_kind kind;
  int32_t counts;
  int64_t at_ns;
};

struct hx711_tally {
  uint64_t samples, settling, stretched, unended, not_ready, reads;
  int64_t worst_high_ns, read_ns;
  bool real_time;
};

struct hx711_reader {
  struct hx711 chip;
  struct outbox *outbox;
  int not_ready_ms;
  int waker;
  pthread_mutex_t lock;
  /* Under the lock from here on. */
  int pulses, period_ms;
  bool is_closing, wants_power;
  struct hx711_tally tally;
};

/* The thread; its argument is the reader. */
void *hx711_reader_body(void *reader);

#endif
