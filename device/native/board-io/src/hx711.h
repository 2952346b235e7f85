/*
 * The HX711 (Avia datasheet V2.0): 24 bits, most significant first, then 1 to 3 more pulses that
 * choose the next conversion. A high phase of the clock over 60 us resets the chip to A/128.
 *
 * H1  A value is given only when every high phase was at most 50 us and DOUT was high afterwards.
 * H2  After power-up, a reset, or a change of gain, 4 conversions are thrown away.
 * H3  A reading that may have reset the chip, or lost step with it, is followed by a reset on purpose,
 *     so that the chip's state is known again.
 */
#ifndef BOARD_IO_HX711_H
#define BOARD_IO_HX711_H

#include <stdbool.h>
#include <stdint.h>

enum hx711_outcome {
  HX711_SAMPLE,
  HX711_SETTLING,
  HX711_STRETCHED,
  HX711_UNENDED,
  HX711_FAILED,
};

struct hx711 {
  bool is_spi;
  /* SPI: the device. Lines: DOUT (edges on), and PD_SCK. */
  int data_fd;
  int clock_fd;
  uint32_t speed_hz;
  /* What the chip is set to, and how many conversions it still needs. */
  int chip_pulses;
  int settling;
  int error;
  int64_t last_high_ns;
  int64_t worst_high_ns;
  int64_t read_ns;
  uint64_t reads;
};

/* 25: A/128, 26: B/32, 27: A/64. */
int hx711_pulses(int gain);
/* Resets the chip; 0 or -errno. */
int hx711_reset(struct hx711 *chip);
/* Holds the clock high, or lets it go; by lines only. */
int hx711_power(struct hx711 *chip, bool is_on);
/* 1: a conversion waits. 0: none yet. -errno. */
int hx711_ready(struct hx711 *chip);
/* Reads the conversion that waits, with so many pulses. */
enum hx711_outcome hx711_read(struct hx711 *chip, int pulses, int32_t *counts);

#endif
