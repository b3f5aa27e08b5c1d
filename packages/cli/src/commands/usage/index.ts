import type { Command } from '../../command/command.js';
import { listUsage } from './list.js';
import { summarizeUsage } from './summary.js';

export const commands: readonly Command[] = [listUsage, summarizeUsage];
