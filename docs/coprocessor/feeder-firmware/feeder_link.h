// The motor controller's half of docs/coprocessor.md, in plain C++11 without any board's library.
// It decides when the motor may turn; the sketch beside it only moves pins and reads sensors.
#pragma once
#include <stdint.h>
#include <string.h>

namespace feeder {

const uint8_t kSync = 0xa5;
const uint8_t kProtocol = 1;
const uint8_t kPayloadMax = 32;
const uint16_t kSliceMsMax = 250;
const uint16_t kCutOffMs = 300;
const uint16_t kNoCurrent = 0xffff;
const int32_t kNoCounts = 0x7fffffff;

enum Motion : uint8_t { kOff = 0, kForward = 1, kReverse = 2 };
enum StopCause : uint8_t { kNone = 0, kSliceEnd = 1, kStop = 2, kSilence = 3, kDriverFault = 4 };

inline uint16_t crc16(const uint8_t* bytes, uint8_t count) {
  uint16_t crc = 0xffff;
  while (count--) {
    crc ^= static_cast<uint16_t>(*bytes++) << 8;
    for (uint8_t bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc;
}

/// What the sensors say; filled in by the sketch before each status.
struct Readings {
  uint32_t edges = 0;
  uint16_t milliamps = kNoCurrent;
  int32_t bowl = kNoCounts;
  int32_t hopper = kNoCounts;
  bool isUndervoltage = false;
};

/// The board, as the sketch implements it.
struct Board {
  /// speed is 0 (off) to 255. Called at every change, and with kOff as often as in doubt.
  virtual void drive(Motion motion, uint8_t speed) = 0;
  virtual bool hasDriverFault() = 0;
  virtual void write(const uint8_t* bytes, uint8_t count) = 0;
};

class Link {
 public:
  Link(Board& board, uint16_t bootId, uint8_t features)
      : board_(board), bootId_(bootId), features_(features) {}

  /// Every byte from the feeder, with the time of the board in milliseconds.
  void receive(uint8_t byte, uint32_t nowMs) {
    held_[heldCount_++] = byte;
    while (heldCount_ > 0) {
      const uint8_t payload = heldCount_ > 1 ? held_[1] : 0;
      const uint8_t length = 4 + payload + 2;
      const bool canBe = held_[0] == kSync && payload <= kPayloadMax;
      if (canBe && heldCount_ < length) return;
      if (!canBe || !isSound(payload)) {
        drop(1);
        continue;
      }
      take(held_[2], held_[3], held_ + 4, payload, nowMs);
      drop(length);
    }
  }

  /// Call at least every millisecond, and from a timer interrupt if the loop may ever be late.
  void tick(uint32_t nowMs) {
    if (motion_ != kOff && board_.hasDriverFault()) stop(kDriverFault);
    if (motion_ != kOff && nowMs - startedMs_ >= sliceMs_) stop(kSliceEnd);
    if (isGreeted_ && nowMs - heardMs_ >= kCutOffMs) {
      isGreeted_ = false;
      if (motion_ != kOff) stop(kSilence);
    }
  }

  /// 10 a second at rest, 80 a second while dispensing: one for each conversion of the cell.
  void sendStatus(const Readings& readings, uint32_t nowMs) {
    uint8_t payload[22];
    put(payload, nowMs, 4);
    payload[4] = motion_;
    payload[5] = cause_;
    payload[6] = obeyed_;
    put(payload + 7, readings.edges, 4);
    put(payload + 11, readings.milliamps, 2);
    put(payload + 13, static_cast<uint32_t>(readings.bowl), 4);
    put(payload + 17, static_cast<uint32_t>(readings.hopper), 4);
    payload[21] = (readings.isUndervoltage ? 1 : 0) | (isGreeted_ ? 2 : 0);
    send(0x82, payload, sizeof payload);
  }

  bool isFast() const { return isFast_; }
  Motion motion() const { return motion_; }
  StopCause cause() const { return cause_; }

 private:
  void take(uint8_t sequence, uint8_t type, const uint8_t* payload, uint8_t count, uint32_t nowMs) {
    if (type == 0x01) {
      if (count < 1 || payload[0] != kProtocol) return;
      isGreeted_ = true;
      heard_ = obeyed_ = sequence;
      heardMs_ = nowMs;
      const uint8_t hello[4] = {kProtocol, static_cast<uint8_t>(bootId_),
                                static_cast<uint8_t>(bootId_ >> 8), features_};
      send(0x81, hello, sizeof hello);
      return;
    }
    const uint8_t ahead = sequence - heard_;
    if (!isGreeted_ || ahead == 0 || ahead >= 128 || !isKnown(type, payload, count)) return;
    heard_ = sequence;
    heardMs_ = nowMs;
    if (type == 0x05) isFast_ = payload[0] != 0;
    if (type == 0x04) {
      obeyed_ = sequence;
      stop(kStop);
    }
    if (type == 0x03) {
      obeyed_ = sequence;
      run(payload[0] ? kReverse : kForward, payload[1], payload[2] | payload[3] << 8, nowMs);
    }
  }

  static bool isKnown(uint8_t type, const uint8_t* payload, uint8_t count) {
    if (type == 0x02 || type == 0x04) return count == 0;
    if (type == 0x05) return count == 1;
    if (type != 0x03 || count != 4) return false;
    const uint16_t ms = payload[2] | payload[3] << 8;
    return payload[0] <= 1 && payload[1] >= 1 && ms >= 1 && ms <= kSliceMsMax;
  }

  void run(Motion motion, uint8_t speed, uint16_t ms, uint32_t nowMs) {
    if (board_.hasDriverFault()) return stop(kDriverFault);
    startedMs_ = nowMs;
    sliceMs_ = ms;
    // A driver that is turned round under way is switched off in between.
    if (motion_ != kOff && motion_ != motion) board_.drive(kOff, 0);
    motion_ = motion;
    board_.drive(motion, speed);
  }

  void stop(StopCause cause) {
    board_.drive(kOff, 0);
    motion_ = kOff;
    cause_ = cause;
  }

  bool isSound(uint8_t payload) const {
    const uint16_t crc = held_[4 + payload] | held_[5 + payload] << 8;
    return crc == crc16(held_ + 1, 3 + payload);
  }

  void drop(uint8_t count) {
    heldCount_ -= count;
    memmove(held_, held_ + count, heldCount_);
  }

  void send(uint8_t type, const uint8_t* payload, uint8_t count) {
    uint8_t frame[4 + kPayloadMax + 2] = {kSync, count, ++sequence_, type};
    memcpy(frame + 4, payload, count);
    put(frame + 4 + count, crc16(frame + 1, 3 + count), 2);
    board_.write(frame, 4 + count + 2);
  }

  static void put(uint8_t* at, uint32_t value, uint8_t bytes) {
    for (; bytes--; value >>= 8) *at++ = static_cast<uint8_t>(value);
  }

  Board& board_;
  const uint16_t bootId_;
  const uint8_t features_;
  uint8_t held_[4 + kPayloadMax + 2];
  uint8_t heldCount_ = 0;
  bool isGreeted_ = false;
  bool isFast_ = false;
  uint8_t heard_ = 0;
  uint8_t obeyed_ = 0;
  uint8_t sequence_ = 0;
  uint32_t heardMs_ = 0;
  uint32_t startedMs_ = 0;
  uint16_t sliceMs_ = 0;
  Motion motion_ = kOff;
  StopCause cause_ = kNone;
};

}  // namespace feeder
