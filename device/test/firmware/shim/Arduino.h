// So much of an Arduino core as the reference firmware uses, on an ordinary computer. Time passes only
// when a test lets it; what the sketch does to its pins and its wire is printed.
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

struct Shim {
  uint32_t nowMs = 0;
  int level[32] = {};
  int duty[32] = {};
  void (*onEdge)() = nullptr;
  std::deque<uint8_t> received;
  int room = 64;
  uint32_t watchdogFeeds = 0;
  uint32_t fedMs = 0;
  uint32_t longestHungerMs = 0;
  // An HX711: data is low while a conversion waits; each rising clock gives a bit; 25 end it.
  int cellClock = -1, cellData = -1, clocks = 0;
  int32_t cell = 0;
  uint32_t cellReadyMs = 0;
  uint32_t cellEveryMs = 0;

  bool cellWaits() const { return cellEveryMs > 0 && nowMs >= cellReadyMs; }
  int cellLevel() const {
    if (clocks > 0 && clocks <= 24) return static_cast<uint32_t>(cell) >> (24 - clocks) & 1;
    return cellWaits() ? LOW : HIGH;
  }
  void clockCell() {
    if (++clocks < 25) return;
    clocks = 0;
    cellReadyMs = nowMs + cellEveryMs;
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
inline void delayMicroseconds(unsigned) {}
inline void noInterrupts() {}
inline void interrupts() {}
inline int analogRead(int) { return 500; }
inline void pinMode(int, int) {}
inline void attachInterrupt(int, void (*isr)(), int) { shim.onEdge = isr; }
inline void analogWrite(int pin, int value) {
  if (shim.duty[pin] == value) return;
  shim.duty[pin] = value;
  printf("pwm %u %d %d\n", shim.nowMs, pin, value);
}
inline void digitalWrite(int pin, int level) {
  if (pin == shim.cellClock && level == HIGH) shim.clockCell();
}
inline int digitalRead(int pin) { return pin == shim.cellData ? shim.cellLevel() : shim.level[pin]; }

struct Wire {
  void begin(long baud) { printf("baud %ld\n", baud); }
  int available() { return static_cast<int>(shim.received.size()); }
  int read() {
    const uint8_t byte = shim.received.front();
    shim.received.pop_front();
    return byte;
  }
  int availableForWrite() { return shim.room; }
  void write(const uint8_t* bytes, uint8_t count) {
    printf("tx %u ", shim.nowMs);
    while (count--) printf("%02x", *bytes++);
    printf("\n");
  }
};
extern Wire Serial, Serial1;
