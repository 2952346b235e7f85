import { bootConfig } from '../../config/boot-config.ts';
import { checkWiring } from '../../config/check-wiring.ts';
import { claimsOf, type PartClaims } from '../../config/wiring-claims.ts';
import { isNeededToFeed, sortProblems } from '../../config/wiring-problem.ts';
import type { Hardware, Wiring } from '../../config/wiring-schema.ts';
import { bad, type Finding, good, warn } from './finding.ts';
import type { Machine } from './machine.ts';

/** Lines that this feeder holds carry a name that begins so. */
const OWN_NAME = /^cat-feeder/;
const SERVICE_USER = 'cat-feeder';

/** Whether the board is set up for what is wired to it. */
export function lookAtWiring(machine: Machine, hardware: Hardware | null): Finding[] {
  if (hardware === null) return [];
  if (hardware.kind === 'simulated') {
    return [good('wiring', 'the feeder is simulated; nothing is wired')];
  }
  const problems = checkWiring(hardware, machine.board());
  const { forbidding, absent } = sortProblems(problems, hardware);
  const claims = claimsOf(hardware.parts);
  return [
    ...forbidding.map(({ path, message }) =>
      bad('wiring', message, `Then restart; in the profile: ${path}.`),
    ),
    ...absent.map(({ part, problem: { path, message } }) =>
      isNeededToFeed(part)
        ? bad(part.part, message, `Nothing is fed until it is there; in the profile: ${path}.`)
        : warn(
            part.part,
            message,
            `The feeder feeds without it meanwhile; in the profile: ${path}.`,
          ),
    ),
    ...(problems.length > 0 ? [] : [good('wiring', `${hardware.name}: ${partList(hardware)}`)]),
    ...lineFindings(machine, claims),
    groupFinding(machine, claims),
    safetyFinding(machine),
    overlayFinding(machine),
  ];
}

function partList({ parts }: Wiring): string {
  return parts.map(({ part }) => part).join(', ');
}

function lineFindings(machine: Machine, claims: readonly PartClaims[]): Finding[] {
  const chip = machine.board().headerChip;
  if (chip === null) return [];
  const lines = claims.flatMap(({ label, pins }) =>
    pins.filter(({ needs }) => needs === 'line').map(({ pin }) => ({ label, pin })),
  );
  const owners = lines.map(({ label, pin }) => ({
    label,
    pin,
    owner: machine.lineOwner(chip.path, pin),
  }));
  if (owners.some(({ owner }) => owner === null)) {
    return [good('lines', `${lines.length} wired; their owners cannot be known here`)];
  }
  const foreign = owners.filter(
    ({ label, owner }) => owner !== '' && !OWN_NAME.test(owner ?? '') && label !== 'kernel_light',
  );
  if (foreign.length === 0) return [good('lines', `${lines.length} wired, none held by others`)];
  return foreign.map(({ label, pin, owner }) =>
    bad(
      'lines',
      `BCM ${pin} of ${label} is held by ${owner}`,
      `Stop ${owner}, or move ${label} to another pin.`,
    ),
  );
}

/** The groups by which Raspberry Pi OS gives out its devices. */
function groupFinding({ tree, user }: Machine, claims: readonly PartClaims[]): Finding {
  const groups = (tree.read('etc/group') ?? '').split('\n').map((line) => line.split(':'));
  const users = (tree.read('etc/passwd') ?? '').split('\n').map((line) => line.split(':')[0]);
  const who = users.includes(SERVICE_USER) ? SERVICE_USER : user;
  const needed = [
    claims.some(({ pins }) => pins.some(({ needs }) => needs !== 'spi')) ? 'gpio' : null,
    claims.some(({ i2c }) => i2c !== null) ? 'i2c' : null,
    claims.some(({ spiDevice }) => spiDevice !== null) ? 'spi' : null,
    claims.some(({ port }) => port !== null) ? 'dialout' : null,
  ].filter((group) => group !== null);
  // The service's unit gives these groups to its user, whatever the file says.
  const isService =
    who === SERVICE_USER && tree.read('etc/systemd/system/cat-feeder.service') !== null;
  const missing = needed.filter(
    (name) =>
      !isService &&
      !groups.some(([group, , , members]) => group === name && members?.split(',').includes(who)),
  );
  if (who === 'root' || missing.length === 0) {
    return good('groups', `${who} may use ${needed.join(', ') || 'all that is wired'}`);
  }
  const fix = `Run sudo usermod -aG ${missing.join(',')} ${who}, then log in again.`;
  return bad('groups', `${who} is not in ${missing.join(', ')}`, fix);
}

/** Without it the kernel keeps a motor's line on when the program dies. */
function safetyFinding({ tree }: Machine): Finding {
  const config = bootConfig(tree);
  if (config === null)
    return warn('strict_gpiod', 'config.txt cannot be read', 'Run the doctor with sudo.');
  if (/^\s*dtparam=([^#\n]*,)?strict_gpiod(?!=(0|n|no|off|false)\b)/m.test(config)) {
    return good('strict_gpiod', 'lines fall when the program that holds them dies');
  }
  const fix = 'Add dtparam=strict_gpiod to config.txt and reboot.';
  return bad('strict_gpiod', 'a line may stay on when the program dies', fix);
}

function overlayFinding({ tree }: Machine): Finding {
  const lines = (bootConfig(tree) ?? '').match(/^\s*(dtoverlay|dtparam)=\S+/gm) ?? [];
  return good('overlays', lines.map((line) => line.trim()).join(', ') || 'none in config.txt');
}
