/** The environment lacks something or says something impossible. The message has a line for each variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'BadConfiguration';
}
