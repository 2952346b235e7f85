// So much of an Arduino core as the reference firmware uses, on an ordinary computer. Time passes only
// when a test lets it; what the sketch does to its pins and its wire is printed. Calls cost what they
// cost on an ATmega at 16 MHz, the slower of the two cores, so that a test sees how long the sketch
// keeps the interrupts away, and how long a clock pulse of the HX711 is.
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include <deque>

#define HIGH 1
#define LOW 0
#define OUTPUT 1
#define INPUT 0
#define INPUT_PULLUP 2
#define CHANGE 1
#define A0 14
#define A1 15
#define digitalPinToInterrupt(pin) (pin)

const int kSettling = 4;
const uint32_t kPowerDownUs = 60, kPinUs = 4, kInterruptUs = 80;

struct Shim {
  uint32_t nowMs = 0;
  int level[32] = {};
  int duty[32] = {};
  void (*onEdge)() = nullptr;
  std::deque<uint8_t> received;
  // The wire: what the core answers at most when it is asked for room, how much it holds before a
  // write would block, and what of that has not yet left. A millisecond takes 11 bytes away.
  int room = 64;
  int fifo = 64;
  int waiting = 0;
  uint32_t watchdogFeeds = 0;
  uint32_t fedMs = 0;
  uint32_t longestHungerMs = 0;
  // An HX711: data is low while a conversion waits; each rising clock gives a bit; 25 end it.
  int cellClock = -1, cellData = -1, clocks = 0;
  int32_t cell = 0;
  uint32_t cellReadyMs = 0;
  uint32_t cellEveryMs = 0;
  int cellSettling = 0;
  uint32_t highUs = 0;
  // Critical sections, in microseconds.
  bool isMasked = false;
  uint32_t maskedUs = 0;
  uint32_t longestMaskedUs = 0;

  bool cellWaits() const { return cellEveryMs > 0 && nowMs >= cellReadyMs; }
  int cellLevel() const {
    // While it settles it gives something, and that is not the load.
    const uint32_t given = static_cast<uint32_t>(cellSettling > 0 ? cell ^ 0x155555 : cell);
    if (clocks > 0 && clocks <= 24) return given >> (24 - clocks) & 1;
    return cellWaits() ? LOW : HIGH;
  }
  void powerCell() {
    clocks = 0;
    cellSettling = kSettling;
    cellReadyMs = nowMs + cellEveryMs;
  }
  void clockCell(bool isHigh) {
    if (isHigh) {
      clocks++;
      highUs = 0;
      return;
    }
    // A clock that is high for 60 us is an order to power down; low again, it powers up.
    if (highUs >= kPowerDownUs) return powerCell();
    if (clocks < 25) return;
    clocks = 0;
    if (cellSettling > 0) cellSettling--;
    cellReadyMs = nowMs + cellEveryMs;
  }
  // Everything costs time; where interrupts may come, one does, and costs more than a pulse may last.
  void spend(uint32_t us) {
    highUs += us + (isMasked ? 0 : kInterruptUs);
    if (!isMasked) return;
    maskedUs += us;
    if (maskedUs > longestMaskedUs) longestMaskedUs = maskedUs;
  }
  void pass() {
    nowMs++;
    waiting = waiting > 11 ? waiting - 11 : 0;
  }
  void feed() {
    watchdogFeeds++;
    if (nowMs - fedMs > longestHungerMs) longestHungerMs = nowMs - fedMs;
    fedMs = nowMs;
  }
};
extern Shim shim;

inline uint32_t millis() { return shim.nowMs; }
inline uint32_t micros() { return shim.nowMs * 1000; }
inline void delayMicroseconds(unsigned us) { shim.spend(us); }
inline void noInterrupts() {
  shim.isMasked = true;
  shim.maskedUs = 0;
}
inline void interrupts() { shim.isMasked = false; }
inline int analogRead(int) { return 500; }
inline void pinMode(int, int) {}
inline void attachInterrupt(int, void (*isr)(), int) { shim.onEdge = isr; }
inline void analogWrite(int pin, int value) {
  if (shim.duty[pin] == value) return;
  shim.duty[pin] = value;
  printf("pwm %u %d %d\n", shim.nowMs, pin, value);
}
inline void digitalWrite(int pin, int level) {
  shim.spend(kPinUs);
  if (pin != shim.cellClock || level == shim.level[pin]) return;
  shim.level[pin] = level;
  shim.clockCell(level == HIGH);
}
inline int digitalRead(int pin) {
  shim.spend(kPinUs);
  return pin == shim.cellData ? shim.cellLevel() : shim.level[pin];
}

struct Wire {
  void begin(long baud) { printf("baud %ld\n", baud); }
  int available() { return static_cast<int>(shim.received.size()); }
  int read() {
    const uint8_t byte = shim.received.front();
    shim.received.pop_front();
    return byte;
  }
  int availableForWrite() {
    const int left = shim.fifo - shim.waiting;
    return left < shim.room ? left : shim.room;
  }
  void write(const uint8_t* bytes, uint8_t count) {
    printf("tx %u ", shim.nowMs);
    for (uint8_t at = 0; at < count; at++) printf("%02x", bytes[at]);
    printf("\n");
    shim.waiting += count;
    if (shim.waiting > shim.fifo || shim.room == 0) printf("blocked %u\n", shim.nowMs);
  }
  void write(uint8_t byte) { write(&byte, 1); }
};
extern Wire Serial, Serial1;
