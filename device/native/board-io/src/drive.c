#include "drive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "gpio.h"
#include "native-thread.h"
#include "seam.h"

static void tell(struct drive *drive, enum drive_event_kind kind, int64_t at_ns) {
  struct drive_event event = {
      .kind = kind, .error = drive->lost, .at_ns = at_ns, .pulses = drive->pulses};
  if (drive->outbox != NULL) outbox_put(drive->outbox, &event);
}

/* D4: closing the request is what still puts the lines down when setting them fails. */
static void lose(struct drive *drive, int error) {
  if (drive->lost != 0) return;
  drive->lost = error;
  kernel.close(drive->fd);
  drive->fd = -1;
  drive->has_order = false;
  drive->is_powered = false;
  drive->still_since_ns = kernel.now_ns();
  tell(drive, DRIVE_LOST, drive->still_since_ns);
}

static int put(const struct drive *drive, uint64_t levels) {
  if (drive->rest_ns == 0) return gpio_set(drive->fd, drive->all_mask, levels);
  char text[24];
  int length = snprintf(text, sizeof text, "%" PRIu64 "\n", levels == 0 ? (uint64_t)drive->rest_ns : levels);
  return (int)kernel.write(drive->fd, text, (size_t)length);
}

static bool set_levels(struct drive *drive, uint64_t levels) {
  int result = put(drive, levels);
  if (result < 0) lose(drive, -result);
  return result >= 0;
}

static void power_off(struct drive *drive) {
  if (!drive->is_powered || !set_levels(drive, 0)) return;
  drive->is_powered = false;
  drive->still_since_ns = kernel.now_ns();
}

static void end_at_deadline(struct drive *drive) {
  int64_t deadline_ns = drive->order.deadline_ns;
  bool was_powered = drive->is_powered;
  drive->has_order = false;
  power_off(drive);
  if (drive->lost != 0) return;
  int64_t now = kernel.now_ns();
  if (was_powered) {
    drive->tally.deadlines++;
    drive->tally.last_late_ns = now - deadline_ns;
    if (now - deadline_ns > drive->tally.worst_late_ns)
      drive->tally.worst_late_ns = now - deadline_ns;
  }
  tell(drive, DRIVE_ENDED_DEADLINE, now);
}

/* Sets the order's levels, or returns the time at which standstill has lasted long enough. */
static int64_t take_order(struct drive *drive, int64_t now) {
  const struct drive_order *order = &drive->order;
  if (drive->is_powered && order->levels != drive->levels) {
    power_off(drive);
    if (drive->lost != 0) return now;
  }
  bool is_other = order->levels != drive->levels;
  if (!drive->is_powered && is_other && now - drive->still_since_ns < drive->dead_ns)
    return drive->still_since_ns + drive->dead_ns;
  drive->has_order = false;
  int64_t toggle_ns = now + order->plain_ns;
  /* A prolonged run goes on with its pulses where they are. */
  bool goes_on = drive->is_powered && drive->pulsing == order->pulse_mask;
  if (!goes_on || toggle_ns < drive->next_toggle_ns) drive->next_toggle_ns = toggle_ns;
  if (!goes_on) drive->toggled = 0;
  drive->pulsing = order->pulse_mask;
  if (drive->is_powered) return now;
  uint64_t setup = order->levels & ~drive->power_mask;
  if (setup != 0 && !set_levels(drive, setup)) return now;
  if (!set_levels(drive, order->levels)) return now;
  drive->is_powered = true;
  drive->levels = order->levels;
  drive->pulses = 0;
  drive->tally.starts++;
  tell(drive, DRIVE_STARTED, kernel.now_ns());
  return now;
}

