/** Runs of a property: few while mutation testing repeats every test thousands of times. */
export const runs = (count: number): number => (process.env.TEST_STORE === 'memory' ? Math.ceil(count / 50) : count);
