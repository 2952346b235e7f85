import { afterEach, describe, expect, it } from 'vitest';
import { loadFakeBoard } from './fake/fake-board.ts';

const board = loadFakeBoard();
const { fake } = board;
const path = '/dev/i2c-1';
const ADDRESS = 0x2a;

afterEach(() => fake.reset());

describe('I2C', () => {
  it('writes and reads in one transfer', async () => {
    fake.i2cDevice(
      path,
      ADDRESS,
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    const bus = board.openI2c(path);
    expect([...(await bus.transfer(ADDRESS, Uint8Array.of(0x12), 3))]).toEqual([0x12, 0x13, 0x14]);
    expect([...(await bus.transfer(ADDRESS, Uint8Array.of(0x12, 7, 9), 0))]).toEqual([]);
    expect([...(await bus.transfer(ADDRESS, Uint8Array.of(0x12), 2))]).toEqual([7, 9]);
    expect([...(await bus.transfer(ADDRESS, new Uint8Array(), 1))]).toEqual([0x14]);
    bus.close();
  });

  it('leaves the event loop free while the bus is slow', async () => {
    fake.i2cDevice(path, ADDRESS, new Uint8Array(256));
    fake.buses(false, 100);
    const bus = board.openI2c(path);
    const order: string[] = [];
    const transfer = bus.transfer(ADDRESS, Uint8Array.of(0), 1).then(() => order.push('transfer'));
    await new Promise<void>((resolve) => setImmediate(resolve)).then(() => order.push('loop'));
    await transfer;
    expect(order).toEqual(['loop', 'transfer']);
    bus.close();
  });

  it('names a device that does not answer and a bus that is gone', async () => {
    const bus = board.openI2c(path);
    await expect(bus.transfer(ADDRESS, Uint8Array.of(0), 1)).rejects.toMatchObject({
      code: 'EREMOTEIO',
      syscall: 'i2c transfer',
      path,
    });
    fake.buses(true, 0);
    await expect(bus.transfer(ADDRESS, Uint8Array.of(0), 1)).rejects.toMatchObject({
      code: 'ENODEV',
    });
    expect(() => board.openI2c(path)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    bus.close();
  });

  it('rejects a transfer after close, and one that close overtook', async () => {
    fake.i2cDevice(path, ADDRESS, new Uint8Array(256));
    const bus = board.openI2c(path);
    bus.close();
    bus.close();
    await expect(bus.transfer(ADDRESS, Uint8Array.of(0), 1)).rejects.toMatchObject({
      code: 'ECANCELED',
    });
  });

  it.each([
    [0x80, Uint8Array.of(0), 1],
    [ADDRESS, new Uint8Array(257), 1],
    [ADDRESS, Uint8Array.of(0), 257],
    [ADDRESS, Uint16Array.of(0) as unknown as Uint8Array, 1],
    [ADDRESS, [0] as unknown as Uint8Array, 1],
  ])('refuses address %i, %j, %i bytes', (address, write, length) => {
    const bus = board.openI2c(path);
    expect(() => bus.transfer(address, write, length)).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
    bus.close();
  });
});
