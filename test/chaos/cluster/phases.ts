/** Where a recording stands when something goes wrong. */
export const PHASES = ['Pending', 'Starting', 'Recording', 'Stopping'] as const;
export type ChaosPhase = (typeof PHASES)[number];
