import * as v from 'valibot';
import { cameraEntries } from './camera-config.ts';
import { cloudEntries } from './cloud-config.ts';
import { oneOf, plain, wholeNumber, words } from './setting.ts';
import { type Hardware, HardwareSchema } from './wiring-schema.ts';

const entries = {
  host: v.pipe(
    v.optional(words(255), '127.0.0.1'),
    v.description(
      'Address to listen on. Only loopback (127.0.0.1 or ::1) is accepted until the feeder has access control.',
    ),
    v.metadata(plain),
  ),
  port: v.pipe(
    v.optional(wholeNumber(0, 65_535), 8480),
    v.description('TCP port of the page and the API; 0 takes any free port and prints it.'),
    v.metadata(plain),
  ),
  dataDir: v.pipe(
    v.optional(words(4096), 'var/feeder'),
    v.description('Directory of the database. Exactly one daemon may use it at a time.'),
    v.metadata(plain),
  ),
  uiDir: v.pipe(
    v.optional(v.nullable(words(4096)), null),
    v.description('Directory of the built page; empty means `ui` beside the program.'),
    v.metadata(plain),
  ),
  logLevel: v.pipe(
    v.optional(oneOf(['debug', 'info', 'warn', 'error', 'silent']), 'info'),
    v.description('Least severe lines that are logged.'),
    v.metadata(plain),
  ),
  hardware: v.pipe(
    v.optional(
      v.lazy((value) =>
        typeof value === 'object' && value !== null ? HardwareSchema : words(4096),
      ),
      'simulated',
    ),
    v.description(
      'What the motor and the scale are: `simulated`, or a hardware profile (docs/wiring.md) by its path or, in the file, as an object.',
    ),
    v.metadata({ ...plain, values: '`simulated`, path or object' }),
  ),
  profile: v.pipe(
    v.optional(v.nullable(words(4096)), null),
    v.description(
      'Path of the simulated feeder’s profile (JSON); empty means the shipped standard profile.',
    ),
    v.metadata(plain),
  ),
  simulationSeed: v.pipe(
    v.optional(wholeNumber(0, 0xffff_ffff), 1),
    v.description('Seed of everything random on the simulated board.'),
    v.metadata(plain),
  ),
  simulationSpeed: v.pipe(
    v.optional(wholeNumber(1, 50), 1),
    v.description('How many times faster than real time the simulated board lives.'),
    v.metadata({ ...plain, unit: 'x' }),
  ),
  trustWallClock: v.pipe(
    v.optional(v.boolean('must be true or false'), false),
    v.description(
      'Believe the wall clock although no proof of its origin is found. For machines whose time service the feeder cannot see.',
    ),
    v.metadata(plain),
  ),
  loopSilenceMs: v.pipe(
    v.optional(wholeNumber(1500, 10_000), 2000),
    v.description(
      'The daemon ends, motor off, when the control loop has shown no sign of life for this long.',
    ),
    v.metadata({ ...plain, unit: 'ms' }),
  ),
  stationHeapMb: v.pipe(
    v.optional(wholeNumber(8, 256), 24),
    v.description('Ceiling of the control loop’s JavaScript heap.'),
    v.metadata({ ...plain, unit: 'MB' }),
  ),
  ...cameraEntries,
  ...cloudEntries,
};

/** The one schema of the daemon's configuration. Everything else about settings is made from it. */
export const DeviceConfigSchema = v.strictObject(entries);
type Settings = v.InferOutput<typeof DeviceConfigSchema>;

/** The daemon's configuration; a hardware profile that is named by its path has been read. */
export type DeviceConfig = Readonly<Omit<Settings, 'hardware'> & { hardware: Hardware }>;

/** What holds when nothing else is said. */
export const defaultConfig: DeviceConfig = {
  ...v.parse(DeviceConfigSchema, {}),
  hardware: { kind: 'simulated' },
};
