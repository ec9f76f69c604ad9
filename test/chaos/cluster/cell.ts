import type { FaultName } from './faults/names.ts';
import type { ChaosPhase } from './phases.ts';

/** One fault in one phase, as the report has it. */
export interface Cell {
  readonly fault: FaultName;
  readonly phase: ChaosPhase;
  readonly ok: boolean;
  /** From the moment it went wrong until the recording had ended and nothing of it was left. */
  readonly seconds: number;
  readonly packetsLost: number;
  readonly leftovers: number;
  /** How it ended; what is wrong, where something is. */
  readonly note: string;
}
