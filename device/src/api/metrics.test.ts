import { describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { fakeId } from '../../test/contracts/fake-parts.ts';

interface Family {
  readonly type: string;
  readonly samples: Map<string, number>;
}

/** A strict reader of the Prometheus text format, version 0.0.4. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let help = '';
  let family: { name: string; type: string; samples: Map<string, number> } | null = null;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment?.[1] === 'HELP') {
      help = comment[2] ?? '';
      continue;
    }
    if (comment?.[1] === 'TYPE') {
      const [, , name = '', type = ''] = comment;
      if (name !== help || families.has(name)) throw new SyntaxError(`family ${name}`);
      family = { name, type, samples: new Map() };
      families.set(name, family);
      continue;
    }
    const sample =
      /^([a-z_]+)(\{(?:[a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*)\})? (-?[\d.e+-]+|\+Inf|NaN)$/.exec(
        line,
      );
    if (sample === null || family === null) throw new SyntaxError(line);
    const [, name = '', labels = '', value = ''] = sample;
    const isOwn = name === family.name || name.replace(/_(bucket|sum|count)$/, '') === family.name;
    const key = `${name}${labels}`;
    if (!isOwn || family.samples.has(key)) throw new SyntaxError(`sample ${key}`);
    family.samples.set(key, Number(value));
  }
  return families;
}

async function scrape(feeder: FakeFeeder): Promise<Map<string, Family>> {
  const response = await feeder.request('GET', '/api/v1/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return parse(await response.text());
}

describe('GET /api/v1/metrics', () => {
  it('B-01, B-42 parses, and says what the feeder weighs and does', async () => {
    const families = await scrape(new FakeFeeder());
    const value = (name: string) => families.get(name)?.samples.get(name);
    expect(value('feeder_bowl_grams')).toBe(3.2);
    expect(value('feeder_loop_age_seconds')).toBe(0.02);
    expect(value('feeder_storage_ok')).toBe(1);
    expect(value('feeder_motor_on')).toBe(0);
    expect(value('feeder_event_loop_lag_seconds')).toBeGreaterThanOrEqual(0);
    // Without a hopper cell there is no figure, rather than a wrong one.
    expect(families.get('feeder_hopper_grams')?.samples.size).toBe(0);
  });

  it('counts feedings and grams when they end', async () => {
    const feeder = new FakeFeeder();
    for (const requestId of ['a', 'b']) {
      await feeder.request('POST', '/api/v1/feedings', { requestId, portionGrams: 12 });
      if (requestId === 'a') feeder.finish();
      else await feeder.request('POST', '/api/v1/stop');
    }
    const families = await scrape(feeder);
    const feedings = families.get('feeder_feedings_total')?.samples;
    const name = (result: string) =>
      `feeder_feedings_total{cause="person",result="${result}",reason="none"}`;
    expect([feedings?.get(name('served')), feedings?.get(name('cancelled'))]).toEqual([1, 1]);
    const grams = families.get('feeder_served_grams_total')?.samples;
    expect(grams?.get('feeder_served_grams_total{cause="person"}')).toBe(13);
  });

  it('B-43 keeps one series for each route, however many addresses were asked for', async () => {
    const feeder = new FakeFeeder();
    for (let i = 0; i < 50; i++) {
      await feeder.request('GET', `/api/v1/feedings/${fakeId()}`);
      await feeder.request('GET', `/no/such/page/${i}`);
      await feeder.request(`ODD${i}`, `/api/v1/status`);
    }
    const families = await scrape(feeder);
    const requests = families.get('feeder_http_request_duration_seconds')?.samples;
    const counts = [...(requests ?? [])].filter(([key]) => key.includes('_count'));
    expect(counts.map(([key, count]) => [key.replace(/^\w+/, ''), count])).toEqual([
      ['{method="GET",route="/api/v1/feedings/:id",status="404"}', 50],
      ['{method="GET",route="other",status="404"}', 50],
      ['{method="other",route="other",status="405"}', 50],
    ]);
    const buckets = [...(requests ?? [])].filter(([key]) => key.includes('feedings/:id'));
    const series = buckets.filter(([key]) => key.includes('_bucket')).map(([, value]) => value);
    expect(series).toEqual([...series].sort((a, b) => a - b));
    expect(series.at(-1)).toBe(50);
  });
});
