import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FeederError } from '@cat-feeder/shared';
import { DeviceIdentity } from '../cloud/device-identity.ts';

/** What tells one board from another, the best one first. */
const boardFiles = ['/proc/device-tree/serial-number', '/etc/machine-id'];
const HW_BYTES = 8;

/**
 * This feeder's key, with a cloud or without: it signs the ledger, too. What went wrong, when
 * there is none: the feeder feeds without it.
 */
export function openIdentity(dataDir: string): DeviceIdentity | FeederError {
  try {
    return DeviceIdentity.open(join(dataDir, 'cloud-identity.json'), boardHash());
  } catch (error) {
    if (error instanceof FeederError) return error;
    throw error;
  }
}

/** 8 bytes that stand for this board. */
function boardHash(): string {
  const digest = createHash('sha256').update(boardName()).digest();
  return digest.subarray(0, HW_BYTES).toString('base64url');
}

function boardName(): string {
  for (const path of boardFiles) {
    try {
      return readFileSync(path, 'utf8').replaceAll('\0', '').trim();
    } catch {
      // Another kind of machine: the next file may be there.
    }
  }
  return 'unknown board';
}
