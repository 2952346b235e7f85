import { feedDriveContract } from '../../../../test/contracts/feed-drive.ts';
import { SimulatedFeeder } from '../../../../test/support/simulated-feeder.ts';
import { takeApart } from './simulated-dispenser.ts';

feedDriveContract('the simulated drive', () => {
  const feeder = new SimulatedFeeder({});
  const { drive } = takeApart(feeder.board);
  const pass = async (ms: number) => feeder.clock.advance(ms);
  const motion = (): 1 | -1 | 0 => {
    feeder.world.catchUp();
    const { shaft } = feeder.world.model;
    if (!shaft.isOnAt(feeder.world.nowMs())) return 0;
    const beforeTurns = shaft.turns;
    feeder.clock.advance(1);
    feeder.world.catchUp();
    return Math.sign(shaft.turns - beforeTurns) as 1 | -1 | 0;
  };
  return {
    part: drive,
    pass,
    motion,
    // Its rotor has to be turned round first.
    startMsMax: 130,
    ready: async () => {},
    // As when its wire is pulled: what was armed still ends by itself.
    breakIt: () => drive.become('unplugged'),
    end: () => drive.close(),
  };
});
