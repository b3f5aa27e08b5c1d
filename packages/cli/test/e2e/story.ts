/** A command line of the story, without `--name` and `--endpoint-url`. `NS` stands for the namespace of this run. */
export interface Step {
  readonly argv: readonly string[];
  /** Of the file in test/golden/e2e that has its layout. */
  readonly golden: string;
  /** @default 0 */
  readonly exitCode?: number;
  /** Whether the data is there yet, for commands that read what the aggregator writes. @default at once */
  readonly when?: (data: Record<string, unknown>) => boolean;
}

const step = (line: string, golden: string, rest: Omit<Step, 'argv' | 'golden'> = {}): Step => ({ argv: line.split(' '), golden, ...rest });

/**
 * What an operator does with a new table, in this order: every command that needs nothing but DynamoDB has its part. Told twice, in
 * a namespace of its own each time: once for people and once as JSON.
 *
 * One token bucket is taken from once only, so that what was used stands in one snapshot of each window, whatever the time.
 */
export const STORY: readonly Step[] = [
  step('version', 'version'),
  step('resource list -N NS', 'resource-list-empty'),
  step('resource set-defaults gpt-4 -l rpm:50 -l tpm:10000:15000 -N NS', 'resource-set-defaults'),
  step('resource get-defaults gpt-4 -N NS', 'resource-get-defaults'),
  step('resource set-defaults gpt-4 -l rpm:100 --merge -N NS', 'resource-set-defaults-merge'),
  step('resource list -N NS', 'resource-list'),
  step('resource delete-defaults gpt-4 --yes -N NS', 'resource-delete-defaults'),
  step('resource get-defaults gpt-4 -N NS', 'resource-get-defaults-none'),
];

/** Commands that need more than a table: other services of AWS, files or a terminal. Their own tests have them. */
export const ELSEWHERE: ReadonlySet<string> = new Set([
  'backup', 'cfn-template', 'completion', 'cost', 'delete', 'deploy', 'dlq', 'doctor', 'init', 'lambda-export', 'list', 'loadtest', 'local', 'logs', 'report',
  'restore', 'schema', 'simulate', 'smoke', 'status', 'tail', 'top', 'upgrade',
]);
