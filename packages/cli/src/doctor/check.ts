import type { DescribeTableCommandOutput } from '@aws-sdk/client-dynamodb';
import type { AwsClients } from '../aws/clients.js';
import type { Context } from '../context.js';

/** `unchecked`: it could not be found out; `skipped`: it means nothing here. */
export type Status = 'ok' | 'warning' | 'failed' | 'unchecked' | 'skipped';

export interface Finding {
  readonly status: Status;
  readonly detail: string;
  /** What to do; for everything that is not well. */
  readonly fix?: string;
}

/** What checks look at. Each call is made once, however many ask for it. */
export interface Subject {
  readonly context: Context;
  readonly clients: AwsClients;
  readonly table: () => Promise<NonNullable<DescribeTableCommandOutput['Table']>>;
  /** ARN of who asks. */
  readonly caller: () => Promise<string>;
}

export interface Check {
  readonly name: string;
  /** What to do when the check cannot be made. */
  readonly needs: string;
  /** True for what a server of this machine does not have. */
  readonly awsOnly: boolean;
  /** What to do when it cannot be made, and the limiter cannot be used for the same reason; undefined when it may be well nevertheless. */
  readonly vital?: string;
  readonly look: (subject: Subject) => Promise<Finding>;
}

export const ok = (detail: string): Finding => ({ status: 'ok', detail });
export const warning = (detail: string, fix: string): Finding => ({ status: 'warning', detail, fix });
export const failed = (detail: string, fix: string): Finding => ({ status: 'failed', detail, fix });

/** Makes a check. Whatever happens to it, the others go on. */
export async function examine({ name, needs, awsOnly, vital, look }: Check, subject: Subject): Promise<Finding & { readonly check: string }> {
  try {
    return { check: name, ...await look(subject) };
  } catch (error) {
    const { name: kind, message, code = kind } = error as NodeJS.ErrnoException;
    const detail = `could not be checked: ${message || code}`;
    if (awsOnly && subject.clients.local) return { check: name, status: 'skipped', detail: 'a server of this machine does not have it' };
    if (!awsOnly && /NotFound/.test(kind)) return { check: name, status: 'failed', detail: message, fix: needs };
    if (vital !== undefined && !isDenial(kind)) return { check: name, status: 'failed', detail, fix: vital };
    return { check: name, status: 'unchecked', detail, fix: needs };
  }
}

/** Who may not look can still have a limiter that works. */
const isDenial = (kind: string): boolean => /^(AccessDenied(Exception)?|UnauthorizedOperation)$/.test(kind);
