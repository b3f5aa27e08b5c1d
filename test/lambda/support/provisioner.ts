import { MemoryStore, Registry, type Clock, type Store } from '@zae-limiter/client';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { FakeClock } from '@zae-limiter/client/testing';
import type { CfnAnswer } from '../../../lambda-src/provisioner/cfn-response';
import { carryOutCommand } from '../../../lambda-src/provisioner/command';
import { customResource } from '../../../lambda-src/provisioner/custom-resource';
import type { Tools } from '../../../lambda-src/provisioner/tools';
import { cfnEvent } from './cloudformation';

/** A provisioner and its table in memory, with the namespaces `default` and `other`. */
export interface TestProvisioner {
  readonly store: Store;
  readonly clock: FakeClock;
  /** Ids of the namespaces, by name. */
  readonly ids: Readonly<Record<'default' | 'other', string>>;
  /** Files of S3, by `bucket/key`. */
  readonly files: Map<string, string>;
  /** Sends a request for `Custom::ZaeLimiterLimits`, or another type. */
  request(type: CloudFormationCustomResourceEvent['RequestType'], properties?: object, differences?: object): Promise<CfnAnswer>;
  /** Sends a command. */
  command(command: unknown): Promise<Record<string, unknown>>;
}

export const STACK = 'arn:aws:cloudformation:us-east-1:123456789012:stack/limiter/guid';
/** Owner of what a request of the tests manages. */
export const OWNER = `${STACK}|Limits`;

/** @param wrap puts something between the provisioner and its table */
export async function testProvisioner(wrap: (store: MemoryStore) => Store = (store) => store): Promise<TestProvisioner> {
  const memory = new MemoryStore('some-table');
  const clock = new FakeClock();
  const registry = new Registry(memory, clock);
  const ids = { default: await registry.registerNamespace('default'), other: await registry.registerNamespace('other') };
  const files = new Map<string, string>();
  const tools = toolsOf(wrap(memory), clock, files);
  return {
    store: memory, clock, ids, files,
    request: (type, properties = {}, differences = {}) => customResource(limitsEvent(type, properties, {
      ...(type !== 'Create' && { PhysicalResourceId: `some-table/${ids.default}/limits-provisioner` }), ...differences,
    }), tools),
    command: (command) => carryOutCommand(command, tools),
  };
}

/** Tools whose S3 is a map. */
export function toolsOf(store: Store, clock: Clock, files: ReadonlyMap<string, string> = new Map()): Tools {
  return {
    store, clock,
    readObject: async (bucket, key) => {
      const file = files.get(`${bucket}/${key}`);
      if (file === undefined) throw Object.assign(new Error('Access Denied'), { name: 'AccessDenied' });
      return Buffer.from(file, 'latin1');
    },
  };
}

/** A request for `Custom::ZaeLimiterLimits`. */
export function limitsEvent(type: CloudFormationCustomResourceEvent['RequestType'], properties: object, differences: object = {}): CloudFormationCustomResourceEvent {
  return cfnEvent(type, {
    ResourceType: 'Custom::ZaeLimiterLimits', LogicalResourceId: 'Limits', StackId: STACK,
    ResourceProperties: { ServiceToken: 'arn', TableName: 'some-table', ...properties }, ...differences,
  });
}

/** Limits as properties of a custom resource, where numbers are text. */
export const rpm = (capacity: number): object => ({ Limits: { rpm: { Capacity: String(capacity) } } });
