/*
 * The native side of a feeder's board. Every call that fails throws (or rejects with) a BoardIoError.
 * Times named `...Ms` at which something happened are CLOCK_MONOTONIC in milliseconds with
 * fractions: the same time as SystemClock.monoMs(). No call blocks the event loop longer than one
 * system call of a few microseconds. Listeners get batches; what waits for a busy event loop is
 * bounded (BACKLOG_MAX of each handle), the oldest is dropped and counted. An open handle does not
 * keep the process alive. close() is idempotent, and everything is closed when its thread ends.
 */

/** A failed system call. `code` is the errno's name, such as EBUSY, ENOENT, EACCES, ENODEV. */
export interface BoardIoError extends Error {
  readonly code: string;
  readonly errno: number;
  /** What was tried, such as `open` or `request line`. */
  readonly syscall: string;
  readonly path: string;
}

export interface ChipInfo {
  /** Such as /dev/gpiochip0. A compatibility link to a chip that is listed already is left out. */
  readonly path: string;
  readonly name: string;
  /** Such as pinctrl-bcm2711. */
  readonly label: string;
  readonly lines: number;
}

export interface LineInfo {
  readonly line: number;
  readonly name: string;
  /** Who holds it, as the holder named itself; empty when nobody does. */
  readonly consumer: string;
  readonly used: boolean;
  readonly direction: 'in' | 'out';
  readonly activeLow: boolean;
  readonly bias: 'unknown' | 'none' | 'up' | 'down';
}

export type Bias = 'none' | 'up' | 'down' | 'as-is';

export interface InputRequest {
  readonly chip: string;
  readonly line: number;
  /** At most 31 bytes; shown to others as the line's holder. */
  readonly consumer: string;
  readonly activeLow: boolean;
  readonly bias: Bias;
  readonly edges: 'none' | 'rising' | 'falling' | 'both';
  /** Kernel debounce, 0 (off) to 1 000 000. */
  readonly debounceUs: number;
}

export interface InputEvent {
  /** Logical level after the edge. */
  readonly level: 0 | 1;
  /** The kernel's stamp. */
  readonly atMs: number;
  /** The kernel's number of this edge, from 1; a gap tells of events that the kernel dropped. */
  readonly sequence: number;
}

export interface InputBatch {
  readonly events: readonly InputEvent[];
  /** Events thrown away because the listener did not come round, since the request. */
  readonly dropped: number;
  /** The line is gone for good (errno's name), or null. Nothing comes after this. */
  readonly lost: string | null;
}

export interface NativeInput {
  level(): 0 | 1;
  close(): void;
}

export interface OutputRequest {
  readonly chip: string;
  readonly line: number;
  readonly consumer: string;
  readonly activeLow: boolean;
  /** Level from the first moment on. */
  readonly level: 0 | 1;
}

export interface NativeOutput {
  set(level: 0 | 1): void;
  /** Level 0, then given up. Never throws. */
  close(): void;
}

export interface DriveRequest {
  readonly chip: string;
  readonly consumer: string;
  /** 1 to 8 lines, all at logical 0 while the drive stands still. Bit i of a level is line i. */
  readonly lines: readonly { readonly line: number; readonly activeLow: boolean }[];
  /** The lines that make the motor turn; the others (such as DIR) are set before these. */
  readonly powerMask: number;
  /** Standstill before any other change of levels under power, 0 to 1 000 000. */
  readonly deadTimeUs: number;
}

/** A servo at a PWM channel: `levels` is its duty in ns, 1 to 20 000 000, instead of a set of lines. */
export interface PwmDriveRequest {
  readonly pwm: {
    /** The channel's file `duty_cycle`. */
    readonly path: string;
    /** The duty that stands for "off": written at each end, 1 to 20 000 000. */
    readonly restNs: number;
  };
}

export interface DriveRun {
  /** Levels while it runs; at least one line of the power mask is 1. */
  readonly levels: number;
  /** 0.1 to 60 000, counted from this call, dead time included. */
  readonly ms: number;
  /**
   * Lines that are toggled while it runs, for step pulses or a slow PWM: first as in `levels`, then
   * inverted for `invertedUs` (half of the period when missing). Periods from 100 to 1 000 000.
   */
  readonly pulse?: {
    readonly mask: number;
    readonly periodUs: number;
    readonly invertedUs?: number;
  };
}

export interface DriveEvent {
  /** `started`: levels are set. `ended`: all lines are at 0. `lost`: the line request is gone. */
  readonly kind: 'started' | 'ended' | 'lost';
  /** Of `ended`: the deadline came, stop() was called. Of `lost`: the errno's name. */
  readonly reason: 'deadline' | 'stop' | string | null;
  readonly atMs: number;
  /** Times that the pulsed lines were inverted since `started`. */
  readonly pulses: number;
}

