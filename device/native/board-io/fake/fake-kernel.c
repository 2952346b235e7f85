#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <linux/spi/spidev.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../src/seam.h"
#include "fake-time.h"

struct fake_state fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

int64_t fake_now(void) {
  if (fake.frozen_ns != 0) return fake.frozen_ns;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + fake.offset_ns;
}

struct fake_chip *fake_chip_at(const char *path) {
  for (unsigned i = 0; i < fake.chip_count; i++)
    if (strcmp(fake.chips[i].path, path) == 0) return &fake.chips[i];
  return NULL;
}

static struct fake_file *file_of(int fd) {
  for (unsigned i = 0; i < FAKE_FILES; i++)
    if (fake.files[i].kind != FAKE_FREE && fake.files[i].fd == fd) return &fake.files[i];
  return NULL;
}

static struct fake_file *new_file(enum fake_kind kind, const char *path) {
  for (unsigned i = 0; i < FAKE_FILES; i++) {
    struct fake_file *file = &fake.files[i];
    if (file->kind != FAKE_FREE) continue;
    memset(file, 0, sizeof *file);
    file->kind = kind;
    file->event_fd = -1;
    memcpy(file->path, path, sizeof file->path);
    return file;
  }
  return NULL;
}

static int fails(const char *call) {
  if (fake.failure.left == 0 || strcmp(fake.failure.call, call) != 0) return 0;
  fake.failure.left--;
  return -fake.failure.error;
}

static void send_edge(struct fake_file *file, unsigned index, int level) {
  int logical = level ^ (int)(file->inverted >> index & 1);
  uint64_t wanted = logical ? GPIO_V2_LINE_FLAG_EDGE_RISING : GPIO_V2_LINE_FLAG_EDGE_FALLING;
  if (file->event_fd < 0 || !(file->flags & wanted)) return;
  struct gpio_v2_line_event event = {
      .timestamp_ns = (uint64_t)fake_now(),
      .id = logical ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE,
      .offset = file->offsets[index],
      .seqno = ++file->sequence,
      .line_seqno = file->sequence,
  };
  /* A full pipe loses the event, as the kernel does when its queue is full. */
  (void)!write(file->event_fd, &event, sizeof event);
}

void fake_put(struct fake_chip *chip, uint32_t offset, int level) {
  struct fake_line *line = &chip->line[offset];
  if (line->level == level) return;
  line->level = level;
  fake.history[fake.changes++ % FAKE_HISTORY] = (struct fake_change){offset, level, fake_now()};
  if (line->owner == NULL) return;
  for (unsigned i = 0; i < line->owner->count; i++)
    if (line->owner->offsets[i] == offset) send_edge(line->owner, i, level);
}

static void drive_line(struct fake_file *file, unsigned index, uint64_t logical) {
  int level = (int)((logical ^ file->inverted) >> index & 1);
  fake_put(file->chip, file->offsets[index], level);
  fake_hx711_on_clock(file->chip, file->offsets[index], level);
}

static void release(struct fake_file *file) {
  for (unsigned i = 0; i < file->count; i++) {
    struct fake_line *line = &file->chip->line[file->offsets[i]];
    line->owner = NULL;
    if (file->flags & GPIO_V2_LINE_FLAG_OUTPUT && !fake.keeps_levels)
      fake_put(file->chip, file->offsets[i], line->pull);
  }
  if (file->event_fd >= 0) close(file->event_fd);
}

void fake_close_all(void) {
  for (unsigned i = 0; i < FAKE_FILES; i++) {
    struct fake_file *file = &fake.files[i];
    if (file->kind == FAKE_REQUEST) release(file);
    if (file->kind != FAKE_FREE) close(file->fd);
    file->kind = FAKE_FREE;
  }
}

