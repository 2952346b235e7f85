/** Where pictures come from and how they are to be; from the settings. */
export interface CaptureSettings {
  readonly source: 'synthetic' | 'v4l2' | 'rpicam' | 'rtsp';
  readonly device: string;
  readonly input: 'h264' | 'mjpeg' | 'yuyv422';
  readonly url: string | null;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly kbps: number;
  readonly hasAudio: boolean;
}

/** Segments are this long; a camera that encodes by itself makes them as long as its own groups. */
export const SEGMENT_SECONDS = 1;
/** FFmpeg itself never has more unfetched segments than this, whatever becomes of the daemon. */
export const UNFETCHED_MAX = 40;
/** Names of the segments as FFmpeg writes them. */
export const RAW_SEGMENT = /^raw\d{3}\.mp4$/;

/** Whether pictures arrive as H.264 and are kept as they are. */
export function isCopied({ source, input }: CaptureSettings): boolean {
  return source === 'rtsp' || source === 'rpicam' || (source === 'v4l2' && input === 'h264');
}

/** For people: `synthetic 1280x720 at 15/s`. Never the address, which may hold a password. */
export function sourceName({ source, width, height, fps }: CaptureSettings): string {
  return source === 'rtsp' ? 'rtsp' : `${source} ${width}x${height} at ${fps}/s`;
}

/** The arguments of FFmpeg for the endless capture into `dir`; `encoder` is `copy` or a name. */
export function captureArguments(
  settings: CaptureSettings,
  encoder: string,
  dir: string,
): readonly string[] {
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
    // Frame numbers twice a second on descriptor 3: what tells a stall in every version.
    ...['-progress', 'pipe:3', '-stats_period', '0.5'],
    ...inputArguments(settings),
    ...['-map', '0:v:0'],
    ...(settings.source === 'rtsp' && settings.hasAudio
      ? ['-map', '0:a:0?', '-c:a', 'aac', '-b:a', '64k']
      : ['-an']),
    ...encoderArguments(settings, encoder),
    ...segmentArguments(dir),
  ];
}

/** The same encoder on a second of test picture, into one file. */
export function trialArguments(
  settings: CaptureSettings,
  encoder: string,
  path: string,
): readonly string[] {
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-y'],
    ...['-f', 'lavfi', '-i', syntheticGraph(settings), '-frames:v', String(2 * settings.fps)],
    ...encoderArguments(settings, encoder),
    ...['-f', 'mp4', path],
  ];
}

/** The program whose H.264 is piped into FFmpeg; null: FFmpeg opens the source itself. */
export function cameraProgram(settings: CaptureSettings): readonly [string, ...string[]] | null {
  if (settings.source !== 'rpicam') return null;
  const { width, height, fps, kbps } = settings;
  return [
    ...(['rpicam-vid', '--timeout', '0', '--nopreview', '--inline'] as const),
    ...['--intra', String(fps * SEGMENT_SECONDS), '--framerate', String(fps)],
    ...['--width', String(width), '--height', String(height)],
    ...['--bitrate', String(kbps * 1000), '--libav-format', 'h264', '--output', '-'],
  ];
}

function inputArguments(settings: CaptureSettings): readonly string[] {
  const { source, device, input, url, width, height, fps } = settings;
  switch (source) {
    case 'synthetic':
      return ['-re', '-f', 'lavfi', '-i', syntheticGraph(settings)];
    case 'v4l2':
      return [
        ...['-f', 'v4l2', '-input_format', input, '-video_size', `${width}x${height}`],
        ...['-framerate', String(fps), '-i', device],
      ];
    case 'rpicam':
      return ['-f', 'h264', '-framerate', String(fps), '-i', 'pipe:0'];
    case 'rtsp':
      // In microseconds; the only option of this meaning in FFmpeg 5 and 7 alike.
      return ['-rtsp_transport', 'tcp', '-timeout', '5000000', '-i', url ?? ''];
  }
}

function encoderArguments({ fps, kbps }: CaptureSettings, encoder: string): readonly string[] {
  if (encoder === 'copy') return ['-c:v', 'copy'];
  const group = String(fps * SEGMENT_SECONDS);
  const isSoftware = encoder === 'libx264';
  return [
    ...['-c:v', encoder, '-pix_fmt', 'yuv420p', '-b:v', `${kbps}k`, '-g', group],
    ...(isSoftware ? ['-preset', 'ultrafast', '-tune', 'zerolatency', '-threads', '1'] : []),
    ...(isSoftware ? ['-maxrate', `${kbps}k`, '-bufsize', `${kbps}k`, '-sc_threshold', '0'] : []),
    // Also when a camera brings fewer pictures in the dark than it promised.
    ...['-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_SECONDS})`],
  ];
}

function segmentArguments(dir: string): readonly string[] {
  return [
    ...['-f', 'segment', '-segment_time', String(SEGMENT_SECONDS)],
    ...['-segment_wrap', String(UNFETCHED_MAX), '-reset_timestamps', '1'],
    ...['-segment_list', 'pipe:1', '-segment_list_type', 'csv'],
    // Each segment is whole by itself: it can be joined, and shown live, as it is.
    ...['-segment_format', 'mp4'],
    ...['-segment_format_options', 'movflags=frag_keyframe+delay_moov+default_base_moof'],
    `${dir}/raw%03d.mp4`,
  ];
}

/** The bar of the test picture is this part of its width, and crosses it once a minute. */
export const CLOCK_BAR_SHARE = 1 / 64;

/** A test picture with the wall clock as text, and as a bar on a black strip at the bottom. */
function syntheticGraph({ width, height, fps }: CaptureSettings): string {
  const bar = Math.round(width * CLOCK_BAR_SHARE);
  const text = Math.round(height / 15);
  return [
    `testsrc2=size=${width}x${height}:rate=${fps},drawbox=y=ih-${bar}:h=${bar}:color=black:t=fill[picture]`,
    `color=white:size=${bar}x${bar}:rate=${fps}[bar]`,
    `[picture][bar]overlay=x='mod(time(0)\\,60)*(W-${bar})/60':y=H-h:eval=frame,` +
      `drawtext=text='%{localtime}':fontsize=${text}:x=${bar}:y=${bar}:box=1`,
  ].join(';');
}
