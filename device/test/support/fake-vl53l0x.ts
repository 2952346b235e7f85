import { FeederError } from '@cat-feeder/shared';
import type { I2cBus } from '../../src/hardware/io/i2c-bus.ts';

/** The registers of a VL53L0X on a bus of its own, as far as one shot needs them. */
export class FakeVl53l0x implements I2cBus {
  millimetres = 200;
  rangeStatus = 11;
  signalMcps = 10;
  model = 0xee;
  isPlugged = true;
  isSilent = false;
  shots = 0;
  readonly #registers = new Uint8Array(256);

  transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array> {
    if (!this.isPlugged || address !== 0x29) {
      const message = `Nothing answers at 0x${address.toString(16)}.`;
      return Promise.reject(new FeederError('ERR_HARDWARE_FAULT', { message }));
    }
    const [register = 0, value] = write;
    this.#registers[0xc0] = this.model;
    if (value !== undefined) this.#write(register, value);
    return Promise.resolve(this.#registers.slice(register, register + readLength));
  }

  close(): void {
    this.isPlugged = false;
  }

  #write(register: number, value: number): void {
    this.#registers[register] = value;
    if (register === 0x0b) this.#registers[0x13] = 0;
    if (register !== 0x00 || value !== 0x01 || this.isSilent) return;
    this.shots += 1;
    const view = new DataView(this.#registers.buffer);
    view.setUint8(0x14, (this.rangeStatus << 3) | 1);
    view.setUint16(0x14 + 6, Math.round(this.signalMcps * 128));
    view.setUint16(0x14 + 10, this.millimetres);
    this.#registers[0x00] = 0;
    this.#registers[0x13] = 4;
  }
}
