export { Hx711, type Hx711Options } from './hx711.ts';
export {
  COUNTS_MAX,
  COUNTS_MIN,
  type Hx711Clock,
  Hx711Error,
  type Hx711Figures,
  type Hx711Gain,
  type Hx711Rate,
  type Hx711Reading,
  Hx711ReadingError,
  type Hx711Source,
  type SilenceCause,
} from './readings.ts';
export { SimpleHx711 } from './simple-hx711.ts';
