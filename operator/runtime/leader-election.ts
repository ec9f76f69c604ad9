import type { Logger } from 'pino';
import { abortReason, sleep } from './clock.ts';
import type { Clock } from './clock.ts';
import { isAlreadyExists, isConflict, isNotFound } from './kube/api-error.ts';
import type { KubeClient } from './kube/client.ts';
import type { KubeObject } from './kube/objects.ts';
import type { Resource } from './kube/resource.ts';

interface Lease extends KubeObject {
  spec: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number | null;
    acquireTime?: string | null;
    renewTime?: string | null;
    leaseTransitions?: number | null;
  };
}

export const LEASES: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  namespaced: true,
};

export interface LeaderElectionOptions {
  client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  namespace: string;
  name: string;
  /** Who we are: unlike every other candidate, also an earlier run of ourselves. */
  identity: string;
  clock: Clock;
  /** From 0 up to 1. */
  random: () => number;
  log: Logger;
  /** How long others respect a lease that is not renewed; milliseconds. */
  leaseMs?: number;
  /** How long a leader that can't renew goes on; milliseconds, less than leaseMs. */
  renewDeadlineMs?: number;
  /** Milliseconds between tries. */
  retryMs?: number;
  onChange?: (isLeader: boolean) => void;
}

/** Milliseconds beyond the lease's duration within which a leader that has lost it must have ended; client-go's. */
const TO_END_MS = 20_000;
/** Milliseconds that the last try to renew gets, however late it is. */
const LAST_TRY_MS = 1000;

