import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../device/src/config/describe-config.ts';
import { DeviceConfigSchema } from '../device/src/config/device-config.ts';

const known = describeConfig(DeviceConfigSchema as never).map(({ flag }) => flag);

describe('the settings that scripts give the program', () => {
  it.each(['scripts/start', 'device/test/e2e/real-daemon.ts'])('%s names known ones', (path) => {
    const text = readFileSync(path, 'utf8');
    const run = text.slice(text.search(/\brun\b['\s]/));
    const named = [...run.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([flag]) => flag);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((flag) => !known.includes(flag))).toEqual([]);
  });
});
