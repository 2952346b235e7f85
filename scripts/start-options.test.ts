import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../device/src/config/describe-config.ts';
import { DeviceConfigSchema } from '../device/src/config/device-config.ts';
import { shippedMemorySettings, shippedNodeFlags } from '../device/test/daemon/daemon-process.ts';

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

describe('the flags of Node that scripts/start runs with', () => {
  it('are those of the service', () => {
    const text = readFileSync('scripts/start', 'utf8');
    // All that comes before the program, with another word in its place.
    const [, run = ''] = /\n(read_node_settings[\s\S]*?)dist\/device\/feeder\.mjs/.exec(text) ?? [];
    const shell = `source scripts/setup\nnode() { printf '%s\\n' "$@"; env | grep ^MALLOC_; }\n${run.replace('exec ', '')}`;
    const { stdout } = spawnSync('bash', ['-c', shell], { encoding: 'utf8' });
    const settings = Object.entries(shippedMemorySettings()).map((entry) => entry.join('='));
    expect(stdout.trim().split('\n')).toEqual([...shippedNodeFlags(), ...settings]);
    expect(shippedNodeFlags().length).toBeGreaterThan(3);
    expect(settings).toHaveLength(1);
  });
});
