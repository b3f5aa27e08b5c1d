import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { parse } from 'yaml';
import { invoke } from './support/cli';

let cwd: string;
beforeEach(() => { cwd = mkdtempSync(join(tmpdir(), 'cli-templates-')); });
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const printed = async (...flags: string[]): Promise<Template> => {
  const { stdout } = await invoke(['cfn-template', ...flags], { cwd });
  return Template.fromJSON(parse(stdout, { version: '1.1' }) as Record<string, unknown>);
};

describe('cfn-template', () => {
  test('takes the code of each function from a bucket and a key that are parameters', async () => {
    const template = await printed();

    for (const [name, key] of [['-aggregator', 'AggregatorCodeKey'], ['-limits-provisioner', 'ProvisionerCodeKey']]) {
      template.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: { 'Fn::Join': ['', [{ Ref: 'AWS::StackName' }, name]] }, Code: { S3Bucket: { Ref: 'CodeBucket' }, S3Key: { Ref: key } },
      });
    }
    template.hasParameter('CodeBucket', { Type: 'String', Default: Match.absent() });
    template.hasParameter('AggregatorCodeKey', { Default: 'aggregator-0.1.0.zip' });
  });

  test.each<[parameter: string, type: string, properties: object]>([
    ['SnapshotWindows', 'AWS::Lambda::Function', { Environment: { Variables: { SNAPSHOT_WINDOWS: { Ref: 'SnapshotWindows' } } } }],
    ['SnapshotRetentionDays', 'AWS::Lambda::Function', { Environment: { Variables: { SNAPSHOT_TTL_DAYS: { Ref: 'SnapshotRetentionDays' } } } }],
    ['AuditRetentionDays', 'Custom::ZaeLimiterBootstrap', { AuditRetentionDays: { Ref: 'AuditRetentionDays' } }],
    ['AuditArchiveGlacierTransitionDays', 'AWS::S3::Bucket', {
      LifecycleConfiguration: { Rules: [Match.objectLike({ Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: { Ref: 'AuditArchiveGlacierTransitionDays' } }] })] },
    }],
    ['EnablePITR', 'AWS::DynamoDB::Table', { PointInTimeRecoverySpecification: { 'Fn::If': ['HasPITR', Match.anyValue(), { Ref: 'AWS::NoValue' }] } }],
    ['PITRRecoveryPeriodDays', 'AWS::DynamoDB::Table', {
      PointInTimeRecoverySpecification: { 'Fn::If': Match.arrayWith([{ PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: { Ref: 'PITRRecoveryPeriodDays' } }]) },
    }],
    ['EnableDeletionProtection', 'AWS::DynamoDB::Table', { DeletionProtectionEnabled: { Ref: 'EnableDeletionProtection' } }],
    ['LogRetentionDays', 'AWS::Logs::LogGroup', { RetentionInDays: { Ref: 'LogRetentionDays' } }],
    ['LambdaMemorySize', 'AWS::Lambda::Function', { MemorySize: { Ref: 'LambdaMemorySize' } }],
    ['LambdaTimeout', 'AWS::Lambda::Function', { Timeout: { Ref: 'LambdaTimeout' } }],
    ['LambdaDurationThreshold', 'AWS::CloudWatch::Alarm', { Threshold: { Ref: 'LambdaDurationThreshold' } }],
    ['AlarmSNSTopicArn', 'AWS::CloudWatch::Alarm', { AlarmActions: { 'Fn::If': ['HasAlarmTopic', [{ Ref: 'AlarmSNSTopicArn' }], { Ref: 'AWS::NoValue' }] } }],
    ['PermissionBoundary', 'AWS::IAM::Role', { PermissionsBoundary: { 'Fn::If': ['HasBoundary', { Ref: 'PermissionBoundary' }, { Ref: 'AWS::NoValue' }] } }],
  ])('has the parameter %s, which reaches %s', async (parameter, type, properties) => {
    const template = await printed();

    template.hasParameter(parameter, { Description: Match.anyValue(), Default: Match.anyValue() });
    template.hasResourceProperties(type, properties);
  });

  test('has but the parameters of the code with --no-parameters', async () => {
    const template = await printed('--no-parameters', '--format', 'json');

    expect(Object.keys(template.toJSON().Parameters as object)).toEqual(['CodeBucket', 'AggregatorCodeKey', 'ProvisionerCodeKey']);
    template.hasResourceProperties('AWS::DynamoDB::Table', { PointInTimeRecoverySpecification: Match.absent(), DeletionProtectionEnabled: false });
  });

  test('is the same in YAML and JSON, where YAML 1.1 reads it', async () => {
    expect((await printed()).toJSON()).toEqual((await printed('--format', 'json')).toJSON());
  });

  test('writes a file and says so', async () => {
    const { code, stdout, stderr } = await invoke(['cfn-template', '-o', 'template.yaml'], { cwd });

    expect([code, stdout, stderr]).toEqual([0, '', '✓ Template exported to: template.yaml\n']);
    expect(readFileSync(join(cwd, 'template.yaml'), 'utf8')).toMatch(/^Description: /);
  });

  test('ends as with bad arguments when the file cannot be written', async () => {
    const { code, stderr } = await invoke(['cfn-template', '-o', 'missing/template.yaml'], { cwd });

    expect([code, stderr]).toEqual([2, expect.stringMatching(/missing\/template.yaml cannot be written/)]);
  });
});

