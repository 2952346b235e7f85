import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brokenEdge, brokenEdges, importsOf, layers, sourceFiles } from './layers.ts';

const root = resolve(import.meta.dirname, '../..');

describe('A-02, A-03 the layer table', () => {
  it('holds for every import', () => {
    expect(brokenEdges(root).join('\n')).toBe('');
  });

  it('gives a reason for each rule', () => {
    expect(Object.values(layers).every((layer) => layer.why.length > 20)).toBe(true);
  });

  const forbidden = [
    ['device/src/weighing/scale.ts', '../dispensing/motor.ts'],
    ['device/src/dispensing/dispenser.ts', '../hardware/board.ts'],
    ['device/src/dispensing/dispenser.ts', 'node:fs'],
    ['device/src/dispensing/dispenser.ts', '@cat-feeder/board-io'],
    ['device/src/feeding/feed-pet.ts', '../storage/database.ts'],
    ['device/src/pets/rations.ts', 'temporal-polyfill'],
    ['device/src/platform/jobs.ts', '../feeding/feed-pet.ts'],
    ['device/src/hardware/simulated/scale.ts', '../../feeding/feed-pet.ts'],
    ['device/src/api/routes/pets.ts', '../../storage/database.ts'],
    ['device/src/api/server.ts', '../main.ts'],
    ['device/src/cli/status.ts', '../app/compose-device.ts'],
    ['device/src/helpers/things.ts', 'valibot'],
    ['device/ui/app.tsx', '../src/platform/clock.ts'],
    ['shared/src/units.ts', '../../device/src/platform/clock.ts'],
    ['shared/src/units.ts', 'node:crypto'],
    ['cloud-sync/src/main.ts', '@cat-feeder/device'],
    ['cloud-sync/src/main.ts', '../../device/src/platform/random.ts'],
    ['cloud-sync/src/core/ingest.ts', 'mysql2'],
    ['cloud-sync/src/core/ingest.ts', 'node:crypto'],
    ['cloud-sync/src/core/ingest.ts', '../main.ts'],
    ['cloud-sync/src/clips/clip-uploads.ts', '@aws-sdk/client-s3'],
    ['device/src/sync/link.ts', 'node:crypto'],
    ['device/src/sync/link.ts', '../storage/event-log.ts'],
    ['device/src/sync/link.ts', '../feeding/feed-service.ts'],
    ['device/src/feeding/feed-service.ts', '../sync/link.ts'],
    ['device/src/scheduling/scheduler.ts', '../sync/link.ts'],
  ] as const;
  it.each(forbidden)('catches %s importing %s', (path, imported) => {
    expect(brokenEdge(path, imported)).toContain(path);
  });

  const allowed = [
    ['device/src/weighing/scale.ts', '../platform/clock.ts'],
    ['device/src/dispensing/dispenser.ts', '../weighing/scale.ts'],
    ['device/src/scheduling/next-feedings.ts', 'temporal-polyfill'],
    ['device/src/feeding/feed-pet.ts', '@cat-feeder/shared'],
    ['device/src/app/compose-device.ts', '../hardware/board.ts'],
    ['device/src/hardware/io/lines.ts', '@cat-feeder/board-io'],
    ['device/ui/views/today.tsx', '../api-client.ts'],
    ['device/src/storage/sync-store.ts', '../sync/sync-store.ts'],
    ['cloud-sync/src/main.ts', './core/ingest.ts'],
    ['cloud-sync/simulation/world.ts', '../../device/src/sync/link.ts'],
  ] as const;
  it.each(allowed)('allows %s importing %s', (path, imported) => {
    expect(brokenEdge(path, imported)).toBeUndefined();
  });

  it('sees every form of import', () => {
    const source = [
      "import { a } from 'one';",
      "import type {\n  b,\n} from 'two';",
      "export * from 'three';",
      "import 'four';",
      "const five = await import('five');",
    ].join('\n');
    expect(importsOf(source)).toEqual(['one', 'two', 'three', 'four', 'five']);
  });
});

describe('the tests themselves', () => {
  /** A mocked module, a faked timer or a test left out or alone proves nothing. */
  const banned = /\bvi\.(mock|doMock|useFakeTimers)\b|\.(only|skip)\(/;

  it('use no module mocks and no fake timers, and leave no test out', () => {
    const tests = sourceFiles(root, ['shared/src', 'device', 'cloud-sync', 'scripts'])
      .filter((path) => /\.test\.tsx?$/.test(path) || path.startsWith('device/test/'))
      .filter((path) => banned.test(readFileSync(join(root, path), 'utf8')));
    expect(tests).toEqual([]);
  });

  it('would be caught', () => {
    for (const word of ['mock', 'useFakeTimers']) expect(banned.test(`vi.${word}`)).toBe(true);
    for (const word of ['only', 'skip']) expect(banned.test(`it.${word}(`)).toBe(true);
  });
});

describe('docs/architecture.md', () => {
  it('A-65 names only paths that exist', () => {
    const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const named = [
      ...text.matchAll(/`((?:shared|device|cloud-sync|scripts|docs|systemd)\/[^`\s]*)`/g),
    ];
    expect(named.length).toBeGreaterThan(0);
    expect(named.map((match) => match[1] ?? '').filter((p) => !existsSync(join(root, p)))).toEqual(
      [],
    );
  });
});
