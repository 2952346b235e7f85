/* A model of the HX711 by its datasheet, clocked by a line or by SPI bits. */
#include <string.h>

#include "fake.h"

enum { DATA_BITS = 24, PULSES_MIN = 25, PULSES_MAX = 27, RESET_NS = 60000 };

static struct {
  struct fake_chip *chip;
  uint32_t data, clock;
  bool is_spi;
  int32_t queue[FAKE_CONVERSIONS];
  unsigned first, count;
  bool is_ready;
  uint32_t word;
  int pulses, gain_pulses, looks_after;
  int clock_level, dout, stuck;
  int64_t high_since_ns;
  int stretch_pulse;
  int64_t stretch_ns;
  int resets, protocol_errors, reads;
} hx;

static void set_dout(int level) {
  if (hx.stuck >= 0) level = hx.stuck;
  hx.dout = level;
  if (hx.chip != NULL) fake_put(hx.chip, hx.data, level);
}

static void load(void) {
  if (hx.is_ready || hx.count == 0 || hx.clock_level == 1) return;
  hx.word = (uint32_t)hx.queue[hx.first] & 0xffffff;
  hx.first = (hx.first + 1) % FAKE_CONVERSIONS;
  hx.count--;
  hx.is_ready = true;
  hx.pulses = 0;
  set_dout(0);
}

static void finish(void) {
  if (hx.pulses == 0) return;
  hx.reads++;
  if (hx.pulses < PULSES_MIN || hx.pulses > PULSES_MAX) hx.protocol_errors++;
  else hx.gain_pulses = hx.pulses;
  hx.pulses = 0;
  hx.is_ready = false;
}

static void reset(void) {
  hx.resets++;
  hx.pulses = 0;
  hx.is_ready = false;
  hx.gain_pulses = PULSES_MIN;
  set_dout(1);
}

static void clock_to(int level, int64_t at_ns) {
  if (level == hx.clock_level) return;
  hx.clock_level = level;
  if (level == 0) {
    if (at_ns - hx.high_since_ns > RESET_NS) reset();
    load();
    return;
  }
  hx.high_since_ns = at_ns;
  if (!hx.is_ready) return;
  hx.pulses++;
  hx.looks_after = 0;
  set_dout(hx.pulses > DATA_BITS ? 1 : (int)(hx.word >> (DATA_BITS - hx.pulses) & 1));
  if (hx.pulses != hx.stretch_pulse) return;
  fake.offset_ns += hx.stretch_ns;
  hx.stretch_pulse = 0;
}

void fake_hx711_attach(struct fake_chip *chip, uint32_t data, uint32_t clock) {
  memset(&hx, 0, sizeof hx);
  hx.chip = chip;
  hx.data = data;
  hx.clock = clock;
  hx.is_spi = chip == NULL;
  hx.stuck = -1;
  hx.gain_pulses = PULSES_MIN;
  set_dout(1);
}

void fake_hx711_detach(void) {
  memset(&hx, 0, sizeof hx);
  hx.stuck = -1;
}

bool fake_hx711_is_data(const struct fake_chip *chip, uint32_t line) {
  return hx.chip != NULL && hx.chip == chip && hx.data == line;
}

void fake_hx711_on_clock(const struct fake_chip *chip, uint32_t line, int level) {
  if (hx.chip != NULL && hx.chip == chip && hx.clock == line) clock_to(level, fake_now());
}

void fake_hx711_on_look(bool is_waiting) {
  /* The first look after the last pulse belongs to the reading: is DOUT high again? */
  if (hx.pulses > 0 && hx.clock_level == 0 && (is_waiting || hx.looks_after++ > 0)) finish();
  if (hx.pulses == 0) load();
}

void fake_hx711_on_spi(const uint8_t *write, uint8_t *read, uint32_t length, uint32_t speed_hz) {
  int64_t bit_ns = 1000000000 / (int64_t)speed_hz, at_ns = fake_now();
  if (!hx.is_spi) return;
  if (length == 1 && write[0] == 0) {
    hx.looks_after = 1;
    fake_hx711_on_look(false);
  }
  for (uint32_t bit = 0; bit < length * 8; bit++, at_ns += bit_ns) {
    uint8_t mask = (uint8_t)(0x80 >> bit % 8);
    clock_to((write[bit / 8] & mask) != 0, at_ns);
    if (hx.dout) read[bit / 8] |= mask;
  }
}

bool fake_hx711_convert(int32_t counts) {
  if (hx.count == FAKE_CONVERSIONS) return false;
  hx.queue[(hx.first + hx.count++) % FAKE_CONVERSIONS] = counts;
  if (hx.pulses == 0) load();
  return true;
}

void fake_hx711_stretch(int pulse, int64_t ns) {
  hx.stretch_pulse = pulse;
  hx.stretch_ns = ns;
}

void fake_hx711_stick(int level) {
  hx.stuck = level;
  set_dout(level >= 0 ? level : !hx.is_ready);
}

struct fake_hx711_report fake_hx711_report(void) {
  return (struct fake_hx711_report){
      .gain_pulses = hx.gain_pulses,
      .resets = hx.resets,
      .protocol_errors = hx.protocol_errors,
      .reads = hx.reads,
      .waiting = (int)hx.count,
      .is_powered_down = hx.clock_level == 1 && fake_now() - hx.high_since_ns > RESET_NS,
  };
}
