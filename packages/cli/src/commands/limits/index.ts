import type { Command } from '../../command/command.js';
import { apply } from './apply.js';
import { cfnTemplate } from './cfn-template.js';
import { diff } from './diff.js';
import { history } from './history.js';
import { importLimits } from './import.js';
import { plan } from './plan.js';
import { pull } from './pull.js';
import { rollback } from './rollback.js';
import { validate } from './validate.js';

export const commands: readonly Command[] = [plan, apply, diff, validate, pull, importLimits, history, rollback, cfnTemplate];
