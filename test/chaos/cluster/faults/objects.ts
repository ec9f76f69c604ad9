import { MEETING_RECORDINGS } from '../../../../operator/controller/kube-objects.ts';
import type { RecordingFault } from './fault.ts';

export const objectDeleted: RecordingFault = {
  name: 'object-deleted',
  scope: 'recording',
  sparesRecorders: true,
  outcome: 'deleted',
  strike: async ({ name }, { world }) => {
    await world.kube.delete(MEETING_RECORDINGS, { namespace: world.namespace, name });
  },
};