static void read_config(struct fake_file *file, const struct gpio_v2_line_config *config,
                        uint64_t *levels) {
  uint64_t all = ((uint64_t)1 << file->count) - 1;
  file->flags = config->flags;
  file->inverted = config->flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW ? all : 0;
  for (unsigned i = 0; i < config->num_attrs; i++) {
    const struct gpio_v2_line_config_attribute *item = &config->attrs[i];
    if (item->attr.id == GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES) *levels = item->attr.values;
    if (item->attr.id == GPIO_V2_LINE_ATTR_ID_DEBOUNCE)
      file->debounce_us = item->attr.debounce_period_us;
    if (item->attr.id == GPIO_V2_LINE_ATTR_ID_FLAGS &&
        item->attr.flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW)
      file->inverted |= item->mask;
  }
}

static int open_request(struct fake_file *file, bool has_edges) {
  int ends[2];
  if (!has_edges) return eventfd(0, EFD_CLOEXEC);
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
  file->event_fd = ends[1];
  return ends[0];
}

static int get_lines(struct fake_chip *chip, struct gpio_v2_line_request *request) {
  int failure = fails("request");
  if (failure != 0) return failure;
  for (unsigned i = 0; i < request->num_lines; i++) {
    if (request->offsets[i] >= chip->lines) return -EINVAL;
    struct fake_line *line = &chip->line[request->offsets[i]];
    if (line->owner != NULL || line->other[0] != 0) return -EBUSY;
  }
  struct fake_file *file = new_file(FAKE_REQUEST, chip->path);
  if (file == NULL || request->num_lines > FAKE_REQUEST_LINES) return -ENOMEM;
  uint64_t levels = 0;
  file->chip = chip;
  file->count = request->num_lines;
  memcpy(file->offsets, request->offsets, sizeof file->offsets);
  memcpy(file->consumer, request->consumer, sizeof file->consumer);
  read_config(file, &request->config, &levels);
  uint64_t edges = GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING;
  file->fd = open_request(file, file->flags & edges);
  for (unsigned i = 0; i < file->count; i++) {
    chip->line[file->offsets[i]].owner = file;
    if (file->flags & GPIO_V2_LINE_FLAG_OUTPUT) drive_line(file, i, levels);
  }
  request->fd = file->fd;
  return 0;
}

static int line_info(const struct fake_chip *chip, struct gpio_v2_line_info *info) {
  if (info->offset >= chip->lines) return -EINVAL;
  const struct fake_line *line = &chip->line[info->offset];
  info->flags = GPIO_V2_LINE_FLAG_INPUT;
  if (line->owner != NULL) {
    info->flags = line->owner->flags | GPIO_V2_LINE_FLAG_USED;
    if (line->owner->inverted != 0) info->flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW;
    memcpy(info->consumer, line->owner->consumer, sizeof info->consumer);
  } else if (line->other[0] != 0) {
    info->flags |= GPIO_V2_LINE_FLAG_USED;
    memcpy(info->consumer, line->other, sizeof info->consumer);
  }
  return 0;
}

static int chip_ioctl(struct fake_file *file, unsigned long request, void *argument) {
  if (request == GPIO_GET_CHIPINFO_IOCTL) {
    struct gpiochip_info *info = argument;
    memcpy(info->name, file->chip->name, sizeof info->name);
    memcpy(info->label, file->chip->label, sizeof info->label);
    info->lines = file->chip->lines;
    return 0;
  }
  if (request == GPIO_V2_GET_LINEINFO_IOCTL) return line_info(file->chip, argument);
  return request == GPIO_V2_GET_LINE_IOCTL ? get_lines(file->chip, argument) : -ENOTTY;
}

