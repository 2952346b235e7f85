import type { Answer } from '../../core/answer.ts';
import type { CloudContext } from '../../core/cloud-context.ts';
import type { Bearer } from '../../identity/access-tokens.ts';
import type { addRoute, Call } from '../route.ts';

/** Who asks with a member's token. */
export type Member = Extract<Bearer, { kind: 'member' }>;

/** What a member asks for: always of one device, always in the member's own home. */
export interface Asked {
  readonly call: Call;
  readonly member: Member;
  readonly deviceId: string;
  /** Its store knows this home's devices only. */
  readonly cloud: CloudContext;
}

/** Adds a route about one feeder of the member's home. */
export type OnDevice = (
  place: Parameters<typeof addRoute>[2],
  use: (asked: Asked) => Promise<Answer<unknown>>,
) => void;
