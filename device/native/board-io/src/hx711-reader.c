/*
 * The thread that reads an HX711.
 *
 *   waiting --DOUT low--> reading --> waiting
 *   waiting --notReadyMs without a good conversion--> tells so, waits on
 *   any     --powerDown--> down --powerUp--> waiting
 *   any     --system call fails--> lost (the thread ends)
 */
#include "hx711-reader.h"

#include <errno.h>
#include <linux/gpio.h>

#include "native-thread.h"
#include "seam.h"

enum { EVENTS_PER_READ = 64, READS_MAX = 16, SPI_POLL_MS = 1, PERCENT_OF_PERIOD = 75 };

static void put(struct hx711_reader *reader, enum hx711_result_kind kind, int32_t value,
                int64_t at_ns) {
  struct hx711_result result = {.kind = kind, .counts = value, .at_ns = at_ns};
  if (kind == HX711_RESULT_SAMPLE) outbox_add(reader->outbox, &result);
  else outbox_put(reader->outbox, &result);
}

/* Waits for DOUT's edge, a wake-up, or the time; returns the edge's own stamp, 0 without one. */
static int64_t wait_for_edge(struct hx711_reader *reader, int timeout_ms, bool is_deaf) {
  struct pollfd wanted[2] = {{.fd = reader->waker, .events = POLLIN},
                             {.fd = reader->chip.data_fd, .events = POLLIN}};
  unsigned count = reader->chip.is_spi || is_deaf ? 1 : 2;
  if (kernel.poll(wanted, count, timeout_ms) <= 0) return 0;
  if (wanted[0].revents != 0) waker_clear(reader->waker);
  if (count == 1 || wanted[1].revents == 0) return 0;
  struct gpio_v2_line_event events[EVENTS_PER_READ];
  long length = kernel.read(reader->chip.data_fd, events, sizeof events);
  if (length <= 0) {
    reader->chip.error = length < 0 ? (int)-length : ENODEV;
    return 0;
  }
  return (int64_t)events[(size_t)length / sizeof *events - 1].timestamp_ns;
}

/* Every data bit that fell left an edge in the queue; the next wait must not see those. */
static void forget_edges(struct hx711_reader *reader) {
  struct pollfd wanted = {.fd = reader->chip.data_fd, .events = POLLIN};
  struct gpio_v2_line_event events[EVENTS_PER_READ];
  if (reader->chip.is_spi) return;
  for (int i = 0; i < READS_MAX && kernel.poll(&wanted, 1, 0) > 0; i++)
    if (kernel.read(wanted.fd, events, sizeof events) <= 0) return;
}

static void note(struct hx711_reader *reader, enum hx711_outcome outcome) {
  struct hx711_tally *tally = &reader->tally;
  pthread_mutex_lock(&reader->lock);
  tally->samples += outcome == HX711_SAMPLE;
  tally->settling += outcome == HX711_SETTLING;
  tally->stretched += outcome == HX711_STRETCHED;
  tally->unended += outcome == HX711_UNENDED;
  tally->reads = reader->chip.reads;
  tally->read_ns = reader->chip.read_ns;
  tally->worst_high_ns = reader->chip.worst_high_ns;
  pthread_mutex_unlock(&reader->lock);
}

/* One look at the chip. Returns false when nothing good came of it. */
static bool look(struct hx711_reader *reader, int pulses, int64_t *edge_ns) {
  int ready = hx711_ready(&reader->chip);
  if (ready < 0) reader->chip.error = -ready;
  if (ready <= 0) return false;
  int64_t at_ns = *edge_ns != 0 ? *edge_ns : kernel.now_ns();
  int32_t counts = 0;
  enum hx711_outcome outcome = hx711_read(&reader->chip, pulses, &counts);
  *edge_ns = 0;
  forget_edges(reader);
  note(reader, outcome);
  if (outcome == HX711_SAMPLE) put(reader, HX711_RESULT_SAMPLE, counts, at_ns);
  return outcome == HX711_SAMPLE || outcome == HX711_SETTLING;
}

