import { CameraViewSchema, FeederError } from '@cat-feeder/shared';
import type { ApiDeps, CameraPort } from '../deps.ts';
import type { LiveVideos } from '../live-video.ts';
import { defineRoute, ok, type RouteDef } from '../route.ts';

const tags = ['camera'];

/** The camera as it is now. Its switch, privacy hours and the wish for meals only are settings. */
export function cameraRoutes({ camera }: ApiDeps, videos: LiveVideos | null): RouteDef[] {
  const pictures = new Snapshots(() => present(camera));
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/camera',
      operationId: 'getCamera',
      summary:
        'State, recording light and privacy of the camera. `cameraOn` in the settings is its switch.',
      tags,
      auth: 'local',
      response: CameraViewSchema,
      statuses: { 200: 'The camera.' },
      errors: ['ERR_NOT_FOUND'],
      handler: () => ok(present(camera).view()),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/camera/snapshot',
      operationId: 'getSnapshot',
      summary: 'The newest picture. Those who ask at one time get the same.',
      tags,
      auth: 'local',
      response: { contentType: 'image/jpeg' },
      statuses: { 200: 'The picture.' },
      errors: ['ERR_NOT_FOUND', 'ERR_CAMERA'],
      handler: async () => ({
        status: 200,
        body: await pictures.take(),
        headers: { 'content-type': 'image/jpeg' },
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/camera/live',
      operationId: 'watchCamera',
      summary:
        'What the camera sees, about two seconds late: an MP4 without end, for a few viewers.',
      tags,
      auth: 'local',
      response: { contentType: 'video/mp4' },
      statuses: { 200: 'A stream that stays open.' },
      errors: ['ERR_NOT_FOUND', 'ERR_UNAVAILABLE', 'ERR_CAMERA'],
      handler: () => {
        if (videos === null) throw new FeederError('ERR_NOT_FOUND');
        return videos.open();
      },
    }),
  ];
}

function present(camera: CameraPort | null): CameraPort {
  if (camera !== null) return camera;
  throw new FeederError('ERR_NOT_FOUND', { message: 'The feeder has no camera.' });
}

/** Each picture costs a process: there is never more than one. */
class Snapshots {
  readonly #camera: () => CameraPort;
  #taking: Promise<Uint8Array<ArrayBuffer>> | null = null;

  constructor(camera: () => CameraPort) {
    this.#camera = camera;
  }

  take(): Promise<Uint8Array<ArrayBuffer>> {
    this.#taking ??= this.#take();
    return this.#taking;
  }

  async #take(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return new Uint8Array(await this.#camera().snapshot());
    } finally {
      this.#taking = null;
    }
  }
}
