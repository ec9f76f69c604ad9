import type { ConverterState } from './converter.ts';

/** Reads a state as Agora writes it. */
export function converterState(value: string | undefined): ConverterState {
  switch (value) {
    case 'connecting':
    case 'running':
    case 'failed':
      return value;
    default:
      return 'unknown';
  }
}
