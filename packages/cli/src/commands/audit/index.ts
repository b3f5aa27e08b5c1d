import type { Command } from '../../command/command.js';
import { exportEvents } from './export.js';
import { listEvents } from './list.js';

export const commands: readonly Command[] = [listEvents, exportEvents];
