import { describe, expect, it } from 'vitest';
import type { ObjectClient } from './kubernetes-recording-objects.ts';
import { KubernetesRecordingObjects } from './kubernetes-recording-objects.ts';

function failing(error: object): KubernetesRecordingObjects {
  const fail = async (): Promise<never> => {
    throw Object.assign(new Error('what it said'), error);
  };
  const client: ObjectClient = { create: fail, get: fail, patch: fail };
  return new KubernetesRecordingObjects({ client, namespace: 'meetings' });
}

describe('what a failed call to the API server means', () => {
  it('is that nothing happened, where the server says no or was never reached', async () => {
    for (const status of [400, 403, 422]) {
      await expect(failing({ status }).stop('rec-1', 'StopRequested')).rejects.toMatchObject({
        code: 'OBJECT_REFUSED',
        status,
        message: 'what it said',
      });
    }
    for (const error of [{ status: 429 }, { code: 'ECONNREFUSED' }, { code: 'UND_ERR_CONNECT_TIMEOUT' }]) {
      await expect(failing(error).get('rec-1')).rejects.toMatchObject({
        code: 'OBJECTS_UNAVAILABLE',
        isInDoubt: false,
      });
    }
  });

  it('is unknown, where the answer got lost', async () => {
    for (const error of [
      { status: 500 },
      { status: 504 },
      { code: 'ECONNRESET' },
      { name: 'TimeoutError' },
    ]) {
      await expect(failing(error).get('rec-1')).rejects.toMatchObject({
        code: 'OBJECTS_UNAVAILABLE',
        isInDoubt: true,
      });
    }
  });

  it('is no failure, where there is no such object', async () => {
    expect(await failing({ status: 404, reason: 'NotFound' }).get('rec-1')).toBeUndefined();
    expect(await failing({ status: 404, reason: 'NotFound' }).stop('rec-1', 'MeetingEnded')).toBeUndefined();
  });
});
