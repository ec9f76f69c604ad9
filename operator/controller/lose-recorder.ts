import type { Pass } from './pass.ts';
import { EXIT_CODE_UNKNOWN } from './recorder-state.ts';

const MAX_MESSAGE_LENGTH = 1024;

/** Nothing is to be learnt from the pod any more: what is known of its end is all that there will be. */
export function loseRecorder(pass: Pass, reason: string, message: string): void {
  const { status } = pass;
  const { nodeName } = status.value;
  pass.recorder = { is: 'lost', how: 'gone', message };
  status.value.lastTermination = {
    exitCode: EXIT_CODE_UNKNOWN,
    reason,
    message: message.slice(0, MAX_MESSAGE_LENGTH),
    at: status.value.lastTermination?.reason === reason ? status.value.lastTermination.at : status.now,
    ...(nodeName !== undefined && { node: nodeName }),
  };
}
