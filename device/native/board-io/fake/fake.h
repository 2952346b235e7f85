/*
 * A kernel made of nothing, linked into the test addon in place of ../src/kernel.c: GPIO chips, an
 * HX711 that answers its clock line, I2C devices and SPI. Its files are real descriptors (pipes and
 * eventfds), so that poll, read and close are the real ones. One state for the whole process.
 */
#ifndef BOARD_IO_FAKE_H
#define BOARD_IO_FAKE_H

#include <linux/gpio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum {
  FAKE_CHIPS = 4,
  FAKE_LINES = 64,
  FAKE_FILES = 64,
  FAKE_REQUEST_LINES = 8,
  FAKE_HISTORY = 16384,
  FAKE_CONVERSIONS = 8192,
  FAKE_I2C_DEVICES = 8,
  FAKE_PATH = 64,
};

struct fake_file;

struct fake_line {
  /* What is on the wire, and what the outside makes of it when nobody drives it. */
  int level, pull;
  struct fake_file *owner;
  /* Held by another program of this name. */
  char other[GPIO_MAX_NAME_SIZE];
};

struct fake_chip {
  char path[FAKE_PATH], name[GPIO_MAX_NAME_SIZE], label[GPIO_MAX_NAME_SIZE];
  unsigned lines;
  bool is_gone;
  struct fake_line line[FAKE_LINES];
};

enum fake_kind { FAKE_FREE, FAKE_CHIP_FILE, FAKE_REQUEST, FAKE_I2C, FAKE_SPI, FAKE_PWM };

struct fake_file {
  enum fake_kind kind;
  int fd, event_fd;
  char path[FAKE_PATH];
  struct fake_chip *chip;
  uint32_t offsets[FAKE_REQUEST_LINES];
  unsigned count;
  uint64_t flags, inverted;
  uint32_t debounce_us, sequence;
  char consumer[GPIO_MAX_NAME_SIZE];
  uint32_t speed_hz;
};

struct fake_change {
  uint32_t line;
  int level;
  int64_t at_ns;
};

struct fake_i2c_device {
  char path[FAKE_PATH];
  uint16_t address;
  uint8_t pointer, registers[256];
};

struct fake_failure {
  char call[16];
  int error, left;
};

struct fake_state {
  pthread_mutex_t lock;
  struct fake_chip chips[FAKE_CHIPS];
  unsigned chip_count;
  struct fake_file files[FAKE_FILES];
  struct fake_change history[FAKE_HISTORY];
  unsigned changes;
  struct fake_i2c_device devices[FAKE_I2C_DEVICES];
  unsigned device_count;
  char spi_path[FAKE_PATH];
  bool is_bus_gone;
  int bus_delay_ms;
  struct fake_failure failure;
  /* Released outputs stay as they were, as on Raspberry Pi kernels without strict_gpiod. */
  bool keeps_levels;
  /* Virtual time: the clock stands at `frozen_ns` until it is moved; 0: it runs. */
  int64_t frozen_ns;
  /* Added to the clock by pauses that a test asked for. */
  int64_t offset_ns;
};

extern struct fake_state fake;

/* All of these are called with the lock held. */
int64_t fake_now(void);
struct fake_chip *fake_chip_at(const char *path);
/* Puts a level on the wire, with edges for whoever listens. */
void fake_put(struct fake_chip *chip, uint32_t line, int level);
void fake_close_all(void);

/*
 * Virtual time. `fake_advance` moves the clock from one awaited time to the next, and returns when
 * every thread that was woken waits again. Called without the lock.
 */
void fake_advance(int64_t ns);

/* The HX711's side. */
struct fake_hx711_report {
  int gain_pulses, resets, protocol_errors, reads, waiting;
  bool is_powered_down;
};
void fake_hx711_attach(struct fake_chip *chip, uint32_t data, uint32_t clock);
void fake_hx711_detach(void);
bool fake_hx711_is_data(const struct fake_chip *chip, uint32_t line);
void fake_hx711_on_clock(const struct fake_chip *chip, uint32_t line, int level);
/* The host looks at DOUT, or begins to wait for it. */
void fake_hx711_on_look(bool is_waiting);
void fake_hx711_on_spi(const uint8_t *write, uint8_t *read, uint32_t length, uint32_t speed_hz);
bool fake_hx711_convert(int32_t counts);
/* The next pulse of this number stays high so much longer. */
void fake_hx711_stretch(int pulse, int64_t ns);
/* 0 or 1: DOUT does not move any more; -1: it does. */
void fake_hx711_stick(int level);
struct fake_hx711_report fake_hx711_report(void);

#endif
