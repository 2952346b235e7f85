import {
  type LedgerVerify,
  roundGrams,
  type ScaleView,
  type SelfTest,
  type Settings,
  type Status,
  type SystemView,
} from '@cat-feeder/shared';
import { RefusedError, UnreachableError } from '../api-client.ts';
import type { CommandInput } from '../command.ts';
import { bad, type Finding, good, warn } from './finding.ts';

const MEGABYTE = 1_000_000;
const DISK_BAD_BYTES = 50 * MEGABYTE;
const DISK_WARN_BYTES = 300 * MEGABYTE;
/** Noise of a good cell with a bowl on it is far under half a gram. */
const NOISE_WARN_GRAMS = 0.5;
const NOISE_BAD_GRAMS = 2;
const LOOP_AGE_BAD_MS = 2_000;

/** What the running daemon says of itself; one finding when none answers. */
export async function lookAtDaemon({ api, url }: CommandInput): Promise<Finding[]> {
  try {
    const status = await api.get<Status>('/status');
    const [system, scale, settings] = await Promise.all([
      api.get<SystemView>('/system'),
      api.get<ScaleView>('/scale'),
      api.get<Settings>('/settings'),
    ]);
    const tests = await selfTestFindings(api);
    const ledger = await api.post<LedgerVerify>('/ledger/verify');
    return [
      good('daemon', `answers at ${url}, version ${system.version}, board ${system.board}`),
      storageFinding(system),
      diskFinding(system),
      clockFinding(status),
      ...scaleFindings(scale),
      loopFinding(system),
      ...tests,
      ...componentFindings(system),
      ...faultFindings(status),
      cameraFinding(status),
      cloudFinding(status),
      ledgerFinding(ledger),
      planFinding(settings),
    ];
  } catch (error) {
    if (error instanceof UnreachableError) {
      const fix =
        'Start it (scripts/start, or systemctl start cat-feeder), or name its address with --url.';
      return [bad('daemon', error.message, fix)];
    }
    if (error instanceof RefusedError) {
      const { code, message, hint } = error.error;
      return [bad('daemon', `${code}: ${message}`, hint)];
    }
    throw error;
  }
}

/** A feeder without a cloud is whole: only a link that was made and does not stand is told. */
function cloudFinding({ cloud }: Status): Finding {
  if (cloud === null) return good('cloud', 'none is configured');
  if (cloud.account === null) return good('cloud', `${cloud.url}; no account has this feeder`);
  if (cloud.state === 'online') return good('cloud', `linked to ${cloud.account}`);
  const found = `${cloud.state}: ${cloud.why || 'no answer since the start'}`;
  if (cloud.state === 'local') {
    return warn('cloud', found, 'Claim the feeder again (feeder sync claim), or unlink it.');
  }
  return warn('cloud', found, `Check the way to ${cloud.url}; the feeder feeds without it.`);
}

function storageFinding({ storage }: SystemView): Finding {
  if (storage.ok) return good('storage', 'the disk takes writes');
  return bad(
    'storage',
    storage.why,
    'Free space, check the card with dmesg, replace it if it fails.',
  );
}

function diskFinding({ diskFreeBytes }: SystemView): Finding {
  if (diskFreeBytes === null) return good('disk space', 'cannot be known here');
  const found = `${Math.round(diskFreeBytes / MEGABYTE)} MB free`;
  const fix = 'Delete what is not needed on the disk that holds the data directory.';
  if (diskFreeBytes < DISK_BAD_BYTES) return bad('disk space', found, fix);
  if (diskFreeBytes < DISK_WARN_BYTES) return warn('disk space', found, fix);
  return good('disk space', found);
}

function clockFinding({ clockQuality }: Status): Finding {
  const fix = 'Connect the feeder to a network with time service, or fit a real-time clock.';
  if (clockQuality === 'unknown') {
    return bad('clock', 'is not proven: the plan waits, then feeds by elapsed time', fix);
  }
  if (clockQuality === 'estimated') return warn('clock', 'is only estimated', fix);
  return good('clock', clockQuality);
}

