import { say } from '../../cluster/progress.ts';
import { ownArrangements } from './bring-to-phases.ts';
import type { Driver } from './drive.ts';
import { MissedError } from './faults/fault.ts';
import type { Fault, Scene } from './faults/fault.ts';
import { leftoversOf } from './leftovers.ts';
import { messageOf } from './message-of.ts';
import type { Round } from './plan.ts';
import type { Subject } from './subject.ts';
import { judge, NO_VERDICT } from './verdict.ts';
import type { Verdict } from './verdict.ts';

const USUAL_PATIENCE_SECONDS = 180;
const HEARTBEAT_MS = 30_000;

export interface Ended {
  readonly subject: Subject;
  readonly verdict: Verdict;
  readonly leftovers: readonly string[];
  readonly seconds: number;
  /** Why nothing went wrong for it, or not in its phase. */
  readonly missed: string | undefined;
}

/** Lets things go wrong for all recordings of the round at once, and judges what becomes of each. Throws when aborted. */
export async function strikeAndJudge(round: Round, driver: Driver, scene: Scene): Promise<Ended[]> {
  const { world, signal } = scene;
  const began = performance.now();
  const seconds = (): number => Math.round((performance.now() - began) / 100) / 10;
  const waiting = new Set(round.subjects);
  const strike = strikeOnce(round, scene);
  const judged = round.subjects.map(async (subject): Promise<Ended> => {
    const fault = round.faults.find(({ name }) => name === subject.fault);
    if (fault === undefined) throw new Error(`nothing is known of ${subject.fault}`);
    try {
      const course = await follow(subject, fault, { round, driver, scene, strike });
      const lasted = seconds();
      const verdict = await judge(subject, fault, world, { isMissed: course.missed !== undefined }).catch(
        (error: unknown): Verdict => ({ ...NO_VERDICT, complaints: [messageOf(error)] }),
      );
      const left = course.leftovers.map((left) => `${left} is left`);
      const complaints = [...course.failure, ...verdict.complaints, ...left];
      const ended = { ...course, subject, verdict: { ...verdict, complaints }, seconds: lasted };
      say(`   ${lineOf(ended)}`);
      return ended;
    } finally {
      waiting.delete(subject);
    }
  });
  const heartbeat = setInterval(() => {
    const where = [...waiting].map(({ name }) => `${name} ${world.observer.of(name).states.at(-1)}`);
    if (where.length > 0) say(`   … ${Math.round(seconds())} s: ${where.join(', ')}`);
  }, HEARTBEAT_MS);
  try {
    // Each is at its end before anything is put right, also when one of them could not be judged.
    await Promise.allSettled(judged);
    signal.throwIfAborted();
    return await Promise.all(judged);
  } finally {
    clearInterval(heartbeat);
  }
}

type Strike = (fault: Fault, subject: Subject) => Promise<void>;

/** What happens to everything happens once. */
function strikeOnce({ subjects }: Round, scene: Scene): Strike {
  const whole = new Map<Fault, Promise<void>>();
  return (fault, subject) => {
    if (fault.scope === 'recording') return fault.strike(subject, scene);
    const known = whole.get(fault) ?? fault.strike(subjects, scene);
    whole.set(fault, known);
    return known;
  };
}

type Course = Pick<Ended, 'leftovers' | 'missed'> & { readonly failure: readonly string[] };

/** From the fault to the end of one recording and of all that it has left. */
async function follow(
  subject: Subject,
  fault: Fault,
  parts: { readonly round: Round; readonly driver: Driver; readonly scene: Scene; readonly strike: Strike },
): Promise<Course> {
  const { round, driver, strike } = parts;
  const { world, signal } = parts.scene;
  const patienceMs = (fault.patienceSeconds ?? USUAL_PATIENCE_SECONDS) * 1000;
  const own = ownArrangements(subject, round);
  const phase = world.observer.of(subject.name).last?.status?.phase ?? 'gone';
  // What was arranged with Agora comes about by itself, and may have its recording elsewhere by now.
  const isLate = own.length === 0 && phase !== subject.phase;
  let missed = isLate ? `it was ${phase} already when it was struck` : undefined;
  try {
    await strike(fault, subject).catch((error: unknown) => {
      if (!(error instanceof MissedError)) throw error;
      missed ??= error.message;
    });
    if (subject.phase !== 'Stopping') {
      await driver.goOn(subject, patienceMs);
      await driver.stop(subject);
    }
    await driver.end(subject, patienceMs);
    const leftovers = await leftoversOf(subject, world, { timeoutMs: patienceMs, signal });
    const [untouched] = await world.simulator.untouched(own);
    if (untouched) missed ??= `Agora came to no ${untouched.match.operation} that could go wrong`;
    return { leftovers, missed, failure: [] };
  } catch (error) {
    signal.throwIfAborted();
    return { leftovers: [], missed, failure: [messageOf(error)] };
  }
}

function lineOf({ subject, verdict, seconds, missed }: Ended): string {
  const { complaints, note } = verdict;
  const mark = complaints.length > 0 ? '✗' : missed === undefined ? '✓' : '–';
  const said = [...complaints, note, ...(missed === undefined ? [] : [missed])].join('; ');
  return `${mark} ${subject.fault} while ${subject.phase}: ${seconds} s, ${said}`;
}
