import { describe, expect, it } from 'vitest';
import { FOLDER_ANNOTATION } from '../../crd/names.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import { ApiError } from '../../runtime/kube/api-error.ts';
import type { Pod } from '../kube-objects.ts';
import { NOW, config, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import { pod } from './pod.ts';

const FOLDER = { bucket: 'bucket', prefix: 'recordings/meeting-1/rec-0123456789ab/' };
const EARLIER = { bucket: 'earlier', prefix: 'old/rec-0123456789ab/' };

/** What is written down after a pod was made, or found to have been made, and what it was given. */
async function looked(
  status: MeetingRecordingStatus,
  options: { there?: Pod; cached?: Pod; keyTemplate?: string } = {},
) {
  const { there, cached, keyTemplate = config.recorder.keyTemplate } = options;
  let made: Pod | undefined;
  const create = async (_resource: unknown, manifest: unknown): Promise<never> => {
    if (there) throw new ApiError({ status: 409, reason: 'AlreadyExists', message: 'it is there' });
    made = manifest as Pod;
    return await Promise.resolve(made as never);
  };
  const world = worldOf({ kube: { create, get: async () => await Promise.resolve(there as never) } });
  const pass = passOf(recordingOf({ status }), cached ? { pod: cached } : {});
  await pod(pass, { ...world, config: { ...config, recorder: { ...config.recorder, keyTemplate } } });
  const env = made?.spec.containers[0]?.env?.map(({ name, value }) => [name, value]) ?? [];
  return { folder: pass.status.value.folder, env: Object.fromEntries(env) as Record<string, string> };
}

const withFolder = (annotations: Record<string, string>): Pod => {
  const made = podOf(recordingOf());
  return { ...made, metadata: { ...made.metadata, annotations } };
};

describe('a recording’s folder', () => {
  it('is given to its first recorder, and written down', async () => {
    const { folder, env } = await looked({ phase: 'Starting' });
    expect(folder).toEqual(FOLDER);
    expect(env).toMatchObject({ S3_BUCKET: 'bucket', S3_KEY: `${FOLDER.prefix}recording.mp4` });
  });

  it('is the one that its pod was given, by a controller that died before it could write it down', async () => {
    const pod = withFolder({ [FOLDER_ANNOTATION]: `${EARLIER.bucket}/${EARLIER.prefix}` });
    for (const options of [{ there: pod }, { cached: pod }])
      expect((await looked({ phase: 'Starting' }, options)).folder).toEqual(EARLIER);
  });

  it('stays for the recorders after it, whatever the configuration has become', async () => {
    const parts = [{ attempt: 1, state: 'Salvaged' as const, since: NOW, key: 'k' }];
    const status = { phase: 'Recording' as const, attempt: 2, folder: EARLIER, parts };
    const { folder, env } = await looked(status, { keyTemplate: '{uid}' });
    expect(folder).toEqual(EARLIER);
    expect(env).toMatchObject({
      S3_BUCKET: 'earlier',
      S3_KEY: 'old/rec-0123456789ab/recording-attempt2.mp4',
    });
  });

  it('is not given to one whose pod was made before there were folders, nor to its next recorder', async () => {
    for (const options of [{ there: withFolder({}) }, { cached: withFolder({}) }])
      expect((await looked({ phase: 'Starting' }, options)).folder).toBeUndefined();
    const parts = [{ attempt: 1, state: 'Salvaging', since: NOW, key: 'k' }] as const;
    const { folder, env } = await looked({ phase: 'Recording', attempt: 2, parts: [...parts] });
    expect(folder).toBeUndefined();
    expect(env).toMatchObject({ S3_BUCKET: 'bucket', S3_KEY: 'recordings/meeting-1/rec-attempt2.mp4' });
  });
});
