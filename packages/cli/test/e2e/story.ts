/**
 * A command line of the story, without `--name` and `--endpoint-url`. `NS` stands for the namespace of this run, `ID(name)` for the
 * id of a namespace.
 */
export interface Step {
  readonly argv: readonly string[];
  /** Of the file in test/golden/e2e that has its layout. */
  readonly golden: string;
  /** @default 0 */
  readonly exitCode?: number;
  /** What the command reads from standard input. @default nothing */
  readonly stdin?: string;
  /** A drawing is no data, and a measurement is not the same twice. @default both */
  readonly only?: 'people' | 'programs';
  /** Whether the data is there yet, for commands that read what the aggregator writes. @default at once */
  readonly when?: (data: Record<string, unknown>) => boolean;
}

const step = (line: string, golden: string, rest: Omit<Step, 'argv' | 'golden'> = {}): Step => ({ argv: line.split(' '), golden, ...rest });

const manifest = (tpm: number): string => JSON.stringify({
  namespace: 'NS', resources: { 'claude-3': { limits: { tpm: { capacity: tpm } } } },
});

const listed = (name: string) => (data: Record<string, unknown>): boolean => (data[name] as unknown[]).length > 0;

/**
 * What an operator does with a new table, in this order: every command that needs nothing but DynamoDB has its part. Told twice, in
 * a namespace of its own each time: once for people and once as JSON.
 *
 * One token bucket is taken from once only, so that what was used stands in one snapshot of each window, whatever the time.
 */
export const STORY: readonly Step[] = [
  step('version', 'version'),
  step('check', 'check'),

  step('namespace register NS-a NS-b', 'namespace-register'),
  step('namespace show NS-a', 'namespace-show'),
  step('namespace list', 'namespace-list'),
  step('namespace delete NS-a --yes', 'namespace-delete'),
  step('namespace orphans', 'namespace-orphans'),
  step('namespace recover ID(NS-a)', 'namespace-recover'),
  step('namespace delete NS-b --yes', 'namespace-delete-again'),
  step('namespace purge ID(NS-b) --yes', 'namespace-purge'),
  step('namespace show NS-b', 'namespace-show-none', { exitCode: 4 }),

  step('system get-defaults -N NS', 'system-get-defaults-none'),
  step('system set-defaults -l rpm:100 -l tpm:10000 --on-unavailable block -N NS', 'system-set-defaults'),
  step('system get-defaults -N NS', 'system-get-defaults'),
  step('resource list -N NS', 'resource-list-empty'),
  step('resource set-defaults gpt-4 -l rpm:50 -l tpm:10000:15000 -N NS', 'resource-set-defaults'),
  step('resource get-defaults gpt-4 -N NS', 'resource-get-defaults'),
  step('resource set-defaults gpt-4 -l rpm:100 --merge -N NS', 'resource-set-defaults-merge'),
  step('resource list -N NS', 'resource-list'),
  step('resource delete-defaults gpt-4 --yes -N NS', 'resource-delete-defaults'),
  step('resource get-defaults gpt-4 -N NS', 'resource-get-defaults-none'),

  step('entity create proj-demo --display-name Demo -N NS', 'entity-create'),
  step('entity create key-bob --parent proj-demo --cascade -N NS', 'entity-create-child'),
  step('entity show key-bob -N NS', 'entity-show'),
  step('entity update key-bob --display-name Bob -N NS', 'entity-update'),
  step('entity show nobody -N NS', 'entity-show-none', { exitCode: 4 }),
  step('entity set-limits key-bob -r gpt-4 -l rpm:10 -l tpm:1000 -N NS', 'entity-set-limits'),
  step('entity get-limits key-bob -r gpt-4 -N NS', 'entity-get-limits'),
  step('entity list -N NS', 'entity-list', { when: (data) => (data.entities as unknown[]).length === 2 }),
  step('entity list --with-custom-limits gpt-4 -N NS', 'entity-list-with-limits', { when: listed('entities') }),
  step('entity list-resources -N NS', 'entity-list-resources'),

  step('available key-bob gpt-4 -N NS', 'available-full'),
  step('acquire key-bob gpt-4 -c rpm=3 -c tpm=400 -N NS', 'acquire'),
  step('acquire key-bob gpt-4 -c rpm=8 -N NS', 'acquire-limited', { exitCode: 8 }),
  step('available key-bob gpt-4 -N NS', 'available'),
  step('explain key-bob gpt-4 -c rpm=8 -N NS', 'explain'),
  step('bucket show key-bob gpt-4 -N NS', 'bucket-show'),
  step('usage list -e key-bob -w hourly -N NS', 'usage-list', { when: listed('snapshots') }),
  step('usage list -e key-bob -w hourly --plot -N NS', 'usage-plot', { only: 'people' }),
  step('usage summary -e key-bob -w hourly -N NS', 'usage-summary'),
  step('top gpt-4 -N NS', 'top'),
  step('bucket refund key-bob gpt-4 -c rpm=1 -N NS', 'bucket-refund'),
  step('bucket reset key-bob gpt-4 --yes -N NS', 'bucket-reset'),
  step('bucket reset-shards key-bob gpt-4 --yes -N NS', 'bucket-reset-shards'),
  step('entity block key-bob --for 1h --resource gpt-4 --reason abuse -N NS', 'entity-block'),
  step('bucket show key-bob gpt-4 -N NS', 'bucket-show-blocked'),
  step('entity unblock key-bob --resource gpt-4 -N NS', 'entity-unblock'),
  step('smoke -N NS', 'smoke', { only: 'programs' }),

  step('limits validate -f -', 'limits-validate', { stdin: manifest(50_000) }),
  step('limits plan -f - -N NS', 'limits-plan', { stdin: manifest(50_000) }),
  step('limits apply -f - -N NS', 'limits-apply', { stdin: manifest(50_000) }),
  step('limits diff -f - -N NS', 'limits-diff', { stdin: manifest(50_000) }),
  step('limits diff -f - -N NS', 'limits-diff-drift', { stdin: manifest(80_000), exitCode: 6 }),
  step('limits plan -f - --detailed-exitcode -N NS', 'limits-plan-changes', { stdin: manifest(80_000), exitCode: 6 }),
  step('limits import -f - -N NS', 'limits-import', { stdin: manifest(50_000) }),
  step('limits history -N NS', 'limits-history', { when: listed('events') }),
  step('limits pull -N NS', 'limits-pull'),
  step('limits rollback --to 2000-01-01 -N NS', 'limits-rollback-refused', { exitCode: 1 }),

  step('audit list -e key-bob -N NS', 'audit-list'),
  step('audit list --system -N NS', 'audit-list-system'),
  step('audit export -e key-bob -N NS', 'audit-export'),
  step('entity export key-bob -N NS', 'entity-export'),
  step('entity delete-limits key-bob -r gpt-4 --yes -N NS', 'entity-delete-limits'),
  step('entity erase key-bob --yes -N NS', 'entity-erase'),
  step('entity delete proj-demo --yes -N NS', 'entity-delete'),
  step('system delete-defaults --yes -N NS', 'system-delete-defaults'),
];

/** Commands that need more than a table: other services of AWS, files or a terminal. Their own tests have them. */
export const ELSEWHERE: ReadonlySet<string> = new Set([
  'cfn-template', 'complete', 'completion', 'cost', 'delete', 'deploy', 'doctor', 'init', 'lambda-export', 'limits cfn-template', 'list', 'loadtest', 'local',
  'schema', 'status', 'upgrade',
]);
