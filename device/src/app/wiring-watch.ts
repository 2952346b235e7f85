import { checkWiring } from '../config/check-wiring.ts';
import { withPortsOf } from '../config/header-port.ts';
import { refuse } from '../config/read-hardware.ts';
import { isNeededToFeed, sortProblems } from '../config/wiring-problem.ts';
import type { Hardware } from '../config/wiring-schema.ts';
import type { Board } from '../platform/board-facts.ts';

/** A part that is not there, for whoever asks how the feeder is. */
export interface AbsentPart {
  readonly part: string;
  readonly state: 'unplugged';
  readonly why: string;
}

/**
 * The wiring on this board. What feeding needs must be switched on when the daemon starts; every
 * other part that is not there is told for as long as it is not, and its driver tries again by
 * itself. A motor that is to be plugged in tells of itself, and meals are refused until it is.
 */
export interface WiringWatch {
  /** With the ports as they are called on this board. */
  readonly hardware: Hardware;
  absentParts(): readonly AbsentPart[];
}

/** Throws `ERR_WIRING` with all that forbids a start; nothing is switched on for it. */
export function watchWiring(given: Hardware, board: Pick<Board, 'facts'>): WiringWatch {
  if (given.kind === 'simulated') return { hardware: given, absentParts: () => [] };
  const hardware = withPortsOf(given, board.facts());
  const look = () => sortProblems(checkWiring(hardware, board.facts()), hardware);
  const { forbidding, absent } = look();
  // Whoever has to correct the one sees the other at once.
  const whole = [...forbidding, ...absent.map(({ problem }) => problem)];
  refuse(forbidding.length > 0 ? whole : [], hardware.name);
  // What was there at the start is watched by the part itself.
  const seen = new Set(
    absent.filter(({ part }) => !isNeededToFeed(part)).map(({ part }) => part.part),
  );
  const absentParts = () =>
    seen.size === 0
      ? []
      : look()
          .absent.filter(({ part }) => seen.has(part.part))
          .map(({ part, problem }) => ({
            part: part.part,
            state: 'unplugged' as const,
            why: problem.message,
          }));
  return { hardware, absentParts };
}
