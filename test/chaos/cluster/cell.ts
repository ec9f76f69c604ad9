import type { FaultName } from './faults/names.ts';
import type { ChaosPhase } from './phases.ts';

/** One fault in one phase, as the report has it. */
export interface Cell {
  readonly fault: FaultName;
  readonly phase: ChaosPhase;
  readonly ok: boolean;
  /** From the moment it went wrong until the recording had ended and nothing of it was left. */
  readonly seconds: number;
  /** Packets that a recorder had accepted and that are in no file, though they should be. */
  readonly packetsLost: number;
  /** Those that went with a node that was lost for good, within the documented bound. */
  readonly packetsLostWithNode: number;
  readonly leftovers: number;
  /** How it ended; what is wrong, where something is. */
  readonly note: string;
}

/** A cell that could not be brought about at all. */
export function failedCell(cell: Pick<Cell, 'fault' | 'phase' | 'note'>): Cell {
  return { ...cell, ok: false, seconds: 0, packetsLost: 0, packetsLostWithNode: 0, leftovers: 0 };
}
