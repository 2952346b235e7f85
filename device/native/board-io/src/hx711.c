#include "hx711.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "bus.h"
#include "gpio.h"
#include "seam.h"

enum {
  DATA_BITS = 24,
  RESET_PULSES = 25,
  SETTLE_CONVERSIONS = 4,
  HIGH_NS_MAX = 50000,
  HIGH_NS_RESETS = 60000,
  RESET_NS = 80000,
  SPI_READ_BYTES = 7,
  SPI_RESET_BYTES_MAX = 64,
};

int hx711_pulses(int gain) { return gain == 128 ? 25 : gain == 32 ? 26 : 27; }

static void was_reset(struct hx711 *chip) {
  chip->chip_pulses = RESET_PULSES;
  chip->settling = SETTLE_CONVERSIONS;
}

static int reset_by_spi(struct hx711 *chip) {
  uint8_t high[SPI_RESET_BYTES_MAX], reply[SPI_RESET_BYTES_MAX];
  memset(high, 0xff, sizeof high);
  uint64_t bytes = (uint64_t)chip->speed_hz * RESET_NS / 8 / 1000000000 + 1;
  /* A last byte of zeros: some controllers leave MOSI at the last bit they sent. */
  high[bytes] = 0;
  return spi_transfer(chip->data_fd, high, reply, (uint32_t)bytes + 1);
}

int hx711_power(struct hx711 *chip, bool is_on) {
  if (chip->is_spi) return -EOPNOTSUPP;
  if (is_on) was_reset(chip);
  return gpio_set(chip->clock_fd, 1, is_on ? 0 : 1);
}

int hx711_reset(struct hx711 *chip) {
  was_reset(chip);
  if (chip->is_spi) return reset_by_spi(chip);
  struct timespec pause = {.tv_nsec = RESET_NS};
  int result = hx711_power(chip, false);
  nanosleep(&pause, NULL);
  return result < 0 ? result : hx711_power(chip, true);
}

int hx711_ready(struct hx711 *chip) {
  if (chip->is_spi) {
    uint8_t low = 0, reply = 0xff;
    int result = spi_transfer(chip->data_fd, &low, &reply, 1);
    return result < 0 ? result : reply == 0;
  }
  uint64_t level = 1;
  int result = gpio_get(chip->data_fd, 1, &level);
  return result < 0 ? result : level == 0;
}

/* Bits as they came, and the level of DOUT after the last pulse. */
struct reading {
  uint32_t bits;
  bool is_high_after;
};

static int read_by_spi(struct hx711 *chip, int pulses, struct reading *reading) {
  /* Each pulse is a pair of bits, 1 then 0; DOUT is taken in the second half. */
  uint8_t write[SPI_READ_BYTES] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};
  uint8_t reply[SPI_READ_BYTES] = {0};
  static const uint8_t tails[] = {0x80, 0xa0, 0xa8};
  write[SPI_READ_BYTES - 1] = tails[pulses - RESET_PULSES];
  int result = spi_transfer(chip->data_fd, write, reply, sizeof write);
  if (result < 0) return result;
  for (int bit = 0; bit < DATA_BITS; bit++) {
    uint8_t pair = reply[bit / 4] >> (6 - 2 * (bit % 4));
    reading->bits = reading->bits << 1 | (pair & 1);
  }
  reading->is_high_after = (reply[SPI_READ_BYTES - 1] & 0x55) == 0x55;
  return 0;
}

/* One pulse; DOUT is valid 0.1 us after the clock has risen. */
static int pulse(struct hx711 *chip, bool takes_data, uint64_t *level) {
  int64_t before = kernel.now_ns();
  int result = gpio_set(chip->clock_fd, 1, 1);
  if (result >= 0 && takes_data) result = gpio_get(chip->data_fd, 1, level);
  int lowered = gpio_set(chip->clock_fd, 1, 0);
  chip->last_high_ns = kernel.now_ns() - before;
  if (chip->last_high_ns > chip->worst_high_ns) chip->worst_high_ns = chip->last_high_ns;
  return result < 0 ? result : lowered;
}

static int read_by_lines(struct hx711 *chip, int pulses, struct reading *reading,
                         int64_t *longest_ns) {
  for (int i = 0; i < pulses; i++) {
    uint64_t level = 0;
    int result = pulse(chip, i < DATA_BITS, &level);
    if (result < 0) return result;
    if (chip->last_high_ns > *longest_ns) *longest_ns = chip->last_high_ns;
    /* The chip may have started anew in the middle of the word: further bits mean nothing. */
    if (*longest_ns > HIGH_NS_RESETS) return 0;
    if (i < DATA_BITS) reading->bits = reading->bits << 1 | (uint32_t)(level & 1);
  }
  uint64_t after = 0;
  int result = gpio_get(chip->data_fd, 1, &after);
  reading->is_high_after = after == 1;
  return result;
}

static int32_t signed_24(uint32_t bits) {
  return bits & 0x800000 ? (int32_t)bits - 0x1000000 : (int32_t)bits;
}

static enum hx711_outcome failed(struct hx711 *chip, int result) {
  chip->error = -result;
  return HX711_FAILED;
}

static enum hx711_outcome start_anew(struct hx711 *chip, enum hx711_outcome outcome) {
  int result = hx711_reset(chip);
  return result < 0 ? failed(chip, result) : outcome;
}

enum hx711_outcome hx711_read(struct hx711 *chip, int pulses, int32_t *counts) {
  struct reading reading = {0, false};
  int64_t longest_ns = 0, begin_ns = kernel.now_ns();
  int result = chip->is_spi ? read_by_spi(chip, pulses, &reading)
                            : read_by_lines(chip, pulses, &reading, &longest_ns);
  if (result < 0) return failed(chip, result);
  chip->read_ns += kernel.now_ns() - begin_ns;
  chip->reads++;
  if (longest_ns > HIGH_NS_RESETS) return start_anew(chip, HX711_STRETCHED);
  if (!reading.is_high_after) return start_anew(chip, HX711_UNENDED);
  bool is_other_gain = chip->chip_pulses != pulses;
  chip->chip_pulses = pulses;
  if (is_other_gain) chip->settling = SETTLE_CONVERSIONS;
  else if (chip->settling > 0) chip->settling--;
  else if (longest_ns > HIGH_NS_MAX) return HX711_STRETCHED;
  else {
    *counts = signed_24(reading.bits);
    return HX711_SAMPLE;
  }
  return HX711_SETTLING;
}
