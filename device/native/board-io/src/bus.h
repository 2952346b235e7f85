/* I2C and SPI transfers by the kernel's user-space drivers. All return -errno on failure. */
#ifndef BOARD_IO_BUS_H
#define BOARD_IO_BUS_H

#include <stdint.h>

enum { I2C_BYTES_MAX = 256 };

/* Bounds each transfer in time; an adapter that knows no timeout is used as it is. */
int i2c_open(const char *path);
/* Writes (when there is something to write), then reads after a repeated start (likewise). */
int i2c_transfer(int fd, uint16_t address, const uint8_t *write, uint16_t write_length,
                 uint8_t *read, uint16_t read_length);
int spi_open(const char *path, uint8_t mode, uint32_t speed_hz);
int spi_transfer(int fd, const uint8_t *write, uint8_t *read, uint32_t length);

#endif
