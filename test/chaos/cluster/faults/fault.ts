import type { FaultInput } from '../../../agora-simulator/faults.ts';
import type { Random } from '../../recorder/random.ts';
import type { History } from '../observer.ts';
import type { Subject } from '../subject.ts';
import type { ChaosWorld } from '../world.ts';
import type { FaultName } from './names.ts';

export interface Scene {
  readonly world: ChaosWorld;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** It did not come about for a recording: that one was over already, or not at what was to be broken. */
export class MissedError extends Error {
  readonly code = 'MISSED';
  override readonly name = 'MissedError';
}

/** How a recording must end: with a file, or gone with its file kept. */
export type Outcome = 'recorded' | 'deleted';

interface Common {
  readonly name: FaultName;
  /** Recorders go on undisturbed: all that was sent in order must be in the file. */
  readonly sparesRecorders: boolean;
  /** A node is lost for good, and what was on it and not in S3 yet with it. Nothing else may lose what was accepted. */
  readonly losesNode?: boolean;
  /** Lines of logs that are as they should be, here. */
  readonly tolerated?: readonly RegExp[];
  /** Seconds for which there may be nobody who could write the truth. */
  readonly blindSeconds?: number;
  /** Seconds until everything has come to its end. */
  readonly patienceSeconds?: number;
  /** Recordings are put on the node that things happen to. */
  readonly onFrailNode?: boolean;
  /** Recordings get several parts of an upload before it happens. */
  readonly heavy?: boolean;
  readonly outcome?: Outcome;
  /** What the simulator is told before the recording is made; each of them must come about. */
  arrange?(subject: Subject): readonly FaultInput[];
  /** What is wrong with this recording's history, beyond what must hold always. */
  complaints?(subject: Subject, history: History): readonly string[];
  /** Undoes what lasts, when everything has been judged. */
  restore?(scene: Scene): Promise<void>;
}

/** Happens to one recording; several at a time don't disturb one another. */
export interface RecordingFault extends Common {
  readonly scope: 'recording';
  /** Returns when it is over. Throws MissedError. */
  strike(subject: Subject, scene: Scene): Promise<void>;
}

/** Happens to everything. */
export interface ClusterFault extends Common {
  readonly scope: 'cluster';
  /** Returns when it is over, or when it will last. */
  strike(subjects: readonly Subject[], scene: Scene): Promise<void>;
}

export type Fault = RecordingFault | ClusterFault;
