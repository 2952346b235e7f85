// Reference firmware of a motor controller for the cat feeder: docs/coprocessor.md.
// Written for the Arduino cores of the RP2040 (Raspberry Pi Pico) and the ATmega328P (Nano).
// A DRV8871 or half a DRV8833 turns the motor, an HX711 reads the bowl, a Hall switch the shaft.

#include "feeder_link.h"

// The wire to the feeder: Serial1 is pins GP0 (TX) and GP1 (RX) of a Pico. For USB say Serial.
#if defined(ARDUINO_ARCH_RP2040)
#include <hardware/watchdog.h>
#define FEEDER_SERIAL Serial1
const uint8_t kIn1 = 16, kIn2 = 17, kFault = 18, kIndex = 19, kCellClock = 20, kCellData = 21;
#else
#include <avr/wdt.h>
#define FEEDER_SERIAL Serial
const uint8_t kIn1 = 5, kIn2 = 6, kFault = 7, kIndex = 2, kCellClock = 3, kCellData = 4;
#endif

volatile uint32_t edges = 0;

void countEdge() { edges++; }

// Frames on their way out. A core may know no more than whether there is room for one byte (that of
// the RP2040 answers 1 or 0), so bytes leave one by one, and never more than there is room for: a
// feeder that does not listen must not hold up the motor's clock. A frame that finds no place is left
// out as a whole; the next status says the same, newer.
struct Outbox {
  uint8_t bytes[64];
  uint8_t first = 0, count = 0;

  void add(const uint8_t* frame, uint8_t length) {
    if (length > sizeof bytes - count) return;
    for (uint8_t at = 0; at < length; at++) bytes[(first + count++) % sizeof bytes] = frame[at];
  }
  void drain() {
    while (count > 0 && FEEDER_SERIAL.availableForWrite() > 0) {
      FEEDER_SERIAL.write(bytes[first]);
      first = (first + 1) % sizeof bytes;
      count--;
    }
  }
};

struct PinBoard : feeder::Board {
  Outbox outbox;
  void drive(feeder::Motion motion, uint8_t speed) override {
    analogWrite(kIn1, motion == feeder::kForward ? speed : 0);
    analogWrite(kIn2, motion == feeder::kReverse ? speed : 0);
  }
  bool hasDriverFault() override { return digitalRead(kFault) == LOW; }
  void write(const uint8_t* bytes, uint8_t count) override {
    outbox.add(bytes, count);
    outbox.drain();
  }
};

PinBoard board;
feeder::Link* feederLink = nullptr;

void startWatchdog() {
#if defined(ARDUINO_ARCH_RP2040)
  watchdog_enable(100, true);
#else
  wdt_enable(WDTO_120MS);
#endif
}

void feedWatchdog() {
#if defined(ARDUINO_ARCH_RP2040)
  watchdog_update();
#else
  wdt_reset();
#endif
}

// What it gives after a power-up has not settled for so many conversions (400 ms at 10 a second).
const uint8_t kSettlingConversions = 4;
// A cell that gives no conversion for so long is gone, and will have lost its power.
const uint16_t kCellGoneMs = 500;

// Powers the HX711 down and up, so that it begins anew whatever it was in the middle of.
void resetCell() {
  digitalWrite(kCellClock, HIGH);
  delayMicroseconds(100);
  digitalWrite(kCellClock, LOW);
}

// One conversion of the HX711, channel A with gain 128; only when it is ready. A clock that is high
// for 60 us powers it down, so nothing may come between: interrupts are off during each high phase,
// 10 us or so with the digitalWrite of an ATmega. Not longer: the whole reading takes that core 400 us,
// in which five bytes arrive, and its receiver holds two.
int32_t readCell() {
  uint32_t value = 0;
  for (uint8_t bit = 0; bit < 25; bit++) {
    noInterrupts();
    digitalWrite(kCellClock, HIGH);
    delayMicroseconds(1);
    digitalWrite(kCellClock, LOW);
    interrupts();
    // The bit stays until the next clock rises.
    if (bit < 24) value = value << 1 | (digitalRead(kCellData) == HIGH ? 1 : 0);
  }
  return static_cast<int32_t>(value << 8) >> 8;
}

void setup() {
  // The pins first: whatever was before, the motor is off.
  pinMode(kIn1, OUTPUT);
  pinMode(kIn2, OUTPUT);
  board.drive(feeder::kOff, 0);
  pinMode(kFault, INPUT_PULLUP);
  pinMode(kIndex, INPUT_PULLUP);
  pinMode(kCellClock, OUTPUT);
  // Without a cell the line reads high: not ready.
  pinMode(kCellData, INPUT_PULLUP);
  resetCell();
  attachInterrupt(digitalPinToInterrupt(kIndex), countEdge, CHANGE);
  FEEDER_SERIAL.begin(115200);
  // Differs between power-ups: the noise of an open input, and how long the rest took.
  const uint16_t bootId = static_cast<uint16_t>(analogRead(A0) * 64 + analogRead(A1) + micros());
  const uint8_t hasEdges = 1 << 2;
  static feeder::Link link(board, bootId, hasEdges);
  feederLink = &link;
  startWatchdog();
}

void loop() {
  static uint32_t statusMs = 0;
  static uint32_t conversionMs = 0;
  static uint32_t settledMs = 0;
  static uint8_t settling = kSettlingConversions;
  feedWatchdog();
  feederLink->tick(millis());
  // A few bytes at a time, so that a flood of them cannot keep tick() waiting.
  for (uint8_t count = 0; count < 16 && FEEDER_SERIAL.available() > 0; count++) {
    feederLink->receive(static_cast<uint8_t>(FEEDER_SERIAL.read()), millis());
  }
  board.outbox.drain();
  feeder::Readings readings;
  bool isWeighed = false;
  if (millis() - conversionMs > kCellGoneMs) settling = kSettlingConversions;
  if (digitalRead(kCellData) == LOW) {
    readings.bowl = readCell();
    conversionMs = millis();
    isWeighed = settling == 0;
    if (settling > 0) settling--;
  }
  if (isWeighed) settledMs = millis();
  else readings.bowl = feeder::kNoCounts;
  const uint32_t everyMs = feederLink->isFast() ? 12 : 100;
  // A cell that gives nothing for half a second is reported as missing, at the pace of rest.
  const bool isMissing = millis() - settledMs > kCellGoneMs && millis() - statusMs >= 100;
  if (isMissing || (isWeighed && millis() - statusMs >= everyMs)) {
    noInterrupts();
    readings.edges = edges;
    interrupts();
    statusMs = millis();
    feederLink->sendStatus(readings, statusMs);
  }
}
