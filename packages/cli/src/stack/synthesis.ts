import { ZaeLimiterStack } from '#construct';
import { App, CliCredentialsStackSynthesizer, Stack, type StackSynthesizer } from 'aws-cdk-lib';
import { invalid } from '../errors.js';
import type { DeployFlags } from './deploy-options.js';
import { limiterProps } from './limiter-props.js';
import { DESCRIPTION } from './ownership.js';

export interface SynthesisOptions {
  readonly name: string;
  readonly flags: DeployFlags;
  /** Whether CloudFormation refuses to delete the stack as it is now. @default as the flags have it */
  readonly isProtected?: boolean;
  /** How the code of the functions gets to AWS. @default through the bucket of `cdk bootstrap`, with the rights of the caller */
  readonly synthesizer?: StackSynthesizer;
}

export type Template = {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>>;
} & Readonly<Record<string, unknown>>;

/** A stack as it would be deployed. */
export interface Synthesis {
  /** Folder of the cloud assembly. */
  readonly directory: string;
  readonly template: Template;
  /** Whether the flags have CloudFormation refuse to delete the stack. */
  readonly protects: boolean;
  /** Whether a function prepares the table while the stack is deployed. */
  readonly preparesTable: boolean;
  /** What the construct says about the flags. */
  readonly warnings: readonly string[];
}

/**
 * Synthesises the stack of one limiter, in this process.
 *
 * The assembly leaves the protection of the stack as it is: the CDK's toolkit would change it together with the change set, before
 * anybody has agreed.
 *
 * @throws {CliError} the construct refuses the flags
 */
export function synthesise({ name, flags, isProtected, synthesizer }: SynthesisOptions): Synthesis {
  // Nothing of this machine's folder or context counts.
  const app = new App({ analyticsReporting: false, treeMetadata: false });
  const imports = new Stack(app, 'Imports'); // what exists already is imported into a stack that is thrown away
  const stack = refusedAsInvalid(() => new ZaeLimiterStack(app, name, {
    description: DESCRIPTION, limiter: limiterProps(imports, name, flags), synthesizer: synthesizer ?? new CliCredentialsStackSynthesizer(),
  }));
  const protects = stack.terminationProtection;
  stack.terminationProtection = isProtected ?? protects;
  app.node.tryRemoveChild(imports.node.id);
  const assembly = refusedAsInvalid(() => app.synth());
  const artifact = assembly.getStackByName(name);
  return {
    directory: assembly.directory,
    template: artifact.template as Template,
    protects,
    preparesTable: stack.limiter.bootstrap !== undefined,
    warnings: artifact.messages.filter(({ level }) => level === 'warning').map(({ entry }) => String(entry.data).replace(/ \[ack: .*\]$/, '')),
  };
}

/** The construct's own checks end the command as bad arguments do. */
function refusedAsInvalid<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    if ((error as Error).name === 'ValidationError') throw invalid((error as Error).message);
    throw error;
  }
}

