// Runs the reference firmware by a script on the standard input, one command a line:
//
//   link BOOT FEATURES   a new half of the protocol by itself (feeder_link.h), at time 0
//   at MS                lets its time pass, a millisecond at a time
//   rx HEX               bytes from the feeder
//   status EDGES MILLIAMPS BOWL HOPPER
//   state                prints: state MOTION CAUSE FAST
//
//   boot                 the whole sketch: setup()
//   run MS               calls loop() every millisecond for so long
//   serial HEX           bytes from the feeder
//   pin PIN LEVEL        what an input reads
//   cell EVERY COUNTS    an HX711 that converts so often; 0: none answers
//   edges COUNT          so many edges of the shaft
//   wire ROOM FIFO       what the core answers at most when asked for room, and what it truly holds
//   watchdog             prints: watchdog LONGEST_HUNGER_MS
//   masked               prints: masked LONGEST_US, the longest critical section since boot
#include <inttypes.h>
#include <string.h>

#include <memory>

#include "Arduino.h"
#include SKETCH

Shim shim;
Wire Serial, Serial1;

struct PrintedBoard : feeder::Board {
  void drive(feeder::Motion motion, uint8_t speed) override { printf("drive %d %d\n", motion, speed); }
  bool hasDriverFault() override { return false; }
  void write(const uint8_t* bytes, uint8_t count) override {
    shim.waiting = 0;
    Serial.write(bytes, count);
  }
};

template <typename Take>
void eachByte(const char* hex, Take take) {
  unsigned byte;
  for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) take(static_cast<uint8_t>(byte));
}

int main() {
  PrintedBoard printed;
  std::unique_ptr<feeder::Link> link;
  static char line[65536], hex[65536];
  while (fgets(line, sizeof line, stdin)) {
    unsigned a, b;
    int first, second;
    feeder::Readings readings;
    if (sscanf(line, "link %u %u", &a, &b) == 2) {
      link.reset(new feeder::Link(printed, static_cast<uint16_t>(a), static_cast<uint8_t>(b)));
      shim.nowMs = 0;
      printf("link\n");
    } else if (sscanf(line, "at %u", &a) == 1) {
      while (shim.nowMs < a) link->tick(++shim.nowMs);
    } else if (sscanf(line, "rx %65000s", hex) == 1) {
      eachByte(hex, [&](uint8_t byte) { link->receive(byte, shim.nowMs); });
    } else if (sscanf(line, "status %u %u %d %d", &a, &b, &first, &second) == 4) {
      readings.edges = a;
      readings.milliamps = static_cast<uint16_t>(b);
      readings.bowl = first;
      readings.hopper = second;
      link->sendStatus(readings, shim.nowMs);
    } else if (strcmp(line, "state\n") == 0) {
      printf("state %d %d %d\n", link->motion(), link->cause(), link->isFast());
    } else if (strcmp(line, "boot\n") == 0) {
      shim.cellClock = kCellClock;
      shim.cellData = kCellData;
      shim.level[kFault] = HIGH;
      setup();
    } else if (sscanf(line, "run %u", &a) == 1) {
      for (; a > 0; a--) {
        shim.pass();
        loop();
      }
    } else if (sscanf(line, "serial %65000s", hex) == 1) {
      eachByte(hex, [](uint8_t byte) { shim.received.push_back(byte); });
    } else if (sscanf(line, "pin %u %u", &a, &b) == 2) {
      shim.level[a] = static_cast<int>(b);
    } else if (sscanf(line, "cell %u %d", &a, &first) == 2) {
      const bool isPowerUp = shim.cellEveryMs == 0;
      shim.cellEveryMs = a;
      shim.cell = first;
      if (isPowerUp) shim.powerCell();
    } else if (sscanf(line, "edges %u", &a) == 1) {
      while (a--) shim.onEdge();
    } else if (sscanf(line, "wire %u %u", &a, &b) == 2) {
      shim.room = static_cast<int>(a);
      shim.fifo = static_cast<int>(b);
    } else if (strcmp(line, "masked\n") == 0) {
      printf("masked %u\n", shim.longestMaskedUs);
    } else if (strcmp(line, "watchdog\n") == 0) {
      printf("watchdog %u\n", shim.longestHungerMs);
    } else {
      fprintf(stderr, "not understood: %s", line);
      return 64;
    }
  }
  return 0;
}