static int request_ioctl(struct fake_file *file, unsigned long request,
                         struct gpio_v2_line_values *values) {
  bool sets = request == GPIO_V2_LINE_SET_VALUES_IOCTL;
  int failure = fails(sets ? "set" : "get");
  if (failure != 0) return failure;
  uint64_t bits = 0;
  for (unsigned i = 0; i < file->count; i++) {
    if (!(values->mask >> i & 1)) continue;
    if (sets) {
      drive_line(file, i, values->bits);
      continue;
    }
    if (fake_hx711_is_data(file->chip, file->offsets[i])) fake_hx711_on_look(false);
    bits |= (uint64_t)file->chip->line[file->offsets[i]].level << i;
  }
  if (!sets) values->bits = (bits ^ file->inverted) & values->mask;
  return 0;
}

static struct fake_i2c_device *device_at(const char *path, uint16_t address) {
  for (unsigned i = 0; i < fake.device_count; i++)
    if (fake.devices[i].address == address && strcmp(fake.devices[i].path, path) == 0)
      return &fake.devices[i];
  return NULL;
}

static int i2c_ioctl(const struct fake_file *file, unsigned long request, void *argument) {
  if (request == I2C_FUNCS) {
    *(unsigned long *)argument = I2C_FUNC_I2C;
    return 0;
  }
  if (request != I2C_RDWR) return 0;
  int failure = fails("i2c");
  if (failure != 0) return failure;
  struct i2c_rdwr_ioctl_data *transfer = argument;
  for (unsigned i = 0; i < transfer->nmsgs; i++) {
    struct i2c_msg *message = &transfer->msgs[i];
    struct fake_i2c_device *device = device_at(file->path, message->addr);
    if (device == NULL) return -EREMOTEIO;
    unsigned from = 0;
    if (!(message->flags & I2C_M_RD)) device->pointer = message->buf[from++];
    for (; from < message->len; from++) {
      uint8_t *cell = &device->registers[device->pointer++];
      if (message->flags & I2C_M_RD) message->buf[from] = *cell;
      else *cell = message->buf[from];
    }
  }
  return (int)transfer->nmsgs;
}

static int spi_ioctl(struct fake_file *file, unsigned long request, void *argument) {
  if (request == SPI_IOC_WR_MAX_SPEED_HZ) file->speed_hz = *(uint32_t *)argument;
  if (request != SPI_IOC_MESSAGE(1)) return 0;
  int failure = fails("spi");
  if (failure != 0) return failure;
  struct spi_ioc_transfer *transfer = argument;
  const uint8_t *write = (const uint8_t *)(uintptr_t)transfer->tx_buf;
  uint8_t *read = (uint8_t *)(uintptr_t)transfer->rx_buf;
  /* Without an HX711 on it, the device inverts what it hears. */
  for (uint32_t i = 0; i < transfer->len; i++) read[i] = (uint8_t)~write[i];
  if (strcmp(file->path, fake.spi_path) == 0) {
    memset(read, 0, transfer->len);
    fake_hx711_on_spi(write, read, transfer->len, file->speed_hz);
  }
  return (int)transfer->len;
}

static int file_ioctl(struct fake_file *file, unsigned long request, void *argument) {
  if (file == NULL) return -EBADF;
  if (file->chip != NULL && file->chip->is_gone) return -ENODEV;
  if (file->kind == FAKE_CHIP_FILE) return chip_ioctl(file, request, argument);
  if (file->kind == FAKE_REQUEST) return request_ioctl(file, request, argument);
  if (fake.is_bus_gone) return -ENODEV;
  if (file->kind == FAKE_I2C) return i2c_ioctl(file, request, argument);
  return spi_ioctl(file, request, argument);
}

static int fake_ioctl(int fd, unsigned long request, void *argument) {
  pthread_mutex_lock(&fake.lock);
  bool is_slow = request == I2C_RDWR || request == SPI_IOC_MESSAGE(1);
  int delay_ms = is_slow ? fake.bus_delay_ms : 0;
  pthread_mutex_unlock(&fake.lock);
  struct timespec delay = {.tv_sec = delay_ms / 1000, .tv_nsec = delay_ms % 1000 * 1000000};
  if (delay_ms > 0) nanosleep(&delay, NULL);
  pthread_mutex_lock(&fake.lock);
  int result = file_ioctl(file_of(fd), request, argument);
  pthread_mutex_unlock(&fake.lock);
  return result;
}

