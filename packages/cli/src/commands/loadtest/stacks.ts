/** How stacks of load generators are named, as those of the Python library. */
export const stackOf = (limiter: string): string => `${limiter}-load`;

/** The limiter that a load generator is for. */
export const limiterOf = (stackName: string): string => stackName.replace(/-load$/, '');