export interface DriveState {
  readonly running: boolean;
  readonly lost: string | null;
  readonly deadlineMs: number;
  /** Runs that began from standstill. */
  readonly starts: number;
  /** Runs that ended at their deadline. */
  readonly deadlines: number;
  /** How long after its deadline the latest such run, and the worst, had its lines at 0. */
  readonly lastLateMs: number;
  readonly worstLateMs: number;
  /** The drive's thread runs with real-time priority. */
  readonly realTime: boolean;
}

export interface NativeDrive {
  /**
   * Arms the stop in the drive's own thread, then sets the levels there. Replaces what is left of the
   * run before; never adds to it. Throws when the drive is lost or closed, or a value is out of range.
   */
  run(run: DriveRun): void;
  /** All lines are at 0 when this returns. Idempotent, never throws. */
  stop(): void;
  /** Touches the lines while they stand still, so that a lost request shows in the state. Never throws. */
  probe(): void;
  state(): DriveState;
  /** stop(), then the lines are given up. */
  close(): void;
}

export interface NativeI2c {
  /** Writes, then reads after a repeated start. 7-bit address, at most 256 bytes each way. */
  transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array>;
  close(): void;
}

export interface Hx711Request {
  readonly source:
    | { readonly kind: 'spi'; readonly path: string; readonly speedHz: number }
    | {
        readonly kind: 'lines';
        readonly chip: string;
        readonly dataLine: number;
        readonly clockLine: number;
        readonly consumer: string;
      };
  /** 128 and 64: channel A; 32: channel B. */
  readonly gain: 128 | 64 | 32;
  /** The RATE pin's setting. */
  readonly samplesPerSecond: 10 | 80;
  /** A `not-ready` result after this long without a conversion, again and again. 10 to 60 000. */
  readonly notReadyMs: number;
}

export interface Hx711Result {
  /** `lost`: the lines or the bus are gone (errno's name in `reason`); nothing comes after it. */
  readonly kind: 'sample' | 'not-ready' | 'lost';
  /** Of `sample`: -8388608 to 8388607, both ends mean saturated; otherwise 0. */
  readonly counts: number;
  /** End of the conversion; of the others, when it was found out. */
  readonly atMs: number;
  readonly reason: string | null;
}

export interface Hx711Tally {
  readonly samples: number;
  /** Conversions thrown away because they followed power-up, a reset or a change of gain. */
  readonly settling: number;
  /** Readings thrown away because a high phase of the clock lasted over 50 us. */
  readonly stretched: number;
  /** Readings thrown away because DOUT was not high after the last pulse. */
  readonly unended: number;
  readonly notReady: number;
  /** Results thrown away because the listener did not come round. */
  readonly dropped: number;
  /** Longest high phase of any pulse so far, by lines only. */
  readonly worstHighUs: number;
  /** Mean time of one reading (all pulses) in the reader's thread. */
  readonly meanReadUs: number;
  readonly realTime: boolean;
}

export interface NativeHx711 {
  /** From the next conversion on; the first 4 after the change are thrown away. */
  setGain(gain: 128 | 64 | 32): void;
  /** The RATE pin was switched; only the reader's own waiting follows from it. */
  setRate(samplesPerSecond: 10 | 80): void;
  /** So many samples, 1 to 512, come to the listener together; other results bring them at once. */
  setBatch(samples: number): void;
  /** Over SPI false: the clock line cannot be held high there. */
  powerDown(): boolean;
  powerUp(): void;
  tally(): Hx711Tally;
  close(): void;
}

/** The addon. */
export interface BoardIo {
  /** Of the sources this binary was built from, 64 hex digits. */
  readonly sourceHash: string;
  /** Results or events that wait for one listener. */
  readonly BACKLOG_MAX: number;
  monotonicMs(): number;
  /** The chips that this process may open, by number; the others are left out. */
  listChips(): ChipInfo[];
  lineInfo(chip: string, line: number): LineInfo;
  openInput(request: InputRequest, listener: (batch: InputBatch) => void): NativeInput;
  openOutput(request: OutputRequest): NativeOutput;
  openDrive(
    request: DriveRequest | PwmDriveRequest,
    listener: (events: readonly DriveEvent[]) => void,
  ): NativeDrive;
  openI2c(path: string): NativeI2c;
  openHx711(request: Hx711Request, listener: (batch: readonly Hx711Result[]) => void): NativeHx711;
}

/** The prebuilt addon of this machine; throws an Error with code ERR_NO_PREBUILD elsewhere. */
export function loadBoardIo(): BoardIo;
