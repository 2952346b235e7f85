/** One I2C bus. Transfers are queued; each is bounded in time by the adapter. */
export interface I2cBus {
  /**
   * One combined transfer: writes the bytes, then reads so many after a repeated start.
   * Addresses are 7 bits. Rejects with ERR_HARDWARE_FAULT when nothing acknowledges or the bus is gone.
   */
  transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array>;
  /** Gives up the bus. Idempotent. */
  close(): void;
}
