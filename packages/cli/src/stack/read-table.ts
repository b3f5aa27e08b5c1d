import type { TableStatus } from '@zae-limiter/client';
import type { Context } from '../context.js';
import { Connection } from '../table/connection.js';

/** The table of the limiter for a command that changes the stack and not the table. */
export async function readTable(context: Context): Promise<Connection> {
  return new Connection(await context.aws(), { name: context.name, clock: context.io.clock, timeoutMs: context.globals.timeout, mode: 'read' });
}

/** State of the table; what is wrong with it, as text, when it does not tell. */
export async function tableState(context: Context): Promise<TableStatus | string> {
  try {
    return await (await readTable(context)).admin.status();
  } catch (error) {
    return (error as Error).message;
  }
}
