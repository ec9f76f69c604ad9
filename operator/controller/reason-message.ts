import { REASONS } from '../crd/reasons.ts';
import type { Reason } from '../crd/reasons.ts';
import type { Pod } from './kube-objects.ts';
import { endOf } from './recorder-state.ts';

/** A reason in words. With what has the pod go, where Kubernetes says it: a preemption, a drain, its node's shutdown. */
export function reasonMessage(reason: Reason, pod: Pod | undefined): string {
  const end = reason === 'Drained' && pod ? endOf(pod) : {};
  if (end.reason === undefined) return REASONS[reason];
  return `${REASONS[reason]} ${end.reason}${end.message === undefined ? '' : `: ${end.message}`}`;
}
