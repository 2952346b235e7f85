import {
  contactContract,
  frontButtonContract,
  indicatorContract,
  sounderContract,
} from '../../../../test/contracts/panel.ts';
import {
  boardContract,
  currentMeterContract,
  hopperGaugeContract,
  powerSupplyContract,
  thermometerContract,
} from '../../../../test/contracts/surroundings.ts';
import { VirtualClock } from '../../../platform/virtual-clock.ts';
import { lightPatterns } from '../../parts/light-patterns.ts';
import { sounds } from '../../parts/sounds.ts';
import { FeederWorld } from '../feeder-world.ts';
import { parseProfile } from '../load-profile.ts';
import { SimulatedCurrent } from './simulated-dispenser.ts';
import {
  SimulatedButton,
  SimulatedContact,
  SimulatedIndicator,
  SimulatedSounder,
} from './simulated-panel.ts';
import type { SimulatedPart } from './simulated-part.ts';
import {
  SimulatedBoardFacts,
  SimulatedHopperGauge,
  SimulatedPowerSupply,
  SimulatedThermometer,
} from './simulated-surroundings.ts';

function bench<Kind extends SimulatedPart>(part: Kind, clock = new VirtualClock()) {
  return {
    part,
    breakIt: () => part.become('unplugged'),
    pass: async (ms: number) => clock.advance(ms),
    end: () => part.close(),
  };
}

contactContract('the simulated contact', () => {
  const clock = new VirtualClock();
  const part = new SimulatedContact({ name: 'lid', clock, isClosed: false });
  return { ...bench(part, clock), move: (isClosed) => part.move(isClosed) };
});

frontButtonContract('the simulated button', () => {
  const part = new SimulatedButton();
  return { ...bench(part), perform: async (pattern) => part.press(pattern) };
});

indicatorContract('the simulated light', () => {
  const part = new SimulatedIndicator();
  const lightShare = async () => {
    const { onMs, offMs } = lightPatterns[part.shown];
    return onMs / (onMs + offMs);
  };
  return { ...bench(part), lightShare };
});

sounderContract('the simulated buzzer', () => {
  const part = new SimulatedSounder();
  const pass = async (ms: number) => {
    const playing = part.playing === null ? [] : sounds[part.playing];
    if (playing.reduce((sum, tone) => sum + tone.forMs, 0) <= ms) part.hush();
  };
  return { ...bench(part), pass, isSounding: () => part.playing !== null };
});

powerSupplyContract('the simulated supply', () => {
  const part = new SimulatedPowerSupply();
  const weaken = (isUndervoltage: boolean) =>
    part.set({ isUndervoltage, why: isUndervoltage ? 'the supply sags' : '' });
  return { ...bench(part), weaken };
});

hopperGaugeContract('the simulated hopper gauge', () => {
  const clock = new VirtualClock();
  const world = new FeederWorld({ profile: parseProfile({}), clock, seed: 1 });
  const part = new SimulatedHopperGauge(world);
  const { hopper } = world.model;
  const fill = (fraction: number) => {
    hopper.grams = fraction * world.profile.hopper.capacityGrams;
  };
  return { ...bench(part, clock), fill };
});

currentMeterContract('the simulated current meter', () => {
  const part = new SimulatedCurrent();
  const empty = { atMs: 0, bowl: 0, hopper: null, indexEdges: null, undervoltage: false };
  const flow = async (motorMilliamps: number) => part.see({ ...empty, motorMilliamps });
  return { ...bench(part), flow };
});

thermometerContract('the simulated thermometer', () => bench(new SimulatedThermometer()));
boardContract('the simulated board', () => bench(new SimulatedBoardFacts()));
