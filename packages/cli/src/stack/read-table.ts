import type { TableStatus } from '@zae-limiter/client';
import type { Context } from '../context.js';
import { Connection } from '../table/connection.js';

/** The table of the limiter for a command that changes the stack and not the table. */
export async function readTable(context: Context): Promise<Connection> {
  return new Connection(await context.aws(), { name: context.name, clock: context.io.clock, timeoutMs: context.globals.timeout, mode: 'read' });
}

/** State of the table; why it cannot be told, for one that is gone or that the caller may not describe. */
export async function tableState(context: Context): Promise<TableStatus | Error> {
  try {
    return await (await readTable(context)).admin.status();
  } catch (error) {
    return error as Error;
  }
}
