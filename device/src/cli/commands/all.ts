import type { Command } from '../command.ts';
import { doctor } from '../doctor.ts';
import { clipCommands } from './clips.ts';
import { feedCommands } from './feed.ts';
import { kibbleCommands } from './kibbles.ts';
import { petCommands } from './pets.ts';
import { planCommands } from './plan.ts';
import { scaleCommands } from './scale.ts';
import { statusCommands } from './status.ts';
import { syncCommands } from './sync.ts';
import { systemCommands } from './system.ts';
import { why } from './why.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  ...statusCommands,
  ...feedCommands,
  ...planCommands,
  why,
  ...petCommands,
  ...kibbleCommands,
  ...scaleCommands,
  ...clipCommands,
  ...syncCommands,
  doctor,
  ...systemCommands,
];
