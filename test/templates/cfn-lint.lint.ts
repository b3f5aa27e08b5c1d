import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { plainTemplate } from '../../packages/cli/src/stack/plain-template';
import { interpreter } from '../../tools/python-venv.cjs';
import { unexplained, unused, type ExpectedFinding, type Finding } from '../support/expected-findings';
import { SCENARIOS, stackOf } from '../support/scenarios';

/** What cfn-lint reports and what we mean: every entry must still be reported, and nothing else may be. */
const EXPECTED: readonly ExpectedFinding[] = [
  {
    rule: 'E3006',
    scenario: /^every prop/,
    resource: /\/LimiterBudget[0-9A-F]{8}\/Type$/,
    reason: 'budgets are for one account in all regions and are not to be had everywhere: whoever asks for one deploys where they are',
  },
  {
    rule: 'W3005',
    resource: /Function[0-9A-F]{8}\/DependsOn\/\d+$/,
    reason: 'the CDK lets a function depend on its role and the policies of the role; that the role is referred to anyway does no harm',
  },
  {
    rule: 'W3005',
    scenario: /^limits and a namespace$/,
    resource: /Limits\w+\/DependsOn\/\d+$/,
    reason: 'limits come after their namespace however its id is written, and not only when they refer to it',
  },
];

/** Where templates without a region are deployed: an old, a middling and a young one. */
const ANYWHERE = ['us-east-1', 'eu-central-1', 'ap-southeast-3'];

const CFN_LINT = join(dirname(interpreter('cfn-lint')), 'cfn-lint');

/** Finding as cfn-lint prints it. */
interface Match {
  readonly Filename: string;
  readonly Rule: { readonly Id: string };
  readonly Location: { readonly Path: readonly (string | number)[] | null };
  readonly Message: string;
}

let folder: string;

/** Errors and warnings of templates that go to the same regions, by one run of cfn-lint. */
async function lint(regions: readonly string[], templates: ReadonlyMap<string, object>): Promise<Finding[]> {
  const cwd = mkdtempSync(join(folder, 'run-')); // holds nothing but templates, so that no configuration of this machine counts
  const files = new Map([...templates].map(([name, template], at) => {
    writeFileSync(join(cwd, `${at}.json`), JSON.stringify(template));
    return [`${at}.json`, name];
  }));
  const args = ['--format', 'json', '--non-zero-exit-code', 'none', '--regions', ...regions, '--template', ...files.keys()];
  const { stdout } = await promisify(execFile)(CFN_LINT, args, { cwd, maxBuffer: 2 ** 26, env: { ...process.env, HOME: cwd } });
  return (JSON.parse(stdout) as Match[]).map(({ Filename, Rule, Location, Message }) =>
    ({ rule: Rule.Id, scenario: files.get(basename(Filename))!, resource: (Location.Path ?? []).join('/'), text: Message }));
}

describe('cfn-lint', () => {
  let findings: Finding[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'templates-'));
    const regions = [...new Set(SCENARIOS.map(({ env }) => env?.region))];
    const runs = regions.map((region) => {
      const scenarios = SCENARIOS.filter(({ env }) => env?.region === region);
      const templates = new Map(scenarios.map((scenario) => [scenario.name, Template.fromStack(stackOf(scenario)).toJSON()]));
      return lint(region === undefined ? ANYWHERE : [region], templates);
    });
    findings = (await Promise.all(runs)).flat();
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('sees a property that is wrong, and a region where a resource is not to be had', async () => {
    const Resources = {
      Function: { Type: 'AWS::Lambda::Function', Properties: { Code: {}, Role: 'arn:aws:iam::123456789012:role/worker', Timeout: 4000 } },
      Group: { Type: 'AWS::BillingConductor::BillingGroup', Properties: {} },
    };

    const found = await lint(['cn-north-1'], new Map([['wrong', { Resources }]]));

    expect(found.map(({ rule, resource }) => `${rule} ${resource}`)).toEqual(expect.arrayContaining([
      'E3717 Resources/Function/Properties/Timeout', 'E3006 Resources/Group/Type',
    ]));
  });

  test.each(SCENARIOS)('has nothing to say of $name but what has a reason', ({ name }) => {
    expect(unexplained(findings.filter(({ scenario }) => scenario === name), EXPECTED)).toEqual([]);
  });

  test.each([['with settings as parameters', true], ['with the defaults', false]])(
    'has nothing to say of the template of the command line %s but what has a reason', async (name, open) => {
      const found = await lint(ANYWHERE, new Map([[name, plainTemplate(open)]]));

      expect(unexplained(found, EXPECTED)).toEqual([]);
    });

  test('reports all that has a reason', () => {
    expect(unused(findings, EXPECTED)).toEqual([]);
  });
});
