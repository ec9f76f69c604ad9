import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

const RECONCILE_RESULTS = ['success', 'error', 'requeue', 'requeue_after', 'terminal_error'] as const;
export type ReconcileResult = (typeof RECONCILE_RESULTS)[number];

/** controller-runtime's buckets, in seconds. */
const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25,
  1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
/** client-go's buckets of the work queue, in seconds: 10 ns times ten, ten times. */
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];

/**
 * The metrics of controller-runtime under its names and labels, so that dashboards made for it work. All of a
 * controller's series exist, at zero, as soon as it is announced.
 */
export class RuntimeMetrics {
  readonly #reconciles: Counter<'controller' | 'result'>;
  readonly #reconcileErrors: Counter<'controller'>;
  readonly #terminalErrors: Counter<'controller'>;
  readonly #reconcileSeconds: Histogram<'controller'>;
  readonly #activeWorkers: Gauge<'controller'>;
  readonly #maxWorkers: Gauge<'controller'>;
  readonly #depth: Gauge<'name' | 'controller'>;
  readonly #adds: Counter<'name' | 'controller'>;
  readonly #retries: Counter<'name' | 'controller'>;
  readonly #queueSeconds: Histogram<'name' | 'controller'>;
  readonly #workSeconds: Histogram<'name' | 'controller'>;
  readonly #leader: Gauge<'name'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const controller = ['controller'] as const;
    const queue = ['name', 'controller'] as const;
    this.#reconciles = new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Total number of reconciliations per controller',
      labelNames: ['controller', 'result'],
      registers,
    });
    this.#reconcileErrors = new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Total number of reconciliation errors per controller',
      labelNames: controller,
      registers,
    });
    this.#terminalErrors = new Counter({
      name: 'controller_runtime_terminal_reconcile_errors_total',
      help: 'Total number of terminal reconciliation errors per controller',
      labelNames: controller,
      registers,
    });
    this.#reconcileSeconds = new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Length of time per reconciliation per controller',
      labelNames: controller,
      buckets: RECONCILE_BUCKETS,
      registers,
    });
    this.#activeWorkers = new Gauge({
      name: 'controller_runtime_active_workers',
      help: 'Number of currently used workers per controller',
      labelNames: controller,
      registers,
    });
    this.#maxWorkers = new Gauge({
      name: 'controller_runtime_max_concurrent_reconciles',
      help: 'Maximum number of concurrent reconciles per controller',
      labelNames: controller,
      registers,
    });
    this.#depth = new Gauge({
      name: 'workqueue_depth',
      help: 'Current depth of workqueue',
      labelNames: queue,
      registers,
    });
    this.#adds = new Counter({
      name: 'workqueue_adds_total',
      help: 'Total number of adds handled by workqueue',
      labelNames: queue,
      registers,
    });
    this.#retries = new Counter({
      name: 'workqueue_retries_total',
      help: 'Total number of retries handled by workqueue',
      labelNames: queue,
      registers,
    });
    this.#queueSeconds = new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long in seconds an item stays in workqueue before being requested',
      labelNames: queue,
      buckets: QUEUE_BUCKETS,
      registers,
    });
    this.#workSeconds = new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long in seconds processing an item from workqueue takes.',
      labelNames: queue,
      buckets: QUEUE_BUCKETS,
      registers,
    });
    this.#leader = new Gauge({
      name: 'leader_election_master_status',
      help: 'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
      labelNames: ['name'],
      registers,
    });
  }

  /** The work queue's side. */
  forQueue(name: string): QueueMetrics {
    const labels = { name, controller: name };
    this.#depth.set(labels, 0);
    this.#adds.inc(labels, 0);
    this.#retries.inc(labels, 0);
    this.#queueSeconds.zero(labels);
    this.#workSeconds.zero(labels);
    return {
      depth: (items) => this.#depth.set(labels, items),
      added: () => this.#adds.inc(labels),
      retried: () => this.#retries.inc(labels),
      waited: (seconds) => this.#queueSeconds.observe(labels, seconds),
      worked: (seconds) => this.#workSeconds.observe(labels, seconds),
    };
  }

  /** The controller's side. */
  forController(controller: string, workers: number): ControllerMetrics {
    const labels = { controller };
    for (const result of RECONCILE_RESULTS) this.#reconciles.inc({ controller, result }, 0);
    this.#reconcileErrors.inc(labels, 0);
    this.#terminalErrors.inc(labels, 0);
    this.#reconcileSeconds.zero(labels);
    this.#activeWorkers.set(labels, 0);
    this.#maxWorkers.set(labels, workers);
    return {
      started: () => this.#activeWorkers.inc(labels),
      ended: (result, seconds) => {
        this.#activeWorkers.dec(labels);
        this.#reconciles.inc({ controller, result });
        this.#reconcileSeconds.observe(labels, seconds);
        if (result === 'error' || result === 'terminal_error') this.#reconcileErrors.inc(labels);
        if (result === 'terminal_error') this.#terminalErrors.inc(labels);
      },
    };
  }

  leader(name: string, isLeader: boolean): void {
    this.#leader.set({ name }, isLeader ? 1 : 0);
  }
}

/** Counts events that nobody will ever read. */
export function lostEventsCounter(registry: Registry): () => void {
  const lost = new Counter({
    name: 'meetrec_events_lost_total',
    help: 'Events that were not recorded: too many waited, or the API server did not take them',
    registers: [registry],
  });
  return () => lost.inc();
}

export interface QueueMetrics {
  depth(items: number): void;
  added(): void;
  retried(): void;
  waited(seconds: number): void;
  worked(seconds: number): void;
}

export interface ControllerMetrics {
  started(): void;
  ended(result: ReconcileResult, seconds: number): void;
}
