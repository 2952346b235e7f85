/*
 * Timed levels on output lines: the motor's stop is armed in this module's own thread before the
 * levels are set there, so neither a blocked nor a dead event loop prolongs a run.
 *
 *   still --order--> resting --dead time over--> powered --deadline, stop--> still
 *                                 ^                 |
 *                                 +--other levels---+
 *
 * D1  A line is 1 only while the thread waits for a deadline that was set before.
 * D2  A deadline counts from the call that gave the order, and an order replaces what is left.
 * D3  stop() returns with all lines at 0 or with the request closed (the kernel lets the lines go).
 * D4  A failed system call closes the request; a lost drive never runs again.
 *
 * The same for a servo at a PWM channel: there is one number instead of lines, the duty in ns, and
 * the duty of the closed gate stands for 0. The kernel goes on giving the last duty when this process
 * dies; systemd/motor-safe closes the gate then.
 */
#ifndef BOARD_IO_DRIVE_H
#define BOARD_IO_DRIVE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "outbox.h"

enum drive_event_kind { DRIVE_STARTED, DRIVE_ENDED_DEADLINE, DRIVE_ENDED_STOP, DRIVE_LOST };

struct drive_event {
  enum drive_event_kind kind;
  int error;
  int64_t at_ns;
  uint64_t pulses;
};

struct drive_order {
  uint64_t levels;
  int64_t deadline_ns;
  /* Lines that are inverted for one part of each period and as in `levels` for the other. */
  uint64_t pulse_mask;
  int64_t inverted_ns;
  int64_t plain_ns;
};

struct drive_tally {
  uint64_t starts;
  uint64_t deadlines;
  int64_t last_late_ns;
  int64_t worst_late_ns;
  bool real_time;
};

struct drive {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  int fd;
  uint64_t all_mask;
  uint64_t power_mask;
  int64_t dead_ns;
  /* 0: `fd` is a request of lines. Else it is a channel's duty_cycle, and this is its duty at rest. */
  int64_t rest_ns;
  struct outbox *outbox;
  /* Under the lock from here on. */
  bool is_closing;
  int lost;
  bool has_order;
  bool is_powered;
  struct drive_order order;
  /* Levels of the run that is on, or was last. */
  uint64_t levels;
  /* Lines of the present pulses, and those of them that are inverted just now. */
  uint64_t pulsing;
  uint64_t toggled;
  int64_t still_since_ns;
  int64_t next_toggle_ns;
  uint64_t pulses;
  struct drive_tally tally;
};

/* Takes over `fd`, a request of output lines that are all 0, or a duty at rest. Returns 0 or -errno (fd is closed then). */
int drive_open(struct drive *drive, int fd, struct outbox *outbox);
/* 0, or a positive errno: the drive is lost. */
int drive_run(struct drive *drive, const struct drive_order *order);
void drive_stop(struct drive *drive);
/* Touches the lines while they stand still, so that a lost request is found out. */
void drive_probe(struct drive *drive);
void drive_close(struct drive *drive);

#endif