/* The channel's file is a real one, in a folder of the test's. */
static int open_pwm(const char *path, const char *copy) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  struct fake_file *file = fd < 0 ? NULL : new_file(FAKE_PWM, copy);
  if (fd < 0) return -errno;
  if (file == NULL) return -EMFILE;
  file->fd = fd;
  return fd;
}

static long fake_write(int fd, const void *buffer, size_t size) {
  pthread_mutex_lock(&fake.lock);
  int failure = fails("write");
  pthread_mutex_unlock(&fake.lock);
  if (failure != 0) return failure;
  ssize_t length = pwrite(fd, buffer, size, 0);
  return length < 0 ? -errno : length;
}

static int open_path(const char *path) {
  char copy[FAKE_PATH] = "";
  strncpy(copy, path, sizeof copy - 1);
  int failure = fails("open");
  if (failure != 0) return failure;
  bool is_i2c = strncmp(path, "/dev/i2c-", 9) == 0, is_spi = strncmp(path, "/dev/spidev", 11) == 0;
  if (strstr(path, "/duty_cycle") != NULL) return open_pwm(path, copy);
  struct fake_chip *chip = fake_chip_at(copy);
  if (chip == NULL ? !(is_i2c || is_spi) || fake.is_bus_gone : chip->is_gone) return -ENOENT;
  enum fake_kind bus = is_i2c ? FAKE_I2C : FAKE_SPI;
  struct fake_file *file = new_file(chip != NULL ? FAKE_CHIP_FILE : bus, copy);
  if (file == NULL) return -EMFILE;
  file->chip = chip;
  file->fd = eventfd(0, EFD_CLOEXEC);
  return file->fd;
}

static int fake_open(const char *path, int flags) {
  (void)flags;
  pthread_mutex_lock(&fake.lock);
  int result = open_path(path);
  pthread_mutex_unlock(&fake.lock);
  return result;
}

static int fake_poll(struct pollfd *fds, unsigned count, int timeout_ms) {
  pthread_mutex_lock(&fake.lock);
  for (unsigned i = 0; i < count; i++) {
    const struct fake_file *file = file_of(fds[i].fd);
    bool is_data = file != NULL && file->kind == FAKE_REQUEST &&
                   fake_hx711_is_data(file->chip, file->offsets[0]);
    if (is_data && timeout_ms != 0) fake_hx711_on_look(true);
  }
  pthread_mutex_unlock(&fake.lock);
  int ready = poll(fds, count, timeout_ms);
  return ready < 0 ? -errno : ready;
}

static long fake_read(int fd, void *buffer, size_t size) {
  pthread_mutex_lock(&fake.lock);
  int failure = fails("read");
  pthread_mutex_unlock(&fake.lock);
  if (failure != 0) return failure;
  ssize_t length = read(fd, buffer, size);
  return length < 0 ? -errno : length;
}

static int fake_close(int fd) {
  pthread_mutex_lock(&fake.lock);
  struct fake_file *file = file_of(fd);
  if (file != NULL) {
    if (file->kind == FAKE_REQUEST) release(file);
    file->kind = FAKE_FREE;
    close(fd);
  }
  pthread_mutex_unlock(&fake.lock);
  return file == NULL ? -EBADF : 0;
}

static int64_t fake_now_ns(void) {
  pthread_mutex_lock(&fake.lock);
  int64_t now = fake_now();
  pthread_mutex_unlock(&fake.lock);
  return now;
}

const struct kernel_calls kernel = {
    .open = fake_open,
    .ioctl = fake_ioctl,
    .poll = fake_poll,
    .read = fake_read,
    .write = fake_write,
    .close = fake_close,
    .now_ns = fake_now_ns,
    .wait_until = fake_wait_until,
    .wake = fake_wake,
    .destroy = fake_destroy,
};
