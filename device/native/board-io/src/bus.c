#include "bus.h"

#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <linux/spi/spidev.h>
#include <string.h>

#include "seam.h"

/* The unit of I2C_TIMEOUT is 10 ms. */
enum { I2C_TIMEOUT_TENS = 10, I2C_TRIES = 1 };

int i2c_open(const char *path) {
  int fd = kernel.open(path, O_RDWR);
  if (fd < 0) return fd;
  unsigned long functions = 0;
  int result = kernel.ioctl(fd, I2C_FUNCS, &functions);
  if (result < 0) {
    kernel.close(fd);
    return result;
  }
  kernel.ioctl(fd, I2C_TIMEOUT, (void *)(uintptr_t)I2C_TIMEOUT_TENS);
  kernel.ioctl(fd, I2C_RETRIES, (void *)(uintptr_t)I2C_TRIES);
  return fd;
}

int i2c_transfer(int fd, uint16_t address, const uint8_t *write, uint16_t write_length,
                 uint8_t *read, uint16_t read_length) {
  struct i2c_msg messages[2];
  struct i2c_rdwr_ioctl_data transfer = {.msgs = messages, .nmsgs = 0};
  if (write_length > 0)
    messages[transfer.nmsgs++] = (struct i2c_msg){
        .addr = address, .flags = 0, .len = write_length, .buf = (uint8_t *)write};
  if (read_length > 0)
    messages[transfer.nmsgs++] =
        (struct i2c_msg){.addr = address, .flags = I2C_M_RD, .len = read_length, .buf = read};
  int result = kernel.ioctl(fd, I2C_RDWR, &transfer);
  return result < 0 ? result : 0;
}

int spi_open(const char *path, uint8_t mode, uint32_t speed_hz) {
  int fd = kernel.open(path, O_RDWR);
  if (fd < 0) return fd;
  uint8_t bits = 8;
  int result = kernel.ioctl(fd, SPI_IOC_WR_MODE, &mode);
  if (result >= 0) result = kernel.ioctl(fd, SPI_IOC_WR_BITS_PER_WORD, &bits);
  if (result >= 0) result = kernel.ioctl(fd, SPI_IOC_WR_MAX_SPEED_HZ, &speed_hz);
  if (result >= 0) return fd;
  kernel.close(fd);
  return result;
}

int spi_transfer(int fd, const uint8_t *write, uint8_t *read, uint32_t length) {
  struct spi_ioc_transfer transfer;
  memset(&transfer, 0, sizeof transfer);
  transfer.tx_buf = (uintptr_t)write;
  transfer.rx_buf = (uintptr_t)read;
  transfer.len = length;
  int result = kernel.ioctl(fd, SPI_IOC_MESSAGE(1), &transfer);
  return result < 0 ? result : 0;
}
