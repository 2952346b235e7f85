import { describe, expect, inject, it } from 'vitest';
import { runModel } from './run-model.ts';

describe('the HTTP API on real servers', () => {
  it('says and keeps what the model does, whatever feeders and members do', async () => {
    const [mariadb, redis, rgw] = [inject('mariadbUrl'), inject('redisUrl'), inject('rgwUrl')];
    const plan = { runs: 60, commands: 80, seed: 7, timeLimitMs: 20_000 };
    const { runs, commands } = await runModel({ mariadb, redis, rgw }, plan);
    expect(runs).toBeGreaterThan(5);
    expect(commands).toBeGreaterThan(50);
  }, 60_000);
});