static void toggle(struct drive *drive, int64_t now) {
  const struct drive_order *order = &drive->order;
  drive->toggled ^= order->pulse_mask;
  if (!set_levels(drive, order->levels ^ drive->toggled)) return;
  if (drive->toggled != 0) drive->pulses++;
  int64_t phase_ns = drive->toggled != 0 ? order->inverted_ns : order->plain_ns;
  drive->next_toggle_ns += phase_ns;
  /* A late thread leaves pulses out; it never sends a burst to catch up. */
  if (drive->next_toggle_ns < now) drive->next_toggle_ns = now + phase_ns;
}

/* Does what is due; returns the time of the next thing to do. */
static int64_t step(struct drive *drive) {
  int64_t now = kernel.now_ns();
  bool is_busy = drive->has_order || drive->is_powered;
  if (drive->lost != 0 || !is_busy) return NEVER_NS;
  if (now >= drive->order.deadline_ns) {
    end_at_deadline(drive);
    return NEVER_NS;
  }
  int64_t next = drive->order.deadline_ns;
  if (drive->has_order) {
    int64_t ready = take_order(drive, now);
    if (drive->lost != 0) return NEVER_NS;
    if (ready > now) return ready < next ? ready : next;
  }
  if (drive->order.pulse_mask == 0) return next;
  if (kernel.now_ns() >= drive->next_toggle_ns) toggle(drive, kernel.now_ns());
  return drive->next_toggle_ns < next ? drive->next_toggle_ns : next;
}

static void *body(void *argument) {
  struct drive *drive = argument;
  bool is_real_time = native_thread_hurry();
  pthread_mutex_lock(&drive->lock);
  drive->tally.real_time = is_real_time;
  while (!drive->is_closing) {
    int64_t next = step(drive);
    kernel.wait_until(&drive->changed, &drive->lock, next);
  }
  pthread_mutex_unlock(&drive->lock);
  return NULL;
}

int drive_open(struct drive *drive, int fd, struct outbox *outbox) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutexattr_t inherit;
  pthread_mutexattr_init(&inherit);
  /* stop() in an ordinary thread must not hold up the drive's thread behind a third one. */
  pthread_mutexattr_setprotocol(&inherit, PTHREAD_PRIO_INHERIT);
  pthread_mutex_init(&drive->lock, &inherit);
  pthread_cond_init(&drive->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  pthread_mutexattr_destroy(&inherit);
  drive->fd = fd;
  drive->outbox = outbox;
  int result = native_thread_start(&drive->thread, "feed-drive", body, drive);
  if (result < 0) {
    kernel.close(fd);
    drive->fd = -1;
  }
  return result;
}

int drive_run(struct drive *drive, const struct drive_order *order) {
  pthread_mutex_lock(&drive->lock);
  int lost = drive->lost;
  if (lost == 0) {
    drive->order = *order;
    drive->has_order = true;
    kernel.wake(&drive->changed);
  }
  pthread_mutex_unlock(&drive->lock);
  return lost;
}

void drive_stop(struct drive *drive) {
  pthread_mutex_lock(&drive->lock);
  bool was_busy = drive->has_order || drive->is_powered;
  drive->has_order = false;
  power_off(drive);
  if (was_busy && drive->lost == 0) tell(drive, DRIVE_ENDED_STOP, kernel.now_ns());
  pthread_mutex_unlock(&drive->lock);
}

void drive_probe(struct drive *drive) {
  pthread_mutex_lock(&drive->lock);
  if (drive->lost == 0 && !drive->is_powered) set_levels(drive, 0);
  pthread_mutex_unlock(&drive->lock);
}

void drive_close(struct drive *drive) {
  drive_stop(drive);
  pthread_mutex_lock(&drive->lock);
  drive->is_closing = true;
  kernel.wake(&drive->changed);
  pthread_mutex_unlock(&drive->lock);
  pthread_join(drive->thread, NULL);
  if (drive->fd >= 0) kernel.close(drive->fd);
  drive->fd = -1;
  kernel.destroy(&drive->changed);
  pthread_mutex_destroy(&drive->lock);
}