/* Until the next look. Lines wake by their edge; SPI has to ask again and again near the end. */
static int pause_ms(const struct hx711_reader *reader, int period_ms, bool had_conversion,
                    int left_ms) {
  int pause = left_ms;
  if (reader->chip.is_spi)
    pause = had_conversion ? period_ms * PERCENT_OF_PERIOD / 100 : SPI_POLL_MS;
  return pause < left_ms ? pause : left_ms;
}

static void tell_not_ready(struct hx711_reader *reader, int64_t now) {
  pthread_mutex_lock(&reader->lock);
  reader->tally.not_ready++;
  pthread_mutex_unlock(&reader->lock);
  put(reader, HX711_RESULT_NOT_READY, 0, now);
}

struct wishes {
  bool is_closing, wants_power;
  int pulses, period_ms;
};

static struct wishes wishes_of(struct hx711_reader *reader) {
  pthread_mutex_lock(&reader->lock);
  struct wishes wishes = {reader->is_closing, reader->wants_power, reader->pulses,
                          reader->period_ms};
  pthread_mutex_unlock(&reader->lock);
  return wishes;
}

/* Holds the chip in power-down until it is wanted again. */
static void sleep_powered_down(struct hx711_reader *reader) {
  struct pollfd wanted = {.fd = reader->waker, .events = POLLIN};
  int result = hx711_power(&reader->chip, false);
  for (;;) {
    struct wishes wishes = wishes_of(reader);
    if (wishes.is_closing || wishes.wants_power) break;
    kernel.poll(&wanted, 1, -1);
    waker_clear(reader->waker);
  }
  int awake = hx711_power(&reader->chip, true);
  if (result < 0 || awake < 0) reader->chip.error = result < 0 ? -result : -awake;
  forget_edges(reader);
}

static void run_reader(struct hx711_reader *reader) {
  const int64_t limit_ns = (int64_t)reader->not_ready_ms * 1000000;
  int64_t edge_ns = 0, good_ns = kernel.now_ns();
  while (reader->chip.error == 0) {
    struct wishes wishes = wishes_of(reader);
    if (wishes.is_closing) return;
    if (!wishes.wants_power) {
      sleep_powered_down(reader);
      good_ns = kernel.now_ns();
      continue;
    }
    uint64_t reads = reader->chip.reads;
    bool is_good = look(reader, wishes.pulses, &edge_ns);
    int64_t now = kernel.now_ns();
    if (is_good) good_ns = now;
    if (now - good_ns >= limit_ns) {
      tell_not_ready(reader, now);
      good_ns = now;
    }
    if (reader->chip.error != 0) break;
    int left_ms = (int)((good_ns + limit_ns - now) / 1000000) + 1;
    /*
     * A line that is stuck low or chatters looks ready at once: after a bad reading the thread is
     * deaf to it for half a conversion.
     */
    bool was_bad = !is_good && reader->chip.reads != reads;
    if (was_bad && left_ms > wishes.period_ms / 2) left_ms = wishes.period_ms / 2;
    edge_ns = wait_for_edge(
        reader, pause_ms(reader, wishes.period_ms, is_good, left_ms), was_bad);
  }
  put(reader, HX711_RESULT_LOST, reader->chip.error, kernel.now_ns());
}

void *hx711_reader_body(void *argument) {
  struct hx711_reader *reader = argument;
  bool is_real_time = native_thread_hurry();
  pthread_mutex_lock(&reader->lock);
  reader->tally.real_time = is_real_time;
  pthread_mutex_unlock(&reader->lock);
  int result = hx711_reset(&reader->chip);
  if (result < 0) reader->chip.error = -result;
  forget_edges(reader);
  run_reader(reader);
  return NULL;
}
