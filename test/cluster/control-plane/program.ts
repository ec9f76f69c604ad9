/** A long-running program as it is started: its path and arguments. `name` names its log and its process. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}