/** The lease could not be renewed in time: somebody else may lead now. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
  readonly code = 'LeadershipLost';
}

/**
 * Leader election as client-go does it, over a Lease: another's lease counts as expired when it has not changed for
 * its duration by our own clock, so that clocks need not agree.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #leaseMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  /** The lease as last seen, and when we first saw it so; monotonic milliseconds. */
  #observed: { lease: Lease; atMs: number } | undefined;
  /** Monotonic milliseconds before the last renewal that succeeded was sent; undefined: somebody else leads. */
  #renewedMs: number | undefined;
  /** The same, and kept when the lease was lost, until it is given back. */
  #ledMs: number | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2000;
  }

  /**
   * Whether we may act now. It looks at the clock: a process that was frozen finds out here, before any of its timers
   * has told it.
   */
  isLeader(): boolean {
    return this.#leftMs() > 0;
  }

  /**
   * Why the process should be started anew: it has led, and neither renews its lease nor ends, as something in it hangs.
   * Undefined when all is well. client-go's health check of leaders says the same.
   */
  unhealthy(): string | undefined {
    if (this.#ledMs === undefined) return undefined;
    const agoMs = this.#options.clock.monotonic() - this.#ledMs;
    return agoMs > this.#leaseMs + TO_END_MS
      ? `the lease was renewed ${Math.round(agoMs / 1000)} s ago, and the process has not ended`
      : undefined;
  }

  /**
   * Resolves when we lead; rejects with the signal's reason, or with that of `ready`. Until `ready` has resolved it only
   * looks at the lease: one that nobody renews may have expired by then.
   */
  async acquire(signal: AbortSignal, ready?: Promise<unknown>): Promise<void> {
    const { clock, log, name, random } = this.#options;
    if (ready) await this.#lookUntil(ready, signal);
    log.info({ lease: name }, 'waiting to lead');
    while (!(await this.#tryOnce(signal))) await sleep(clock, this.#retryMs * (1 + 0.2 * random()), signal);
    log.info({ lease: name }, 'leading');
    this.#options.onChange?.(true);
  }

  /**
   * Renews until the signal is aborted, then resolves. Rejects with {@link LeadershipLostError} as soon as the deadline
   * has passed without a renewal; a process that was frozen meanwhile first looks whether anybody has taken over.
   */
  async hold(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await sleep(clock, Math.min(this.#retryMs, this.#leftMs()), signal).catch(() => undefined);
      if (signal.aborted) return;
      // The signal does not break it off: a lease of which one does not know whether it was renewed can't be given back.
      await this.#tryOnce();
      if (!this.isLeader()) {
        this.#renewedMs = undefined;
        this.#options.onChange?.(false);
        throw new LeadershipLostError('The lease could not be renewed in time');
      }
    }
  }

  /** Gives the lease back, so that the next leader need not wait for it to expire. Never rejects. */
  async release(): Promise<void> {
    const { client, log } = this.#options;
    const observed = this.#observed;
    if (!observed || !this.isLeader()) return;
    this.#options.onChange?.(false);
    this.#ledMs = undefined;
    const spec = {
      ...observed.lease.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: this.#time(),
    };
    try {
      await client.replace(LEASES, { ...observed.lease, spec }, { timeoutMs: 5000 });
    } catch (err) {
      log.warn({ err }, 'the lease could not be given back; it expires by itself');
    }
    this.#renewedMs = undefined;
  }

  async #lookUntil(ready: Promise<unknown>, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const looking = this.#look(AbortSignal.any([signal, over.signal]));
    try {
      await ready;
    } finally {
      over.abort();
      await looking;
    }
  }

  /** Follows the lease until the signal is aborted. Never rejects. */
  async #look(signal: AbortSignal): Promise<void> {
    const { client, namespace, name, clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        const call = { signal, timeoutMs: this.#renewDeadlineMs / 2 };
        this.#seenSinceMs(await client.get(LEASES, { namespace, name }, call));
      } catch (err) {
        if (!signal.aborted && !isNotFound(err)) log.debug({ err }, 'could not look who leads');
      }
      await sleep(clock, this.#retryMs, signal).catch(() => undefined);
    }
  }

  /** Milliseconds for which we may still act; none when somebody else leads. */
  #leftMs(): number {
    if (this.#renewedMs === undefined) return 0;
    return this.#renewedMs + this.#renewDeadlineMs - this.#options.clock.monotonic();
  }

  async #tryOnce(signal?: AbortSignal): Promise<boolean> {
    const { clock, log, identity } = this.#options;
    const started = clock.monotonic();
    try {
      const lease = await this.#acquireOrRenew(signal);
      const mine = lease.spec.holderIdentity === identity;
      this.#seenSinceMs(lease);
      this.#renewedMs = mine ? started : undefined;
      if (mine) this.#ledMs = started;
      return mine;
    } catch (error) {
      if (signal?.aborted) throw abortReason(signal);
      // Somebody else was quicker, or the API server is away: either way the next try looks anew.
      if (!isConflict(error) && !isAlreadyExists(error)) log.warn({ err: error }, 'lease request failed');
      return false;
    }
  }

  async #acquireOrRenew(signal: AbortSignal | undefined): Promise<Lease> {
    const { client, namespace, name, identity, clock } = this.#options;
    // Whoever leads must know in time that it does not any more.
    const leftMs = this.#renewedMs === undefined ? this.#renewDeadlineMs : this.#leftMs();
    const call = { signal, timeoutMs: Math.max(Math.min(this.#renewDeadlineMs / 2, leftMs), LAST_TRY_MS) };
    const now = this.#time();
    const mine = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#leaseMs / 1000),
      renewTime: now,
    };
    // A leader that nobody has disturbed saves itself the look.
    if (this.isLeader() && this.#observed) {
      const { lease } = this.#observed;
      try {
        return await client.replace(LEASES, { ...lease, spec: { ...lease.spec, ...mine } }, call);
      } catch (error) {
        // Somebody else has written it, or we have, and the answer was lost: the look tells.
        if (!isConflict(error)) throw error;
      }
    }
    const lease = await client.get(LEASES, { namespace, name }, call).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (!lease) {
      const spec = { ...mine, acquireTime: now, leaseTransitions: 0 };
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace, name },
        spec,
      };
      return await client.create(LEASES, body, call);
    }
    const holder = lease.spec.holderIdentity ?? '';
    const validMs = (lease.spec.leaseDurationSeconds ?? 0) * 1000;
    const expired = clock.monotonic() - this.#seenSinceMs(lease) >= validMs;
    if (holder !== '' && holder !== identity && !expired) return lease;
    const spec = {
      ...lease.spec,
      ...mine,
      acquireTime: holder === identity ? (lease.spec.acquireTime ?? now) : now,
      leaseTransitions: (lease.spec.leaseTransitions ?? 0) + (holder === identity ? 0 : 1),
    };
    return await client.replace(LEASES, { ...lease, spec }, call);
  }

  /** Remembers the lease; monotonic milliseconds since which it has not changed. */
  #seenSinceMs(lease: Lease): number {
    if (lease.metadata.resourceVersion !== this.#observed?.lease.metadata.resourceVersion || !this.#observed)
      this.#observed = { lease, atMs: this.#options.clock.monotonic() };
    return this.#observed.atMs;
  }

  /** metav1.MicroTime */
  #time(): string {
    return new Date(this.#options.clock.now()).toISOString().replace('Z', '000Z');
  }
}
