import { DAY_MS, type EpochMs, MINUTE_MS } from '@cat-feeder/shared';
import { instantOf } from './local-time.ts';

/**
 * Sunrise and sunset by the equations of the NOAA solar calculator (Global Monitoring Laboratory,
 * after J. Meeus, "Astronomical Algorithms"): the sun's upper limb on a level horizon with 0.833
 * degrees of refraction and radius. Good to about a minute between the polar circles.
 */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

export type SunEvent = 'sunrise' | 'sunset';

export type SunTime =
  | { readonly kind: 'sun'; readonly epochMs: EpochMs }
  /** The sun does not cross the horizon on this date, or the place is not known. */
  | {
      readonly kind: 'fallback';
      readonly epochMs: EpochMs;
      readonly reason: 'polar_day' | 'polar_night' | 'no_location';
    };

/** What stands in for the sun where there is none: these local times. */
export const SUN_FALLBACK_TIMES: Readonly<Record<SunEvent, string>> = {
  sunrise: '06:00',
  sunset: '18:00',
};

const UNIX_EPOCH_JULIAN_DAY = 2_440_587.5;
const HORIZON_DEGREES = 90.833;
/** The sun moves on between noon and the event; a second pass at the event's time takes that in. */
const PASSES = 2;

/** The event that belongs to a local date: of the solar day whose noon is nearest to local noon. */
export function sunTime(
  event: SunEvent,
  day: { readonly zone: string; readonly date: string; readonly place: Place | null },
): SunTime {
  const fallbackMs = instantOf(day.zone, day.date, SUN_FALLBACK_TIMES[event]).epochMs;
  if (day.place === null) return { kind: 'fallback', epochMs: fallbackMs, reason: 'no_location' };
  const noonMs = solarNoonMs(instantOf(day.zone, day.date, '12:00').epochMs, day.place.longitude);
  let eventMs = noonMs;
  for (let pass = 0; pass < PASSES; pass++) {
    const sun = sunAt(eventMs);
    const hourAngle = hourAngleDegrees(day.place.latitude, sun.declinationDegrees);
    if (typeof hourAngle === 'string') {
      return { kind: 'fallback', epochMs: fallbackMs, reason: hourAngle };
    }
    const transitMs = noonMs + (sunAt(noonMs).equationMinutes - sun.equationMinutes) * MINUTE_MS;
    const fromNoonMs = hourAngle * 4 * MINUTE_MS;
    eventMs = event === 'sunrise' ? transitMs - fromNoonMs : transitMs + fromNoonMs;
  }
  return { kind: 'sun', epochMs: Math.round(eventMs / MINUTE_MS) * MINUTE_MS };
}

/** The solar noon within twelve hours of an instant. */
function solarNoonMs(nearMs: EpochMs, longitude: number): EpochMs {
  const midnightMs = Math.floor(nearMs / DAY_MS) * DAY_MS;
  const minutes = 720 - 4 * longitude - sunAt(nearMs).equationMinutes;
  const noonMs = midnightMs + minutes * MINUTE_MS;
  return noonMs + Math.round((nearMs - noonMs) / DAY_MS) * DAY_MS;
}

function hourAngleDegrees(
  latitude: number,
  declinationDegrees: number,
): number | 'polar_day' | 'polar_night' {
  const cosine =
    cos(HORIZON_DEGREES) / (cos(latitude) * cos(declinationDegrees)) -
    tan(latitude) * tan(declinationDegrees);
  if (cosine > 1) return 'polar_night';
  if (!(cosine >= -1)) return 'polar_day';
  return degrees(Math.acos(cosine));
}

/** Declination, and the equation of time: how far sundials are ahead of clocks. */
function sunAt(epochMs: EpochMs): { declinationDegrees: number; equationMinutes: number } {
  const century = (epochMs / DAY_MS + UNIX_EPOCH_JULIAN_DAY - 2_451_545) / 36_525;
  const meanLongitude = (280.46646 + century * (36_000.76983 + century * 0.0003032)) % 360;
  const meanAnomaly = 357.52911 + century * (35_999.05029 - 0.0001537 * century);
  const eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century);
  const centre =
    sin(meanAnomaly) * (1.914602 - century * (0.004817 + 0.000014 * century)) +
    sin(2 * meanAnomaly) * (0.019993 - 0.000101 * century) +
    sin(3 * meanAnomaly) * 0.000289;
  const node = 125.04 - 1934.136 * century;
  const apparentLongitude = meanLongitude + centre - 0.00569 - 0.00478 * sin(node);
  const obliquitySeconds = 21.448 - century * (46.815 + century * (0.00059 - century * 0.001813));
  const obliquity = 23 + (26 + obliquitySeconds / 60) / 60 + 0.00256 * cos(node);
  const y = tan(obliquity / 2) ** 2;
  const equation =
    y * sin(2 * meanLongitude) -
    2 * eccentricity * sin(meanAnomaly) +
    4 * eccentricity * y * sin(meanAnomaly) * cos(2 * meanLongitude) -
    0.5 * y * y * sin(4 * meanLongitude) -
    1.25 * eccentricity * eccentricity * sin(2 * meanAnomaly);
  return {
    declinationDegrees: degrees(Math.asin(sin(obliquity) * sin(apparentLongitude))),
    equationMinutes: 4 * degrees(equation),
  };
}

function sin(angleDegrees: number): number {
  return Math.sin((angleDegrees * Math.PI) / 180);
}
function cos(angleDegrees: number): number {
  return Math.cos((angleDegrees * Math.PI) / 180);
}
function tan(angleDegrees: number): number {
  return Math.tan((angleDegrees * Math.PI) / 180);
}
function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
