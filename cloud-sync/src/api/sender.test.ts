import { describe, expect, it } from 'vitest';
import { senderOf } from './sender.ts';

const request = (remoteAddress: string, forwarded?: string) => ({
  headers: { 'x-forwarded-for': forwarded },
  socket: { remoteAddress },
});

describe('who sends', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8::2:1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::', 'fe80:0:0:0'],
    ['', ''],
  ])('is the address %s as %s: of IPv6 the network', (address, sender) => {
    expect(senderOf(request(address), 0)).toBe(sender);
  });

  it('is what the outermost own proxy says, and never what stands before it', () => {
    expect(senderOf(request('10.0.0.1', '198.51.100.7'), 1)).toBe('198.51.100.7');
    expect(senderOf(request('10.0.0.1', '1.1.1.1, 198.51.100.7'), 1)).toBe('198.51.100.7');
    expect(senderOf(request('10.0.0.1', '1.1.1.1, 198.51.100.7, 10.0.0.2'), 2)).toBe(
      '198.51.100.7',
    );
    expect(senderOf(request('10.0.0.1', '1.1.1.1'), 0)).toBe('10.0.0.1');
  });

  it('is the one who connects when no proxy has said anything', () => {
    expect(senderOf(request('10.0.0.1'), 1)).toBe('10.0.0.1');
    expect(senderOf(request('10.0.0.1', '1.1.1.1'), 2)).toBe('10.0.0.1');
  });
});