describe('lambda-export', () => {
  const sha = (file: string): string => createHash('sha256').update(readFileSync(join(cwd, file))).digest('hex');

  test('writes the aggregator to lambda.zip, the same each time', async () => {
    const { code, stderr } = await invoke(['lambda-export'], { cwd });
    const first = sha('lambda.zip');
    await invoke(['lambda-export', '--force'], { cwd });

    expect([code, stderr]).toEqual([0, expect.stringMatching(/^✓ Exported aggregator to: lambda\.zip \(~\d+\.\d KB\)\n$/)]);
    expect(sha('lambda.zip')).toBe(first);
  });

  test('writes code that Lambda can load: index.js with a handler', async () => {
    await invoke(['lambda-export', '-o', 'code.zip', '--function', 'provisioner'], { cwd });

    const entries = entriesOf(readFileSync(join(cwd, 'code.zip')));
    expect([...entries.keys()]).toEqual(['index.js', 'package.json']);
    expect(entries.get('index.js')).toContain('handler');
  });

  test('replaces no file unless it is told to', async () => {
    writeFileSync(join(cwd, 'lambda.zip'), 'mine');
    const { code, stderr } = await invoke(['lambda-export'], { cwd });

    expect([code, stderr]).toEqual([2, 'Error: lambda.zip is there already\n  pass --force to replace it\n']);
    expect(readFileSync(join(cwd, 'lambda.zip'), 'utf8')).toBe('mine');
  });

  test('writes no function when one of their files is there', async () => {
    writeFileSync(join(cwd, 'provisioner-0.1.0.zip'), 'mine');
    const { code, stderr } = await invoke(['lambda-export', '--function', 'all'], { cwd });

    expect([code, stderr]).toEqual([2, 'Error: provisioner-0.1.0.zip is there already\n  pass --force to replace it\n']);
    expect(readdirSync(cwd)).toEqual(['provisioner-0.1.0.zip']);
  });

  test('writes every function under the name that the template expects', async () => {
    await invoke(['lambda-export', '--function', 'all'], { cwd });

    expect(readdirSync(cwd)).toEqual(['aggregator-0.1.0.zip', 'probe-0.1.0.zip', 'provisioner-0.1.0.zip']);
  });

  test('says what it would write with --info, and writes nothing', async () => {
    const { code, stdout } = await invoke(['lambda-export', '--info'], { cwd });

    expect(code).toBe(0);
    expect(stdout).toMatch(/^Function aggregator\n {2}Path: +\S+aggregator\n {2}Files: +2\n {2}Size: +~\S+ KB\n/);
    expect(stdout).toMatch(/ {2}Handler: +index\.handler\n {2}SHA-256: +[0-9a-f]{16}\n/);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

/** Files of a zip file, by name. */
function entriesOf(zip: Buffer): Map<string, string> {
  const entries = new Map<string, string>();
  const [count, start] = [zip.readUInt16LE(zip.length - 12), zip.readUInt32LE(zip.length - 6)];
  for (let at = start, left = count; left > 0; left -= 1) {
    const [packed, nameLength, local] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28), zip.readUInt32LE(at + 42)];
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    entries.set(zip.toString('utf8', at + 46, at + 46 + nameLength), inflateRawSync(zip.subarray(data, data + packed)).toString());
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}
