import type { Command } from '../../command/command.js';
import { down } from './down.js';
import { env } from './env.js';
import { logs } from './logs.js';
import { status } from './status.js';
import { up } from './up.js';

export const commands: readonly Command[] = [up, down, status, env, logs];
