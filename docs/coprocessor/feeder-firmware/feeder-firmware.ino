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

struct PinBoard : feeder::Board {
  void drive(feeder::Motion motion, uint8_t speed) override {
    analogWrite(kIn1, motion == feeder::kForward ? speed : 0);
    analogWrite(kIn2, motion == feeder::kReverse ? speed : 0);
  }
  bool hasDriverFault() override { return digitalRead(kFault) == LOW; }
  void write(const uint8_t* bytes, uint8_t count) override {
    // A feeder that does not listen must not hold up the motor's clock.
    if (FEEDER_SERIAL.availableForWrite() >= count) FEEDER_SERIAL.write(bytes, count);
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

// One conversion of the HX711, channel A with gain 128: about 60 us, only when it is ready.
int32_t readCell() {
  uint32_t value = 0;
  noInterrupts();
  for (uint8_t bit = 0; bit < 25; bit++) {
    digitalWrite(kCellClock, HIGH);
    delayMicroseconds(1);
    if (bit < 24) value = value << 1 | (digitalRead(kCellData) == HIGH ? 1 : 0);
    digitalWrite(kCellClock, LOW);
    delayMicroseconds(1);
  }
  interrupts();
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
  digitalWrite(kCellClock, LOW);
  pinMode(kCellData, INPUT);
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
  feedWatchdog();
  feederLink->tick(millis());
  // A few bytes at a time, so that a flood of them cannot keep tick() waiting.
  for (uint8_t count = 0; count < 16 && FEEDER_SERIAL.available() > 0; count++) {
    feederLink->receive(static_cast<uint8_t>(FEEDER_SERIAL.read()), millis());
  }
  feeder::Readings readings;
  const bool isReady = digitalRead(kCellData) == LOW;
  if (isReady) {
    readings.bowl = readCell();
    conversionMs = millis();
  }
  const uint32_t everyMs = feederLink->isFast() ? 12 : 100;
  // A cell that gives nothing for half a second is reported as missing, at the pace of rest.
  const bool isMissing = millis() - conversionMs > 500 && millis() - statusMs >= 100;
  if (isMissing || (isReady && millis() - statusMs >= everyMs)) {
    noInterrupts();
    readings.edges = edges;
    interrupts();
    statusMs = millis();
    feederLink->sendStatus(readings, statusMs);
  }
}