function scaleFindings({ bowl, calibration }: ScaleView): Finding[] {
  const findings: Finding[] = [];
  if (bowl.state === 'silent' || bowl.state === 'stuck' || bowl.state === 'saturated') {
    const fix = 'Check plug, cable and load of the cell; until then portions are by turns.';
    findings.push(bad('scale', `is ${bowl.state}`, fix));
  } else findings.push(good('scale', `gives readings (${bowl.state})`));
  // What was learned when it was tared, and what it is now, when the bowl stands still.
  const noiseGrams = Math.max(
    calibration.noiseGrams,
    bowl.state === 'stable' ? bowl.sigmaGrams : 0,
  );
  const noise = `${roundGrams(noiseGrams)} g of noise at rest`;
  const steady = 'Put the feeder on firm ground, away from draught and motors; shield the cable.';
  if (noiseGrams > NOISE_BAD_GRAMS) findings.push(bad('scale noise', noise, steady));
  else if (noiseGrams > NOISE_WARN_GRAMS) {
    findings.push(warn('scale noise', noise, steady));
  } else findings.push(good('scale noise', noise));
  const missing = [
    calibration.taredAtMs === null ? 'tare it: feeder tare' : null,
    calibration.spannedAtMs === null
      ? 'then weigh a known mass: feeder calibrate scale --grams G'
      : null,
  ].filter((step) => step !== null);
  if (missing.length > 0) {
    findings.push(warn('calibration', 'was never done', `Empty the bowl; ${missing.join('; ')}.`));
  } else findings.push(good('calibration', 'was done'));
  return findings;
}

function loopFinding({ loopAgeMs }: SystemView): Finding {
  const found = `last sign of life ${Math.round(loopAgeMs)} ms ago`;
  if (loopAgeMs < LOOP_AGE_BAD_MS) return good('control loop', found);
  return bad('control loop', found, 'Restart the feeder; if it comes back, look into its log.');
}

/** What the parts find out about themselves when they are asked; not in the middle of a feeding. */
async function selfTestFindings(api: CommandInput['api']): Promise<Finding[]> {
  try {
    const { parts } = await api.post<SelfTest>('/system/self-test');
    const failed = parts.filter(({ ok }) => !ok);
    const names = parts.map(({ part }) => part).join(', ');
    if (failed.length === 0) return [good('self-test', `${names}: all well`)];
    return failed.map(({ part, found, fix }) => {
      const finding = part === 'clock' ? warn : bad;
      return finding(`self-test of the ${part}`, found, fix ?? 'The log says more.');
    });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return [warn('self-test', error.error.message, 'Run the doctor again when nothing is fed.')];
  }
}

/** Components with a finding of their own. */
const namedElsewhere = ['clock', 'camera'];

/** What no other finding has named. */
function componentFindings({ components }: SystemView): Finding[] {
  return components
    .filter(({ name, state }) => state !== 'ok' && !namedElsewhere.includes(name))
    .map(({ name, state, why }) => {
      const found = `${state}: ${why}`;
      const fix = 'The log says more about this part.';
      return state === 'failed' ? bad(name, found, fix) : warn(name, found, fix);
    });
}

function faultFindings({ faults }: Status): Finding[] {
  if (faults.length === 0) return [good('faults', 'none')];
  return faults.map(({ fault, why, advice }) =>
    bad('fault', `${fault}: ${why}`, `${advice} Then: feeder clear ${fault}`),
  );
}

function cameraFinding({ camera }: Status): Finding {
  if (camera === null) return good('camera', 'none is set up');
  const { state, why, privacy, source, encoder, ffmpegVersion } = camera;
  if (privacy !== null) {
    return good('camera', privacy === 'switch' ? 'is switched off' : 'sees nothing in these hours');
  }
  if (why !== '' || state === 'degraded') {
    const fix =
      'Check its cable, FFmpeg and the settings that begin with camera; meals do not need it.';
    return warn('camera', `${state}: ${why}`, fix);
  }
  const tools = encoder === null ? '' : `, ${encoder}, FFmpeg ${ffmpegVersion}`;
  return good('camera', `${state}, ${source}${tools}`);
}

function ledgerFinding({ ok, why }: LedgerVerify): Finding {
  if (ok) return good('ledger', why);
  return bad('ledger', why, 'Keep a copy of the database and restore the last snapshot.');
}

function planFinding({ activePlanId }: Settings): Finding {
  if (activePlanId !== null) return good('plan', 'one is active');
  const fix = 'Add a meal: feeder plan add --time 07:30 --grams 15';
  return warn('plan', 'none is active, so nothing is fed by itself', fix);
}
