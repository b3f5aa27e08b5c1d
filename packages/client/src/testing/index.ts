/**
 * Helpers for tests of code that uses a limiter.
 *
 * @packageDocumentation
 */
export { CapacityMeter, type Consumption } from './capacity-meter.js';
export { FakeClock } from './fake-clock.js';
