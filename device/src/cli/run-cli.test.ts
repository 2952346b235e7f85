import { FeederError } from '@cat-feeder/shared';
import { afterAll, describe, expect, it } from 'vitest';
import { CONFLICT_ID } from '../../test/contracts/fake-cloud.ts';
import { FAKE_URL, FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { fakeMachine } from '../../test/support/fake-machine.ts';
import type { CliIo } from './command.ts';
import { commands } from './commands/all.ts';
import { runCli } from './run-cli.ts';

const machine = fakeMachine();
afterAll(() => machine.folder.end());

interface Terminal {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

function terminal(feeder: FakeFeeder, overrides: Partial<CliIo> = {}) {
  let requests = 0;
  return async (line: string): Promise<Terminal> => {
    let out = '';
    let err = '';
    const io: CliIo = {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      fetch: async (url, init) => feeder.api.app.request(url, init),
      env: { FEEDER_URL: FAKE_URL },
      feederUrl: () => FAKE_URL,
      sleep: async () => feeder.finish(),
      newRequestId: () => {
        requests += 1;
        return `cli-${requests}`;
      },
      loadConfig: () => ({ config: { port: 8480 }, warnings: [], report: 'port = 8480' }),
      ask: async () => false,
      writeFile: () => {},
      saveNew: async (_path, bytes) => (await new Response(bytes).bytes()).length,
      machine,
      ...overrides,
    };
    // Words in quotes belong together, as in a shell.
    const argv = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? '');
    const code = await runCli(argv, io);
    return { out, err, code };
  };
}

describe('every command', () => {
  it('lives a day with a feeder', async () => {
    const feeder = new FakeFeeder();
    const feed = terminal(feeder);
    const ok = async (line: string) => {
      const { code, out, err } = await feed(line);
      expect([line, code, err]).toEqual([line, 0, '']);
      return out;
    };
    const status = await ok('status');
    expect(status).toContain('3.2 g (stable)');
    expect(status).not.toContain('Reader');
    feeder.camera.state = { isRecording: true };
    expect(await ok('status')).toMatch(/Camera +running, recording/);
    feeder.camera.state = { privacy: 'hours' };
    expect(await ok('status')).toMatch(/Camera +sees nothing in its privacy hours/);
    feeder.reader = { state: 'ok', why: '', tags: ['276098102345678'], lastSeen: null };
    expect(await ok('status')).toMatch(/Reader +ok, at the bowl: 276098102345678/);
    feeder.reader = { state: 'babbling', why: 'No valid frame.', tags: [], lastSeen: null };
    expect(await ok('status')).toMatch(/Reader +babbling: No valid frame\./);
    expect(await ok('status')).toMatch(/Storage +ok/);
    feeder.components = [{ name: 'storage', state: 'degraded', why: 'it was restored' }];
    expect(await ok('status')).toMatch(/Storage +degraded: it was restored/);
    expect(await ok('status')).not.toMatch(/Storage +ok|storage/);
    expect(await ok('plan')).toContain('There is no plan');
    expect(await ok('plan add --time 07:30 --grams 15 --days 1,3 --name Breakfast')).toMatch(
      /07:30 {2}15 g {2}Breakfast {2}Mon Wed/,
    );
    expect(await ok('plan list')).toContain('Breakfast');
    expect(await ok('preview --days 2')).toContain('2026-11-01  12 g');
    expect(await ok('skip-next')).toContain('2026-11-23');
    expect(await ok('pet add Mia --kg 4.2 --ration 55 --stage neutered_adult')).toContain('Mia');
    expect(await ok('pet')).toContain('of 55 g');
    expect(await ok('feed 12 --pet Mia --wait')).toContain('served, 12 g in the bowl');
    expect(feeder.feedings[0]?.petId).toBe(feeder.pets.list()[0]?.id);
    expect(await ok('why last')).toContain('It was served.');
    expect(await ok(`why ${feeder.feedings[0]?.id}`)).toContain('It was served.');
    expect(await ok('why')).toContain('Planned.');
    expect(await ok(`why ${feeder.meals.list()[0]?.id}@2026-11-22`)).toContain('Planned.');
    expect(await ok('feed 5 --request-id mine')).toContain('running');
    expect(await ok('cancel')).toContain('The motor is off. Feeding');
    expect(await ok(`cancel ${feeder.feedings[1]?.id}`)).toContain('cancelled');
    const clip = feeder.clips.put('video', { startedMs: Date.UTC(2026, 10, 22, 7, 30) });
    expect(await ok('clips --kept')).toBe('There are no clips.\n');
    expect(await ok(`clips keep ${clip.id}`)).toBe(`${clip.id} is kept.\n`);
    expect(await ok('clips --limit 5 --date 2026-11-22')).toBe(
      `2026-11-22 07:30  ${clip.id}  10 s  0.0 MB  visit, kept\n`,
    );
    expect(await ok(`clips keep ${clip.id} --no-longer`)).toBe(`${clip.id} may go again.\n`);
    expect(await ok('clips export 2026-11-22')).toMatch(/^Wrote clips-2026-11-22.zip, 0.0 MB/);
    expect(await ok(`clips delete ${clip.id}`)).toBe(`Deleted ${clip.id}.\n`);
    expect(await feed('clips export 2026-11-22')).toMatchObject({ code: 1, out: '' });
    expect(await feed('clips export yesterday')).toMatchObject({ code: 2, out: '' });
    expect(await feed('clips delete ../../etc/passwd')).toMatchObject({ code: 1, out: '' });
    expect(await ok('scale')).toContain('420 counts per gram');
    expect(await ok('tare')).toContain('is zero now');
    expect(await ok('calibrate scale --grams 200')).toContain('The span is set');
    expect(await ok('kibble')).toContain('feeder kibble add NAME');
    expect((await feed('calibrate kibble 1 --wait')).err).toContain("'1' names no kibble");
    expect(await ok('kibble add Fish --kcal 380')).toContain("feeder kibble use 'Fish'");
    expect(await ok('kibble use Fish')).toBe('Fish is in the hopper.\n');
    expect(await ok('kibble list')).toMatch(/^Fish {2}in the hopper {2}not calibrated/);
    expect(await ok('calibrate hopper --confirm')).toBe('The hopper as it stands is zero now.\n');
    expect(await ok('calibrate hopper --grams 800')).toBe('The span of the hopper is set.\n');
    expect(await ok('scale')).toMatch(/Hopper +not fitted/);
    expect(await ok('status')).toMatch(/Hopper +not fitted/);
    expect(await ok('calibrate kibble Fish --rounds 2')).toContain('running');
    expect(await ok('ledger page --after 148')).toMatch(/^149 /);
    expect(await ok('ledger verify')).toContain('The record holds');
    expect(await ok('ledger export --to all.ndjson')).toContain('verify-ledger.ts all.ndjson');
    expect(await ok('faults')).toContain('There are no faults.');
    feeder.faults.push({ fault: 'jam', feedingId: null, sinceMs: 1, why: 'It jams.' });
    expect(await ok('faults')).toContain('Remove what blocks it');
    expect(await ok('clear jam')).toContain('There are no faults.');
    await ok('settings set zone=Europe/Berlin name=42 dayGramsMax=150 quietHours=null');
    expect(feeder.settings).toMatchObject({
      zone: 'Europe/Berlin',
      name: '42',
      dayGramsMax: 150,
      quietHours: null,
    });
    expect(await ok('settings get zone')).toBe('"Europe/Berlin"\n');
    expect(await ok('settings')).toContain('starveLimitHours');
    expect(await ok('config check')).toContain('8480');
    expect(await ok('routes')).toContain('/api/v1/feedings');
    expect(await ok(`plan remove ${feeder.meals.list()[0]?.id}`)).toContain('Removed');
    expect(await ok('pet remove Mia')).toContain('Removed Mia');
    expect(await ok('doctor')).toContain('answers at');
  });

  it.each(['ERR_CONFIG', 'ERR_WIRING'] as const)(
    'config check ends with 78 for %s',
    async (code) => {
      const loadConfig = () => {
        throw new FeederError(code, { details: [{ path: 'parts.0', message: 'No.' }] });
      };
      const ended = await terminal(new FakeFeeder(), { loadConfig })('config check');
      expect([ended.code, ended.out]).toEqual([78, '']);
      expect(ended.err).toContain('parts.0: No.');
    },
  );

  it.each(commands.map(({ name }) => name))('%s explains itself', async (name) => {
    const feed = terminal(new FakeFeeder());
    for (const line of [`${name} --help`, `help ${name}`]) {
      const { code, out } = await feed(line);
      expect([code, out.split('\n')[0]]).toEqual([0, expect.stringContaining(`feeder ${name}`)]);
    }
  });

  it('shows what waits for the cloud and which edits met, and restores one', async () => {
    const feeder = new FakeFeeder();
    const run = terminal(feeder);
    const said = async (line: string) => (await run(line)).out;
    expect(await said('sync queue')).toContain('3 entries wait. The next try is in 42 s.');
    expect(await said('sync queue')).toContain('no connection');
    expect(await said('sync now')).toContain('within two seconds');
    const conflicts = await said('sync conflicts');
    expect(conflicts).toContain('meal Breakfast  open');
    expect(conflicts).toContain('timing: the cloud’s edit holds; kept {"time":"08:00"');
    expect(await said(`sync restore ${CONFLICT_ID}`)).toContain('It holds again');
    expect(await said(`sync dismiss ${CONFLICT_ID}`)).toContain('It stays as it is');
    expect(await run('sync restore nothing')).toMatchObject({ code: 1, out: '' });
  });

  it('previews what will not be served in words, and not as 0 g', async () => {
    const planned = new FakeFeeder();
    await terminal(planned)('plan add --time 07:30 --grams 15');
    const ordinary = planned.deps.schedule;
    const preview: typeof ordinary.preview = (days) => {
      const shown = ordinary.preview(days);
      const [meal] = shown.days.flatMap((day) => day.meals);
      if (meal === undefined) throw new TypeError('the fake feeder has a meal');
      const effects = ['past', 'skipped', 'paused', 'vacation'] as const;
      const meals = effects.map((effect) => ({ ...meal, effect, portionGrams: 0 }));
      return { ...shown, days: shown.days.slice(0, 1).map((day) => ({ ...day, meals })) };
    };
    const feeder = new FakeFeeder({ overrides: { schedule: { ...ordinary, preview } } });
    const { out } = await terminal(feeder)('preview --days 1');
    expect(out).toMatch(
      /: its time has passed\n.*: left out once\n.*: paused\n.*0 g.*\(vacation\)/,
    );
  });

  it.each(['calibrate --json', 'feed --json', '--json', 'status --colour --json'])(
    'tells a program in JSON that %j is no command line',
    async (line) => {
      const { code, out, err } = await terminal(new FakeFeeder())(line);
      expect([code, err]).toEqual([2, '']);
      expect(JSON.parse(out).error).toEqual({
        message: expect.any(String),
        hint: 'See feeder --help.',
      });
    },
  );

  it.each(['calibrate', 'calibrate cat'])('names what may follow in %j', async (line) => {
    const { code, err } = await terminal(new FakeFeeder())(line);
    expect([code, err]).toEqual([2, expect.stringContaining('calibrate scale, calibrate hopper')]);
  });

  it('lists all of them without a command, and says the exit codes', async () => {
    const { code, out } = await terminal(new FakeFeeder())('');
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(`  ${name}`);
    expect(out).toContain('Exit codes');
  });

  it.each([
    'status',
    'plan',
    'preview',
    'pet',
    'why today',
    'scale',
    'ledger',
    'ledger verify',
    'faults',
    'settings get',
    'routes',
    'config check',
    'doctor',
    'cancel',
    'feed 5',
  ])('%s --json prints one line of JSON', async (line) => {
    const { out } = await terminal(new FakeFeeder())(`${line} --json`);
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(typeof JSON.parse(out)).toBe('object');
  });
});

describe('exit codes', () => {
  it.each([
    'nonsense',
    'feed',
    'feed twelve',
    'feed 5 6',
    'feed -5',
    'feed 5 --colour red',
    'feed 5 --pet Nobody',
    'plan add --grams 5',
    'plan add --time 07:00 --grams five',
    'plan add --time 07:00 --grams 5 --days 8',
    'settings set zone',
    'settings get nothing',
    'status --url nonsense',
    'status --url file:///etc/passwd',
    'calibrate scale',
  ])('2: %s', async (line) => {
    const feeder = new FakeFeeder();
    const { code, err, out } = await terminal(feeder)(line);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/\S+.*\nSee feeder --help\.\n$/s);
    expect([feeder.motorStarts, feeder.writes]).toEqual([0, 0]);
  });

  it('B-66 2: all that is wrong with a line, in sentences of its own', async () => {
    const on = terminal(new FakeFeeder());
    expect((await on('feed -5')).err).toContain("GRAMS must be more than 0, not '-5'");
    const { err } = await on('feed 5 --colour red --wait=yes --pet');
    expect(err.split('\n').slice(0, 4)).toEqual([
      "There is no flag '--colour'.",
      '--wait takes no value.',
      '--pet needs a value.',
      'Usage: feeder feed GRAMS [--pet NAME|ID] [--request-id ID] [--wait]',
    ]);
  });

  it('1: the feeder refuses, with code, sentence, numbers and hint', async () => {
    const feeder = new FakeFeeder();
    feeder.refuseWith = new FeederError('ERR_LIMIT_REACHED', {
      details: [{ path: 'remainingGrams', message: '3' }],
    });
    const { code, err } = await terminal(feeder)('feed 12');
    expect(code).toBe(1);
    expect(err).toContain('ERR_LIMIT_REACHED: This portion would pass a feeding limit.');
    expect(err).toContain('remainingGrams: 3');
    expect(err).toContain('See details for the limit');
    const json = await terminal(feeder)('feed 12 --json');
    expect(JSON.parse(json.out).error.code).toBe('ERR_LIMIT_REACHED');
    const wrong = await terminal(feeder)('settings set __proto__=1');
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('ERR_VALIDATION')]);
  });

  it('1: a feeding that did not serve its portion', async () => {
    const feeder = new FakeFeeder();
    const stop = async () => void (await feeder.request('POST', '/api/v1/stop'));
    const { code, out } = await terminal(feeder, { sleep: stop })('feed 12 --wait');
    expect([code, out]).toEqual([1, expect.stringContaining('cancelled')]);
  });

  it.each<[string, CliIo['fetch']]>([
    ['nobody', () => Promise.reject(new TypeError('fetch failed'))],
    ['a web page', async () => new Response('<html>')],
    ['another service', async () => Response.json({ hello: 1 })],
  ])('3: %s answers', async (_name, fetch) => {
    const feed = terminal(new FakeFeeder(), { fetch });
    const { code, err } = await feed('status');
    expect(code).toBe(3);
    expect(err).toContain(FAKE_URL);
    expect(JSON.parse((await feed('status --json')).out).error.hint).toContain('--url');
  });

  it('waits no longer than a feeding can last', async () => {
    const feeder = new FakeFeeder();
    let sleeps = 0;
    const sleep = async () => {
      sleeps += 1;
    };
    const { code, out } = await terminal(feeder, { sleep })('feed 12 --wait');
    expect([code, sleeps]).toEqual([0, 720]);
    expect(out).toContain('running');
  });

  it('FMEA-82 shows no control characters, whoever sent them', async () => {
    const status = await (await new FakeFeeder().request('GET', '/api/v1/status')).text();
    const evil = status.replace('Test feeder', '\\u001b[2JTest\\u0007');
    const fetch = async () =>
      new Response(evil, { headers: { 'content-type': 'application/json' } });
    const { out } = await terminal(new FakeFeeder(), { fetch })('status');
    expect(out).toContain('[2JTest');
    expect([...out].filter((char) => char !== '\n' && /\p{Cc}/u.test(char))).toEqual([]);
  });
});
