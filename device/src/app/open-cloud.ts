import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceIdentity } from '../cloud/device-identity.ts';
import type { DeviceConfig } from '../config/device-config.ts';
import type { CloudPart } from './compose-cloud.ts';

/** What tells one board from another, the best one first. */
const boardFiles = ['/proc/device-tree/serial-number', '/etc/machine-id'];
const HW_BYTES = 8;

/** The cloud that the settings name, with this feeder's key; undefined: none. */
export function openCloud({ cloudUrl, dataDir }: DeviceConfig): CloudPart | undefined {
  if (cloudUrl === null) return undefined;
  const identity = DeviceIdentity.open(join(dataDir, 'cloud-identity.json'), boardHash());
  return { url: cloudUrl, identity };
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
